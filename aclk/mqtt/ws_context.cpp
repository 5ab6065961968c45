// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/ws_context.h"

#include <openssl/ssl.h>

#include "aclk/mqtt/ws_internal.h"
#include "claim/trust.h"

namespace aclk::mqtt {
namespace {

const lws_protocols kProtocols[] = {
    // id, per-session bytes, rx buffer, ..., tx_packet_size: above a frame, else lws keeps copies of the rest.
    {kWsProtocol, on_websocket, 0, kRxBufferBytes, 0, nullptr, kRecordBytes + 64},
    {nullptr, nullptr, 0, 0, 0, nullptr, 0},
};

}  // namespace

Result<std::unique_ptr<WsContext>> WsContext::make(uv_loop_t &loop, net::TlsPolicy policy) {
  lws_set_log_level(0, nullptr);  // our sentences say more (aclk/mqtt/README.md, "Errors as the user gets them")
  auto ctx = std::unique_ptr<WsContext>(new WsContext(loop, std::move(policy)));
  void *loops[] = {&loop};
  lws_context_creation_info info{};
  // The store is ours, see prepare().
  info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
  info.foreign_loops = loops;
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.protocols = kProtocols;
  info.pcontext = &ctx->context_;
  info.user = ctx.get();
  info.fd_limit_per_thread = 64;
  info.pt_serv_buf_size = 32U << 10;
  info.timeout_secs = 60;  // ours are shorter
  // or the environment's http_proxy would be used (aclk/mqtt/README.md, "Context on a foreign loop")
  info.http_proxy_address = "";
  ctx->context_ = lws_create_context(&info);
  if (!ctx->trouble_.empty()) return fail(Errc::tls, ctx->trouble_);
  if (ctx->context_ == nullptr)
    return fail(Errc::websocket,
                "libwebsockets cannot start; is the package libwebsockets-evlib-uv installed, and is there memory?");
  return ctx;
}

bool WsContext::prepare(SSL_CTX *ctx) {
  if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) return false;
  if (policy_.memory) {
    sessions_ = policy_.memory->sessions().attach(ctx);
    if (!sessions_) return false;
  }
  if (!handshake_.attach(ctx)) return false;
  if (policy_.insecure) return true;
  const auto trusted = policy_.memory ? policy_.memory->trust(ctx, policy_.trust_file)
                                      : claim::trust_system_and(ctx, policy_.trust_file);
  if (!trusted) trouble_ = trusted.error().what;
  return trusted.has_value();
}

WsContext::~WsContext() {
  if (context_ == nullptr) return;
  // Twice, with turns of the loop between: the second call finishes what asynchronous closes held up. The library
  // clears context_ through pcontext when it is really gone (aclk/mqtt/README.md, "Tear-down").
  lws_context_destroy(context_);
  for (int i = 0; i < 10; ++i) uv_run(&loop_, UV_RUN_NOWAIT);
  if (context_ != nullptr) lws_context_destroy(context_);
  for (int i = 0; i < 10; ++i) uv_run(&loop_, UV_RUN_NOWAIT);
}

}  // namespace aclk::mqtt
