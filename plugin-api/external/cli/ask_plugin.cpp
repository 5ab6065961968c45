// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/cli/ask_plugin.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/ini.h"
#include "plugin-api/external/cli/why_silent.h"
#include "plugin-api/external/socket_path.h"

namespace aclk::cli {
namespace fs = std::filesystem;
namespace {

constexpr timeval kPatience{5, 0};  // per read; the plugin answers within 2 s
constexpr std::size_t kMaxAnswer = 64U << 20;

std::string environment(const char *name) {
  const char *const v = std::getenv(name);
  return v == nullptr ? "" : v;
}

std::optional<std::string> netdata_conf(const Directories &d, const char *section, const char *key) {
  const auto text = read_file(d.config / "netdata.conf", 4U << 20);
  return text ? claim::ini_value(*text, section, key) : std::nullopt;
}

std::vector<fs::path> places(const Where &where, const Directories &d) {
  if (!where.socket.empty()) return {fs::absolute(where.socket)};
  return external::socket_places(netdata_conf(d, "plugin:aclk", "socket").value_or(""), environment("NETDATA_RUN_DIR"),
                                 d.lib);
}

Result<Fd> connect_to(const fs::path &path) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof a.sun_path)
    return fail(Errc::not_found, fmt::format("{}: the path is too long for a socket", path.native()));
  std::memcpy(a.sun_path, path.c_str(), path.native().size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr *>(&a), sizeof a) == 0) return fd;
  const auto why = fmt::format("{}: {}", path.native(), std::system_category().message(errno));
  return fail(errno == EACCES || errno == EPERM ? Errc::denied : Errc::not_found, why);
}

Result<PluginAnswer> converse(const Fd &fd, std::string_view method, std::string_view target) {
  const auto request = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", method, target);
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return fail(Errc::io, "the plugin does not take the question: " + std::system_category().message(errno));
  std::string in;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return fail(Errc::timeout, "the plugin does not answer within 5 s");
    if (n <= 0) break;
    in.append(buffer.data(), static_cast<std::size_t>(n));
    if (in.size() > kMaxAnswer) break;
  }
  PluginAnswer a;
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const auto body = in.find("\r\n\r\n");
  if (!in.starts_with(kVersion) || body == std::string::npos)
    return fail(Errc::io, "the answer is not one of aclk.plugin");
  std::from_chars(in.data() + kVersion.size(), in.data() + in.size(), a.status);
  a.body = in.substr(body + 4);
  return a;
}

// Is there a process of this name? With a library directory: one that an agent of it has started, as far as we may see.
bool runs(std::string_view name, const fs::path &lib) {
  std::error_code ignored;
  for (const auto &entry : fs::directory_iterator("/proc", ignored)) {
    const auto pid = entry.path().filename().native();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto comm = read_file(entry.path() / "comm", 64);
    if (!comm || claim::trimmed(*comm) != name) continue;
    if (lib.empty()) return true;
    const auto env = read_file(entry.path() / "environ", 1U << 20);
    const auto wanted = "NETDATA_LIB_DIR=" + lib.native();
    if (!env || (std::string(1, '\0') + *env).find(std::string(1, '\0') + wanted + '\0') != std::string::npos)
      return true;
  }
  return false;
}

std::string installed() {
  std::vector<fs::path> dirs{"/usr/lib/netdata/plugins.d", "/usr/libexec/netdata/plugins.d",
                             "/etc/netdata/custom-plugins.d"};
  for (const char *name : {"NETDATA_PLUGINS_DIR", "NETDATA_USER_PLUGINS_DIRS"})
    if (const auto dir = environment(name); !dir.empty()) dirs.insert(dirs.begin(), dir);
  std::error_code ignored;
  for (const auto &d : dirs)
    if (fs::exists(d / "aclk.plugin", ignored)) return (d / "aclk.plugin").native();
  return {};
}

}  // namespace

void add_where_options(CLI::App &command, Where &where) {
  command
      .add_option("--socket", where.socket,
                  "The plugin's local socket (default: as aclk.plugin chooses it, see aclk.plugin(1))")
      ->type_name("PATH");
  add_cloud_dir_option(command, where.cloud_dir);
}

Result<PluginAnswer> ask_plugin(const Where &where, std::string_view method, std::string_view target) {
  const auto d = directories(where.cloud_dir);
  Error error{Errc::not_found, "there is no socket: netdata.conf has socket = no in [plugin:aclk]"};
  for (const auto &place : places(where, d)) {
    auto fd = connect_to(place);
    if (fd) return converse(*fd, method, target);
    if (error.code != Errc::denied) error = fd.error();
  }
  return tl::unexpected<Error>(error);
}

Offline look_at_files(const Where &where) {
  const auto d = directories(where.cloud_dir);
  Offline o;
  o.identity = claim::load_identity(d.cloud);
  Surroundings s;
  s.standing = o.identity.standing;
  s.identity_why = o.identity.why;
  s.plugin_file = installed();
  s.plugin_runs = runs("aclk.plugin", d.lib);
  s.agent_runs = runs("netdata", {});
  s.off_in_netdata_conf = !claim::ini_bool(netdata_conf(d, "plugins", "aclk").value_or("yes")).value_or(true);
  const auto socket = netdata_conf(d, "plugin:aclk", "socket").value_or("");
  s.no_socket = socket == "no" || socket == "none";
  o.why = why_silent(s);
  return o;
}

int no_answer(const Where &where, const Error &error) {
  if (error.code == Errc::not_found) {
    fmt::print(stderr, "netdata-aclk: {}.\n", look_at_files(where).why);
    return static_cast<int>(Seen::not_running);
  }
  if (error.code == Errc::denied)
    fmt::print(stderr, "netdata-aclk: {}: only root and the agent's group may ask the plugin; try sudo.\n", error.what);
  else
    fmt::print(stderr, "netdata-aclk: {}.\n", error.what);
  return static_cast<int>(Seen::no_answer);
}

}  // namespace aclk::cli
