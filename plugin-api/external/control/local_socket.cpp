// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/local_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "aclk/loop/loop.h"
#include "claim/base/text.h"

namespace aclk::external {
using namespace std::chrono_literals;
namespace {

constexpr std::size_t kMaxMethod = 16;

LocalRequest refuse(int status) { return {status, {}, {}, {}}; }

bool is_method(std::string_view m) {
  return !m.empty() && m.size() <= kMaxMethod && std::ranges::all_of(m, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_target(std::string_view t) {
  return t.starts_with('/') && std::ranges::all_of(t, [](char c) { return c > ' ' && c < 0x7f; });
}

// What the header lines say of the body. A status, or 0 with its length.
int body_length(std::string_view lines, std::size_t &length) {
  std::optional<std::size_t> seen;
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(std::min(lines.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return 400;
    const auto name = line.substr(0, colon);
    if (name.find_first_of(" \t") != std::string_view::npos) return 400;
    if (iequals(name, "transfer-encoding")) return 501;
    if (!iequals(name, "content-length")) continue;
    const auto value = trimmed(line.substr(colon + 1), kBlanks);
    std::size_t n = 0;
    const auto r = std::from_chars(value.data(), value.data() + value.size(), n);
    if (r.ec == std::errc::result_out_of_range) return 413;
    if (r.ec != std::errc{} || r.ptr != value.data() + value.size() || (seen && *seen != n)) return 400;
    seen = n;
  }
  length = seen.value_or(0);
  return 0;
}

const char *phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return status < 400 ? "Reply" : "Error";
  }
}

constexpr std::size_t kMaxClients = 16;  // more wait in the backlog
constexpr auto kClientTimeout = 5s;      // from accept to the last byte
constexpr auto kRest = 200ms;            // without descriptors the listener stays readable: rather late than busy

}  // namespace

LocalRequest parse_local_request(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return refuse(bytes.size() >= kMaxLocalRequest ? 413 : 0);
  const auto body_at = end + 4;
  if (body_at > kMaxLocalRequest) return refuse(413);
  const auto first = bytes.substr(0, bytes.find("\r\n"));
  const auto space = first.find(' ');
  const auto last = first.rfind(' ');
  if (space == std::string_view::npos || space == last) return refuse(400);
  const auto method = first.substr(0, space);
  const auto target = first.substr(space + 1, last - space - 1);
  const auto version = first.substr(last + 1);
  if (!is_method(method) || !is_target(target)) return refuse(400);
  if (!version.starts_with("HTTP/")) return refuse(400);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505);
  std::size_t length = 0;
  const auto lines = first.size() == end ? std::string_view{} : bytes.substr(first.size() + 2, end - first.size() - 2);
  if (const int status = body_length(lines, length); status != 0) return refuse(status);
  if (length > kMaxLocalRequest - body_at) return refuse(413);
  if (bytes.size() - body_at < length) return refuse(0);
  const auto mark = target.find('?');
  LocalRequest r;
  r.status = 200;
  r.method = method;
  r.path = target.substr(0, mark);
  if (mark != std::string_view::npos) r.query = target.substr(mark + 1);
  return r;
}

std::string local_response(const HttpResponse &r) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nServer: aclk.plugin\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-cache, "
      "no-store, must-revalidate\r\nConnection: close\r\n\r\n{}",
      r.status, phrase(r.status), r.content_type, r.body.size(), r.body);
}

HttpResponse local_error(int status, std::string_view sentence) {
  nlohmann::json j;
  j["error"] = sentence;
  return json_response(status, j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void LocalClients::wait_for(std::vector<pollfd> &fds, int listener) {
  first_ = fds.size();
  const bool room = clients_.size() < kMaxClients && Clock::now() >= rests_until_;
  fds.push_back({room ? listener : -1, POLLIN, 0});
  for (const auto &c : clients_) fds.push_back({c.fd.get(), static_cast<short>(c.out.empty() ? POLLIN : POLLOUT), 0});
}

void LocalClients::take(const std::vector<pollfd> &fds) {
  const auto now = Clock::now();
  std::vector<Client> still;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    auto &c = clients_[i];
    if (go_on(c, fds[first_ + 1 + i].revents) && now < c.until) still.push_back(std::move(c));
  }
  clients_ = std::move(still);
  if (fds[first_].revents != 0) accept(fds[first_].fd);
}

LocalClients::Clock::time_point LocalClients::next() const {
  auto until = rests_until_ > Clock::now() ? rests_until_ : Clock::time_point::max();
  for (const auto &c : clients_) until = std::min(until, c.until);
  return until;
}

void LocalClients::accept(int listener) {
  Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd)
    clients_.push_back({std::move(fd), {}, {}, 0, Clock::now() + kClientTimeout});
  else if (errno == EMFILE || errno == ENFILE)  // else another process was faster
    rests_until_ = Clock::now() + kRest;
}

bool LocalClients::go_on(Client &c, short events) {
  if (events == 0) return true;
  if (c.out.empty()) {
    std::array<char, 4096> buffer{};
    const auto n = ::recv(c.fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    c.in.append(buffer.data(), static_cast<std::size_t>(n));
    const auto request = parse_local_request(c.in);
    if (request.status == 0) return true;
    if (request.status == 200) {
      c.out = local_response(serve_(request));
      c.until = Clock::now() + kClientTimeout;  // what serve() took is not the client's fault
    } else {
      c.out = local_response(local_error(request.status, "This is no request that is understood here."));
    }
  }
  const auto n = ::send(c.fd.get(), c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  c.sent += static_cast<std::size_t>(n);
  return c.sent < c.out.size();
}

std::vector<std::filesystem::path> socket_places(std::string_view setting, const std::filesystem::path &run_dir,
                                                 const std::filesystem::path &lib_dir) {
  constexpr const char *kName = "aclk.sock";
  if (setting == "no" || setting == "none") return {};
  if (setting.starts_with('/')) return {std::filesystem::path(setting)};
  std::vector<std::filesystem::path> places;
  if (!run_dir.empty()) places.push_back(run_dir / kName);
  if (run_dir.empty() && lib_dir.lexically_normal() == "/var/lib/netdata")
    places.push_back(std::filesystem::path("/run/netdata") / kName);
  places.push_back(lib_dir / kName);
  places.push_back(lib_dir / "cloud.d" / kName);  // of a container this may be all that can be written
  return places;
}

Result<std::unique_ptr<LocalSocket>> LocalSocket::start(int listener, Serve serve) {
  try {
    return std::unique_ptr<LocalSocket>(new LocalSocket(listener, std::move(serve)));
  } catch (const std::system_error &e) {
    return fail(Errc::io, e.what());
  }
}

LocalSocket::LocalSocket(int listener, Serve serve)
    : listener_(listener), clients_(std::move(serve)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread([this] { run(); });
}

LocalSocket::~LocalSocket() {
  ending_.store(true);
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void LocalSocket::run() {
  loop::begin_own_thread("ACLK_SOCKET");
  std::vector<pollfd> fds;
  while (!ending_.load()) {
    fds.assign({{wake_.get(), POLLIN, 0}});
    clients_.wait_for(fds, listener_);
    const auto until = clients_.next();
    const auto left =
        until == LocalClients::Clock::time_point::max()
            ? -1
            : std::max<long long>(
                  std::chrono::ceil<std::chrono::milliseconds>(until - LocalClients::Clock::now()).count(), 0);
    (void)::poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ending_.load()) return;
    clients_.take(fds);
  }
}

}  // namespace aclk::external
