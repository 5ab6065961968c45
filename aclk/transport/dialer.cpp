// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/transport/dialer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "aclk/transport/curl_easy.h"

namespace aclk::transport {
namespace {

// Sent data that nobody acknowledges for so long ends the connection: the same 60 s after which a silent server is
// given up (protocol.md 15), instead of the quarter of an hour of the kernel's retransmissions.
constexpr unsigned kUserTimeoutMs = 60'000;

std::string peer_of(int fd) {
  sockaddr_storage a{};
  socklen_t len = sizeof a;
  if (::getpeername(fd, reinterpret_cast<sockaddr *>(&a), &len) != 0) return "unknown address";
  std::array<char, INET6_ADDRSTRLEN> ip{};
  if (a.ss_family == AF_INET6) {
    const auto *const v6 = reinterpret_cast<const sockaddr_in6 *>(&a);
    ::inet_ntop(AF_INET6, &v6->sin6_addr, ip.data(), ip.size());
    return host_port(ip.data(), ntohs(v6->sin6_port));
  }
  const auto *const v4 = reinterpret_cast<const sockaddr_in *>(&a);
  ::inet_ntop(AF_INET, &v4->sin_addr, ip.data(), ip.size());
  return host_port(ip.data(), ntohs(v4->sin_port));
}

// Nothing that has a meaning in a URL: the host would become another one, or a part of it a user name.
bool is_plain_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c >= 0x80;
  });
}

bool prepare(int fd) {
  const int on = 1;
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
         ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
         ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof kUserTimeoutMs) == 0;
}

}  // namespace

struct Dialer::Impl {
  struct Call {
    std::string target;
    claim::Proxy proxy;
    std::chrono::milliseconds timeout;
    CurlEasy easy;
    std::function<void(Reached<Dialed>)> done;

    [[nodiscard]] Reached<Dialed> outcome(CURLcode code, Fd socket) const;
  };

  CurlMulti &multi;
  std::unique_ptr<Call> call;

  void cancel() {
    if (call) multi.remove(call->easy.get());
    call.reset();
  }
};

Reached<Dialed> Dialer::Impl::Call::outcome(CURLcode code, Fd socket) const {
  if (code != CURLE_OK) {
    if (auto e = connect_error(easy, code, {target, proxy, timeout, false}))
      return tl::unexpected<Fault>(std::move(*e));
    if (code == CURLE_URL_MALFORMAT && !easy.refused())
      return unreached(Errc::dns, fmt::format("{}: not a host name; check the URL", target), Cause::dns);
    const bool memory = code == CURLE_OUT_OF_MEMORY || easy.refused();
    return unreached(Errc::tcp,
                     fmt::format("{}: no connection: {}", where(target, easy.tried(), proxy), easy.trouble(code)),
                     memory ? Cause::no_memory : Cause::other);
  }
  if (!socket || !prepare(socket.get()))
    return unreached(
        Errc::tcp,
        fmt::format("{}: connected, but the socket cannot be used: {}; look at this machine's limits on open "
                    "files",
                    target, std::generic_category().message(errno)),
        Cause::no_socket);
  auto address = peer_of(socket.get());
  return Dialed{std::move(socket), std::move(address)};
}

Dialer::Dialer(CurlMulti &multi) : impl_(new Impl{multi, nullptr}) {}

Dialer::~Dialer() { impl_->cancel(); }

void Dialer::cancel() { impl_->cancel(); }

void Dialer::dial(const std::string &host, std::uint16_t port, const claim::Proxy &proxy,
                  std::chrono::milliseconds timeout, std::function<void(Reached<Dialed>)> done) {
  impl_->cancel();
  impl_->call = std::make_unique<Impl::Call>();
  auto &c = *impl_->call;
  c.target = host_port(host, port);
  c.proxy = proxy;
  c.timeout = timeout;
  c.done = std::move(done);
  // Without a URL libcurl ends the transfer at once, in its time.
  if (is_plain_host(host)) c.easy.set(CURLOPT_URL, ("http://" + c.target).c_str());
  c.easy.set(CURLOPT_PROTOCOLS_STR, "http");
  c.easy.set(CURLOPT_CONNECT_ONLY, 1L);
  c.easy.set_proxy(proxy);
  c.easy.set_timeouts(timeout, timeout);
  impl_->multi.connect(c.easy.get(), [i = impl_.get()](CURLcode code, Fd socket) {
    const auto call = std::exchange(i->call, nullptr);
    call->done(call->outcome(code, std::move(socket)));  // may destroy the Dialer
  });
}

}  // namespace aclk::transport
