// SPDX-License-Identifier: GPL-3.0-or-later
//
// An HTTP and a SOCKS5 proxy. Whatever name they are asked for, they connect to 127.0.0.1 at its port: so a test can
// use names that only a proxy knows.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "claim/proxy.h"
#include "tests/sockets/net/net.h"

namespace aclk::test {

struct ProxyWish {
  std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n";  // HTTP: to CONNECT
  std::string challenge{};                                             // HTTP: before it, to CONNECT without a password
  std::size_t split_at = 0;                                            // HTTP: the answer comes in two segments
  bool silent = false;                                                 // accepts, reads, never answers
  bool hang_up = false;                                                // accepts, reads, closes
  std::string user{};                                                  // SOCKS5: must be given, with the password
  std::string password{};
};

class HttpProxy {
 public:
  explicit HttpProxy(ProxyWish wish = {});
  [[nodiscard]] claim::Proxy as_proxy() const;
  [[nodiscard]] std::string head(std::size_t i) const;  // of a request, whole
  [[nodiscard]] std::size_t count() const;              // of requests
  [[nodiscard]] int connections() const { return server_.accepted(); }

 private:
  void serve(Peer &peer);
  const ProxyWish wish_;
  mutable std::mutex mutex_;
  std::vector<std::string> heads_;
  Server server_;
};

class SocksProxy {
 public:
  explicit SocksProxy(ProxyWish wish = {});
  [[nodiscard]] claim::Proxy as_proxy(claim::ProxyKind kind) const;
  [[nodiscard]] std::string asked(std::size_t i) const;  // "name:cloud.test", "ipv4", "ipv6"

 private:
  void serve(Peer &peer);
  bool authenticate(const Peer &peer, std::string &in);
  const ProxyWish wish_;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  Server server_;
};

}  // namespace aclk::test
