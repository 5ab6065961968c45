// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/dialer.h"

#include <fcntl.h>
#include <fmt/format.h>
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

#include "aclk/net/curl_easy.h"
#include "aclk/net/curl_tls.h"
#include "aclk/net/reach_memory.h"

namespace aclk::net {
namespace {

// Sent data that nobody acknowledges for so long ends the connection: the same 60 s after which a silent server is
// given up (aclk/session/README.md, "Timers and limits"), instead of the quarter of an hour of the kernel's
// retransmissions.
constexpr unsigned kUserTimeoutMs = 60'000;
// What the kernel keeps unsent, at most: on a slow line its megabytes of buffer would be minutes, in which nobody here
// knows what has left, and nothing overtakes it. Room is told when half of it is gone, so that two records of TLS are
// no partial write (aclk/mqtt/README.md, "Sending").
constexpr int kMostUnsent = 32 * 1024;

std::string known_peer(int fd) {
  auto address = peer_of(fd);
  return address.empty() ? "unknown address" : address;
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
         ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMostUnsent, sizeof kMostUnsent) == 0 &&
         ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof kUserTimeoutMs) == 0;
}

}  // namespace

struct Dialer::Impl {
  struct Call {
    std::string target;
    claim::Proxy proxy;
    std::chrono::milliseconds timeout;
    CurlTls tls;  // with an HTTPS proxy
    CurlEasy easy;
    std::function<void(Reached<Dialed>)> done;
    std::unique_ptr<CurlMulti> own;  // with an HTTPS proxy; last: lets the handle go before that is freed

    [[nodiscard]] Fault fault(CURLcode code) const;
    [[nodiscard]] Fault unusable(std::string_view why) const;
    [[nodiscard]] Reached<Dialed> outcome(CURLcode code, Fd socket) const;
    [[nodiscard]] static Reached<Dialed> bridged(std::unique_ptr<Call> call, CURLcode code);
  };

  CurlMulti &multi;
  TlsPolicy policy;
  std::unique_ptr<Call> call;

  void cancel() {
    if (call && !call->own) multi.remove(call->easy.get());
    call.reset();
  }
};

namespace {

// What goes through the tunnel of an HTTPS proxy. libcurl speaks TLS with it: only libcurl has the bytes.
class CurlWire : public Wire {
 public:
  // `keeps` the handle and its connection alive.
  CurlWire(CURL *easy, int fd, std::shared_ptr<void> keeps) : keeps_(std::move(keeps)), easy_(easy), fd_(fd) {}

  [[nodiscard]] int descriptor() const override { return fd_; }
  Moved read(std::span<char> into) override {
    std::size_t n = 0;
    const auto code = curl_easy_recv(easy_, into.data(), into.size(), &n);
    return {code == CURLE_OK ? n : 0, code == CURLE_OK ? n == 0 : code != CURLE_AGAIN};
  }
  Moved write(std::span<const char> bytes) override {
    std::size_t n = 0;
    const auto code = curl_easy_send(easy_, bytes.data(), bytes.size(), &n);
    return {code == CURLE_OK ? n : 0, code != CURLE_OK && code != CURLE_AGAIN};
  }

 private:
  std::shared_ptr<void> keeps_;
  CURL *easy_;
  int fd_;
};

}  // namespace

Fault Dialer::Impl::Call::fault(CURLcode code) const {
  if (auto e = connect_error(easy, code, {target, proxy, timeout, own ? &tls : nullptr})) return std::move(*e);
  if (code == CURLE_URL_MALFORMAT && !easy.refused())
    return {Error{Errc::dns, fmt::format("{}: not a host name; check the URL", target)}, Cause::dns};
  const bool memory = code == CURLE_OUT_OF_MEMORY || easy.refused();
  return {
      Error{Errc::tcp, fmt::format("{}: no connection: {}", where(target, easy.tried(), proxy), easy.trouble(code))},
      memory ? Cause::no_memory : Cause::other};
}

Fault Dialer::Impl::Call::unusable(std::string_view why) const {
  return {Error{Errc::tcp, fmt::format("{}: connected, but the socket cannot be used: {}", target, why)},
          Cause::no_socket};
}

Reached<Dialed> Dialer::Impl::Call::outcome(CURLcode code, Fd socket) const {
  if (code != CURLE_OK) return tl::unexpected<Fault>(fault(code));
  if (!socket || !prepare(socket.get()))
    return tl::unexpected<Fault>(
        unusable(std::generic_category().message(errno) + "; look at this machine's limits on open files"));
  auto address = known_peer(socket.get());
  return Dialed{std::move(socket), std::move(address)};
}

Reached<Dialed> Dialer::Impl::Call::bridged(std::unique_ptr<Call> call, CURLcode code) {
  if (code != CURLE_OK) return tl::unexpected<Fault>(call->fault(code));
  curl_socket_t fd = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(call->easy.get(), CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || !prepare(fd))
    return tl::unexpected<Fault>(call->unusable(std::generic_category().message(errno)));
  auto &loop = call->own->loop();
  auto address = known_peer(fd);
  const auto &kept = *call;
  const auto share = std::shared_ptr<Call>(std::move(call));
  auto made = ProxyTlsBridge::make(loop, std::make_unique<CurlWire>(kept.easy.get(), fd, share));
  if (!made) return tl::unexpected<Fault>(kept.unusable(made.error().what));
  return Dialed{std::move(made->socket), std::move(address), std::move(made->bridge)};
}

Dialer::Dialer(CurlMulti &multi, TlsPolicy policy) : impl_(new Impl{multi, std::move(policy), nullptr}) {}

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
  if (impl_->policy.memory) c.easy.prefer(impl_->policy.memory->addresses().of(connected_to(c.target, proxy)));
  const auto again = [call = &c] { return call->easy.try_others(); };
  if (proxy.kind == claim::ProxyKind::https) {
    c.tls.apply(c.easy, impl_->policy, proxy, "", 0);
    c.own = std::make_unique<CurlMulti>(impl_->multi.loop());
    c.own->connect_and_keep(
        c.easy.get(),
        [i = impl_.get()](CURLcode code) {
          auto call = std::exchange(i->call, nullptr);
          const auto tell = std::move(call->done);
          tell(Impl::Call::bridged(std::move(call), code));  // may destroy the Dialer
        },
        again);
    return;
  }
  impl_->multi.connect(
      c.easy.get(),
      [i = impl_.get()](CURLcode code, Fd socket) {
        const auto call = std::exchange(i->call, nullptr);
        call->done(call->outcome(code, std::move(socket)));  // may destroy the Dialer
      },
      again);
}

}  // namespace aclk::net
