// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/peer_owner.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "claim/base/files.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxTable = 64U << 20;  // 400 000 connections
constexpr std::string_view kListen = "0A";
constexpr std::string_view kAnyV4 = "00000000";
constexpr std::string_view kAnyV6 = "00000000000000000000000000000000";

// An address as the kernel prints it: words of 32 bits, each in the machine's byte order.
std::string words_of(const unsigned char *bytes, std::size_t n) {
  std::string out;
  for (std::size_t at = 0; at < n; at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes + at, sizeof word);
    out += fmt::format("{:08X}", word);
  }
  return out;
}

struct Printed {
  std::string v4;  // empty for an IPv6 address
  std::string v6;  // of an IPv4 address: as IPv6 sockets have it, ::ffff:a.b.c.d
};

std::optional<Printed> printed(const std::string &ip) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, ip.c_str(), bytes.data()) == 1) {
    Printed p;
    p.v4 = words_of(bytes.data(), 4);
    std::copy_n(bytes.begin(), 4, bytes.begin() + 12);
    std::fill_n(bytes.begin(), 10, static_cast<unsigned char>(0));
    bytes[10] = bytes[11] = 0xff;
    p.v6 = words_of(bytes.data(), bytes.size());
    return p;
  }
  if (::inet_pton(AF_INET6, ip.c_str(), bytes.data()) != 1) return std::nullopt;
  Printed p;
  p.v6 = words_of(bytes.data(), bytes.size());
  return p;
}

struct Row {
  std::string_view local_ip;
  std::string_view local_port;
  std::string_view remote;
  std::string_view state;
  uid_t uid = 0;
  bool has_process = false;  // an inode: not just the kernel's remainder of a socket, nor one not yet accepted
};

std::string_view next_column(std::string_view &line) {
  const auto first = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(first);
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

std::optional<Row> parse_row(std::string_view line) {
  constexpr std::size_t kLocal = 1;
  constexpr std::size_t kRemote = 2;
  constexpr std::size_t kState = 3;
  constexpr std::size_t kUid = 7;
  constexpr std::size_t kInode = 9;
  std::array<std::string_view, kInode + 1> words;
  for (auto &w : words) w = next_column(line);
  const auto colon = words[kLocal].find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Row row;
  row.local_ip = words[kLocal].substr(0, colon);
  row.local_port = words[kLocal].substr(colon + 1);
  row.remote = words[kRemote];
  row.state = words[kState];
  const auto uid = words[kUid];
  const auto r = std::from_chars(uid.data(), uid.data() + uid.size(), row.uid);
  if (uid.empty() || r.ec != std::errc{} || r.ptr != uid.data() + uid.size()) return std::nullopt;
  row.has_process = !words[kInode].empty() && words[kInode] != "0";
  return row;
}

template <typename Visit>
void visit_rows(std::string_view table, const Visit &visit) {
  while (!table.empty()) {
    const auto end = table.find('\n');
    if (const auto row = parse_row(table.substr(0, end))) visit(*row);
    table.remove_prefix(end == std::string_view::npos ? table.size() : end + 1);
  }
}

std::string port_text(std::uint16_t port) { return fmt::format("{:04X}", port); }

}  // namespace

Owner judge(const std::vector<uid_t> &owners, uid_t self) {
  if (owners.empty()) return Owner::unknown;
  const auto is_ours = [self](uid_t uid) { return uid == 0 || uid == self; };
  return std::all_of(owners.begin(), owners.end(), is_ours) ? Owner::ours : Owner::stranger;
}

std::vector<uid_t> unix_owner(int fd) {
  ucred peer{};
  socklen_t n = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0 || n != sizeof peer) return {};
  return {peer.uid};
}

TcpTables read_tcp_tables() {
  return {read_file("/proc/net/tcp", kMaxTable).value_or(""), read_file("/proc/net/tcp6", kMaxTable).value_or("")};
}

std::vector<uid_t> listener_owners(const TcpTables &tables, const TcpEnds &ends) {
  const auto ip = printed(ends.server_ip);
  if (!ip) return {};
  const auto port = port_text(ends.server_port);
  // The kernel gives a connection to the closest: the very address, any IPv4, any IPv6.
  std::array<std::vector<uid_t>, 3> found;
  const auto look = [&](std::string_view table, std::string_view exact, std::string_view any, std::size_t any_at) {
    visit_rows(table, [&](const Row &row) {
      if (row.state != kListen || row.local_port != port) return;
      if (row.local_ip == exact) found[0].push_back(row.uid);
      if (row.local_ip == any) found[any_at].push_back(row.uid);
    });
  };
  if (!ip->v4.empty()) look(tables.v4, ip->v4, kAnyV4, 1);
  look(tables.v6, ip->v6, kAnyV6, 2);
  for (auto &owners : found)
    if (!owners.empty()) return owners;
  return {};
}

std::vector<uid_t> accepted_owners(const TcpTables &tables, const TcpEnds &ends) {
  const auto server = printed(ends.server_ip);
  const auto own = printed(ends.own_ip);
  if (!server || !own) return {};
  const auto port = port_text(ends.server_port);
  const auto own_port = port_text(ends.own_port);
  std::vector<uid_t> out;
  const auto look = [&](std::string_view table, const std::string &local, const std::string &remote) {
    visit_rows(table, [&](const Row &row) {
      if (row.has_process && row.state != kListen && row.local_port == port && row.local_ip == local &&
          row.remote == remote + ":" + own_port)
        out.push_back(row.uid);
    });
  };
  if (!server->v4.empty() && !own->v4.empty()) look(tables.v4, server->v4, own->v4);
  look(tables.v6, server->v6, own->v6);
  return out;
}

std::string describe_stranger(const std::vector<uid_t> &owners, uid_t self) {
  const auto stranger = std::find_if(owners.begin(), owners.end(), [&](uid_t u) { return u != 0 && u != self; });
  return fmt::format("belongs to user id {}, not to root or the agent's user ({})",
                     stranger == owners.end() ? 0 : *stranger, self);
}

}  // namespace aclk::external
