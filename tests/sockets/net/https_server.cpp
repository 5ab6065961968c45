// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/net/https_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace aclk::test {
namespace {

using Ssl = COwn<SSL, SSL_free>;

// The TLS session of one connection, blocking.
class TlsPeer {
 public:
  TlsPeer(SSL_CTX *ctx, const Peer &peer) : peer_(peer), ssl_(SSL_new(ctx)) { SSL_set_fd(ssl_.get(), peer.fd()); }

  bool accept() {
    return again([&] { return SSL_accept(ssl_.get()); }) > 0;
  }
  std::string read_some() {
    char buf[16384];
    const int n = again([&] { return SSL_read(ssl_.get(), buf, sizeof buf); });
    return n > 0 ? std::string(buf, static_cast<std::size_t>(n)) : std::string();
  }
  bool write(const std::string &bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto chunk = static_cast<int>(std::min<std::size_t>(bytes.size() - at, 16384));
      const int n = again([&] { return SSL_write(ssl_.get(), bytes.data() + at, chunk); });
      if (n <= 0) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }
  void until_closed() {
    while (!read_some().empty()) {
    }
  }
  [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  [[nodiscard]] std::string sni() const {
    const char *const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }
  void close() { SSL_shutdown(ssl_.get()); }
  // More than the descriptor shows.
  [[nodiscard]] bool pending() const { return SSL_pending(ssl_.get()) > 0; }

 private:
  template <class Fn>
  int again(const Fn &fn) {
    for (;;) {
      ERR_clear_error();
      const int n = fn();
      if (n > 0) return n;
      const int e = SSL_get_error(ssl_.get(), n);
      if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE) return -1;
      if (!peer_.wait_for(e == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return -1;
    }
  }

  const Peer &peer_;
  Ssl ssl_;
};

// Takes one whole request off the front of `buffer`; false if it is not all there.
bool take_request(std::string &buffer, std::string &request) {
  const auto head = buffer.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  std::size_t body = 0;
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  if (const auto at = buffer.find(kLength); at < head) {
    const auto *const digits = buffer.data() + at + kLength.size();
    std::from_chars(digits, buffer.data() + head, body);
  }
  if (buffer.size() < head + 4 + body) return false;
  request = buffer.substr(0, head + 4 + body);
  buffer.erase(0, head + 4 + body);
  return true;
}

}  // namespace

Reply http_reply(int status, const std::string &body, const std::string &more) {
  Reply r;
  r.pieces.push_back("HTTP/1.1 " + std::to_string(status) + " Text\r\nContent-Length: " + std::to_string(body.size()) +
                     "\r\n" + more + "\r\n" + body);
  return r;
}

HttpsServer::HttpsServer(ServerContext tls, Script script, int family)
    : tls_(std::move(tls)), script_(std::move(script)) {
  server_ = std::make_unique<Server>([this](Peer &peer) { serve(peer); }, family);
}

std::string HttpsServer::url(const std::string &path, const std::string &host) const {
  return "https://" + host + ":" + std::to_string(port()) + path;
}

int HttpsServer::handshakes() const {
  const std::lock_guard lock(mutex_);
  return handshakes_;
}
int HttpsServer::resumed() const {
  const std::lock_guard lock(mutex_);
  return resumed_;
}
int HttpsServer::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}
std::vector<std::string> HttpsServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}
std::string HttpsServer::sni() const {
  const std::lock_guard lock(mutex_);
  return sni_;
}

void HttpsServer::serve(Peer &peer) {
  TlsPeer tls(tls_.get(), peer);
  if (!tls.accept()) return;
  {
    const std::lock_guard lock(mutex_);
    ++handshakes_;
    if (tls.resumed()) ++resumed_;
    ++open_;
    sni_ = tls.sni();
  }
  std::string buffer;
  bool reset = false;
  for (bool more = true; more;) {
    std::string request;
    while (!take_request(buffer, request)) {
      const auto bytes = tls.read_some();
      if (bytes.empty()) {
        more = false;
        break;
      }
      buffer += bytes;
    }
    if (!more) break;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const auto reply = script_(request);
    for (std::size_t i = 0; i < reply.pieces.size() && more; ++i)
      more = tls.write(reply.pieces[i]) && (i + 1 == reply.pieces.size() || peer.pause(reply.between));
    if (reply.then == Reply::Then::hang) tls.until_closed();
    reset = reply.then == Reply::Then::reset;
    if (reply.then != Reply::Then::go_on) more = false;
  }
  if (reset) {
    constexpr linger kAtOnce{1, 0};
    ::setsockopt(peer.fd(), SOL_SOCKET, SO_LINGER, &kAtOnce, sizeof kAtOnce);
  } else {
    tls.close();
  }
  const std::lock_guard lock(mutex_);
  --open_;
}

TlsFront::TlsFront(ServerContext tls, std::uint16_t port)
    : tls_(std::move(tls)), to_(port), server_([this](Peer &p) { serve(p); }) {}

void TlsFront::serve(Peer &peer) {
  TlsPeer tls(tls_.get(), peer);
  if (!tls.accept()) return;
  const Peer behind(connect_to(to_), peer.stop_fd());
  for (;;) {
    std::array<pollfd, 3> p{{{peer.fd(), POLLIN, 0}, {behind.fd(), POLLIN, 0}, {peer.stop_fd(), POLLIN, 0}}};
    if (!tls.pending() && ::poll(p.data(), p.size(), -1) < 0) return;
    if (p[2].revents != 0) return;
    if (p[1].revents != 0) {
      const auto bytes = behind.read_some();
      if (bytes.empty()) return tls.close();
      if (!tls.write(bytes)) return;
    }
    if (p[0].revents != 0 || tls.pending()) {
      const auto bytes = tls.read_some();
      if (bytes.empty() || !behind.write(bytes)) return;
    }
  }
}

}  // namespace aclk::test
