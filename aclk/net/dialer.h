// SPDX-License-Identifier: GPL-3.0-or-later
//
// A TCP connection to a host, direct or through a proxy, ready to be handed on (aclk/net/README.md, "Proxies"):
// libcurl resolves off the loop, tries every address of both families, and speaks to HTTP, HTTPS and SOCKS5 proxies.
// Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "aclk/net/curl_multi.h"
#include "aclk/net/fault.h"
#include "aclk/net/proxy_tls_bridge.h"
#include "aclk/net/reach_memory.h"
#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::net {

struct Dialed {
  Fd socket;            // connected, non-blocking, close-on-exec; the connection has TCP_NODELAY and TCP_USER_TIMEOUT
  std::string address;  // "192.0.2.1:443" of the peer (the proxy's, if there is one)
  // Through an HTTPS proxy: `socket` is one end of this. It must live as long as the connection is wanted, and go
  // before the loop does.
  std::unique_ptr<ProxyTlsBridge> bridge{};
};

class Dialer {
 public:
  // The multi must outlive it. `policy`: whom to trust when the proxy is spoken TLS with.
  explicit Dialer(CurlMulti &multi, TlsPolicy policy = {});
  ~Dialer();  // as cancel()
  Dialer(const Dialer &) = delete;
  Dialer &operator=(const Dialer &) = delete;

  // One at a time: a second call gives up the first. `done` is called once from the loop, never from inside dial(); it
  // may destroy the Dialer. `timeout` bounds all of it, the proxy's part included. Errors: dns, tcp, proxy, timeout,
  // tls (no usable trust file, with an HTTPS proxy); each sentence names the target and, masked, the proxy.
  void dial(const std::string &host, std::uint16_t port, const claim::Proxy &proxy, std::chrono::milliseconds timeout,
            std::function<void(Reached<Dialed>)> done);
  // Gives up without calling `done`.
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::net
