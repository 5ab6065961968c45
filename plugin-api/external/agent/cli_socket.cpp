// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/cli_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "claim/base/c_own.h"
#include "plugin-api/external/agent/peer_owner.h"

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMaxAnswer = 64U << 10;

tl::unexpected<Error> failed(const std::filesystem::path &socket, const char *what) {
  return fail(Errc::unavailable, fmt::format("the agent's command socket {}: {}", socket.string(), what));
}

bool wait_for(int fd, short events, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0) return false;
  pollfd p{fd, events, 0};
  return ::poll(&p, 1, static_cast<int>(std::min<long long>(left, 60'000))) > 0;
}

}  // namespace

Result<std::string> parse_cli_answer(std::string_view bytes) {
  const auto nul = bytes.find('\0');
  if (bytes.empty() || bytes.front() != 'X' || nul == std::string_view::npos || nul + 1 >= bytes.size())
    return fail(Errc::parse, "the agent's command socket sent something that is not an answer");
  auto text = bytes.substr(nul + 2);
  while (!text.empty() && (text.back() == '\0' || text.back() == '\n')) text.remove_suffix(1);
  if (bytes.substr(1, nul - 1) != "0" || bytes[nul + 1] != 'O')
    return fail(Errc::unsupported, fmt::format("the agent refused the command: {}", text.substr(0, 200)));
  return std::string(text);
}

std::vector<std::filesystem::path> cli_sockets(const Environment &env, const Getenv &getenv) {
  std::vector<std::filesystem::path> out;
  const auto add = [&](const std::filesystem::path &p) {
    if (std::find(out.begin(), out.end(), p) == out.end()) out.push_back(p);
  };
  // Newer agents tell where it is, or the directory that it is in.
  if (!env.pipe_name.empty()) add(env.pipe_name);
  if (!env.run.empty()) add(env.run / "netdata.pipe");
  if (const auto tmp = getenv("TMPDIR"); tmp && !tmp->empty()) add(std::filesystem::path(*tmp) / "netdata-ipc");
  add("/tmp/netdata-ipc");
  return out;
}

Result<std::string> cli_read_config(const std::filesystem::path &socket, std::string_view section, std::string_view key,
                                    std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= sizeof address.sun_path) return failed(socket, "the path is too long");
  std::memcpy(address.sun_path, socket.c_str(), socket.native().size());
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    return failed(socket, std::strerror(errno));

  if (const auto owners = unix_owner(fd.get()); judge(owners, ::geteuid()) == Owner::stranger)
    return fail(Errc::denied, fmt::format("the agent's command socket {} {}; it is not asked", socket.string(),
                                          describe_stranger(owners, ::geteuid())));

  const auto command = fmt::format("read-config netdata|{}|{}", section, key);
  if (::send(fd.get(), command.data(), command.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(command.size()))
    return failed(socket, "cannot write the command");
  ::shutdown(fd.get(), SHUT_WR);

  std::string answer;
  std::array<char, 4096> buf{};
  while (answer.size() <= kMaxAnswer) {
    if (!wait_for(fd.get(), POLLIN, deadline)) return failed(socket, "no answer in time");
    const auto n = ::recv(fd.get(), buf.data(), buf.size(), 0);
    if (n == 0) return parse_cli_answer(answer);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return failed(socket, std::strerror(errno));
    if (n > 0) answer.append(buf.data(), static_cast<std::size_t>(n));
  }
  return failed(socket, "the answer is too long");
}

}  // namespace aclk::external
