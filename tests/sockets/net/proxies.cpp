// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/net/proxies.h"

#include <charconv>

namespace aclk::test {
namespace {

claim::Proxy proxy_at(claim::ProxyKind kind, std::uint16_t port) {
  claim::Proxy p;
  p.kind = kind;
  p.host = "127.0.0.1";
  p.port = port;
  p.source = "cloud.conf";
  return p;
}

std::uint16_t port_of_connect(const std::string &head) {
  const auto end = head.find(" HTTP/");
  const auto colon = head.rfind(':', end);
  std::uint16_t port = 0;
  std::from_chars(head.data() + colon + 1, head.data() + end, port);
  return port;
}

std::size_t byte_at(const std::string &s, std::size_t i) { return static_cast<unsigned char>(s[i]); }

}  // namespace

HttpProxy::HttpProxy(ProxyWish wish) : wish_(std::move(wish)), server_([this](Peer &p) { serve(p); }) {}

claim::Proxy HttpProxy::as_proxy() const { return proxy_at(claim::ProxyKind::http, server_.port()); }

std::string HttpProxy::head(std::size_t i) const {
  const std::lock_guard lock(mutex_);
  return heads_.at(i);
}

std::size_t HttpProxy::count() const {
  const std::lock_guard lock(mutex_);
  return heads_.size();
}

void HttpProxy::serve(Peer &peer) {
  std::string head;
  for (;;) {
    if (!peer.read_until(head, "\r\n\r\n")) return;
    {
      const std::lock_guard lock(mutex_);
      heads_.push_back(head);
    }
    if (wish_.challenge.empty() || head.find("Proxy-Authorization: ") != std::string::npos) break;
    if (!peer.write(wish_.challenge)) return;
    if (wish_.challenge.find("Connection: close") != std::string::npos) return;
    head.clear();
  }
  if (wish_.hang_up) return;
  if (wish_.silent) return peer.until_closed();
  const Peer target(connect_to(port_of_connect(head)), peer.stop_fd());
  const auto &a = wish_.answer;
  if (wish_.split_at > 0) {
    using namespace std::chrono_literals;
    if (!peer.write(a.substr(0, wish_.split_at)) || !peer.pause(30ms) || !peer.write(a.substr(wish_.split_at))) return;
  } else if (!peer.write(a)) {
    return;
  }
  if (a.find(" 200 ") == std::string::npos) return peer.until_closed();
  peer.join_with(target);
}

SocksProxy::SocksProxy(ProxyWish wish) : wish_(std::move(wish)), server_([this](Peer &p) { serve(p); }) {}

claim::Proxy SocksProxy::as_proxy(claim::ProxyKind kind) const { return proxy_at(kind, server_.port()); }

std::string SocksProxy::asked(std::size_t i) const {
  const std::lock_guard lock(mutex_);
  return asked_.at(i);
}

// RFC 1928 section 3, RFC 1929.
bool SocksProxy::authenticate(const Peer &peer, std::string &in) {
  if (!peer.read_bytes(in, 2) || !peer.read_bytes(in, 2 + byte_at(in, 1))) return false;
  const auto methods = in.substr(2, byte_at(in, 1));
  in.erase(0, 2 + methods.size());
  if (wish_.user.empty()) return peer.write(std::string("\5\0", 2));
  if (methods.find('\2') == std::string::npos) {
    (void)peer.write("\5\xff");
    return false;
  }
  if (!peer.write("\5\2") || !peer.read_bytes(in, 2) || !peer.read_bytes(in, 3 + byte_at(in, 1))) return false;
  const auto ulen = byte_at(in, 1);
  const auto plen = byte_at(in, 2 + ulen);
  if (!peer.read_bytes(in, 3 + ulen + plen)) return false;
  const bool ok = in.substr(2, ulen) == wish_.user && in.substr(3 + ulen, plen) == wish_.password;
  in.erase(0, 3 + ulen + plen);
  return peer.write(ok ? std::string("\1\0", 2) : std::string("\1\1", 2)) && ok;
}

void SocksProxy::serve(Peer &peer) {
  std::string in;
  if (!authenticate(peer, in)) return peer.until_closed();
  if (!peer.read_bytes(in, 5)) return;
  const auto type = in[3];
  const std::size_t length = type == 1 ? 4 : type == 4 ? 16 : 1 + byte_at(in, 4);
  if (!peer.read_bytes(in, 4 + length + 2)) return;
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(type == 1 ? "ipv4" : type == 4 ? "ipv6" : "name:" + in.substr(5, length - 1));
  }
  const auto port = static_cast<std::uint16_t>(byte_at(in, 4 + length) * 256 + byte_at(in, 5 + length));
  const Peer target(connect_to(port), peer.stop_fd());
  if (target.fd() < 0) {
    (void)peer.write(std::string("\5\5\0\1\0\0\0\0\0\0", 10));  // connection refused
    return;
  }
  if (peer.write(std::string("\5\0\0\1\0\0\0\0\0\0", 10))) peer.join_with(target);
}

}  // namespace aclk::test
