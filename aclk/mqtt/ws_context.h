// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one libwebsockets context of this process, on our libuv loop. Loop thread only.
#pragma once

#include <uv.h>

#include <memory>
#include <string>
#include <utility>

#include "aclk/net/fault.h"
#include "aclk/net/reach_memory.h"
#include "claim/base/result.h"

struct lws_context;

namespace aclk::mqtt {

class WsContext {
 public:
  // Fails with tls when the trust file cannot be used. Loads the system's CA store: about 30 ms, 4.5 MB; make it when a
  // link is wanted, not before. One at a time per process (aclk/mqtt/README.md, "Context on a foreign loop").
  [[nodiscard]] static Result<std::unique_ptr<WsContext>> make(uv_loop_t &loop, net::TlsPolicy policy);
  // Not from inside a callback of libwebsockets or of a link. Links still open end without telling. Turns the loop.
  ~WsContext();
  WsContext(const WsContext &) = delete;
  WsContext &operator=(const WsContext &) = delete;

  [[nodiscard]] uv_loop_t &loop() const { return loop_; }
  [[nodiscard]] lws_context *lws() const { return context_; }
  [[nodiscard]] const net::TlsPolicy &policy() const { return policy_; }
  [[nodiscard]] net::HandshakeWatch &handshake() { return handshake_; }
  // Before each connection: whom it is with (net::session_peer()).
  void next_peer(const std::string &peer) {
    if (sessions_) sessions_->peer = peer;
  }
  // For libwebsockets, which has made the context of all connections: TLS 1.2 or newer, and our store (claim/trust.h).
  // False: it cannot be used, and make() fails.
  [[nodiscard]] bool prepare(ssl_ctx_st *ctx);

 private:
  WsContext(uv_loop_t &loop, net::TlsPolicy policy) : loop_(loop), policy_(std::move(policy)) {}
  uv_loop_t &loop_;
  net::TlsPolicy policy_;
  net::HandshakeWatch handshake_;
  std::shared_ptr<net::TlsSessions::Attachment> sessions_;  // with a policy that has a memory
  std::string trouble_;
  lws_context *context_ = nullptr;
};

}  // namespace aclk::mqtt
