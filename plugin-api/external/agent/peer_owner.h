// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whose process is at the other end of a connection within this machine? The agent's machine GUID is public and so are
// its well-known names (/tmp/netdata-ipc, port 19999): another user who takes them first could answer in its place. So
// only a server of root or of this process's own user is believed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::external {

enum class Owner : std::uint8_t {
  ours,      // root, or the user of this process
  stranger,  // another user
  unknown,   // the kernel does not know, as for a server on another machine
};

// One stranger among several makes all strangers; none at all is unknown.
[[nodiscard]] Owner judge(const std::vector<uid_t> &owners, uid_t self);

// The user who listens at the other end of a connected unix socket.
[[nodiscard]] std::vector<uid_t> unix_owner(int fd);

struct TcpEnds {
  std::string server_ip;  // an address, IPv4 or IPv6, without a scope
  std::uint16_t server_port = 0;
  std::string own_ip;
  std::uint16_t own_port = 0;
};
// /proc/net/tcp and /proc/net/tcp6.
struct TcpTables {
  std::string v4;
  std::string v6;
};
[[nodiscard]] TcpTables read_tcp_tables();

// Who listens at the server's end: the sockets bound to its very address, else those to any address. Pure.
[[nodiscard]] std::vector<uid_t> listener_owners(const TcpTables &tables, const TcpEnds &ends);
// Who has accepted this very connection: nobody yet, or nobody any more, gives none. Pure.
[[nodiscard]] std::vector<uid_t> accepted_owners(const TcpTables &tables, const TcpEnds &ends);

// "belongs to user id 65534, not to root or the agent's user (0)", for messages.
[[nodiscard]] std::string describe_stranger(const std::vector<uid_t> &owners, uid_t self);

}  // namespace aclk::external
