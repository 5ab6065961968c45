// SPDX-License-Identifier: GPL-3.0-or-later
//
// A secure WebSocket client connection (subprotocol mqtt) over a TCP connection that somebody else dialed, by
// libwebsockets. A stream of bytes in binary frames; frame borders mean nothing. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "aclk/mqtt/ws_context.h"
#include "aclk/net/fault.h"
#include "aclk/net/reach_memory.h"
#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "claim/base/url.h"
#include "claim/proxy.h"

namespace aclk::mqtt {

// Why a link is no more.
struct WsEnd {
  enum class Kind : std::uint8_t {
    tls,       // handshake or certificate
    upgrade,   // the server answered something else than 101 with our key and subprotocol
    protocol,  // it broke WebSocket rules
    closed,    // by the other side: close frame, TLS close or end of file
    socket,    // reset, or another error of the connection
    by_us,
    internal,  // this machine: memory, descriptors
  };
  Kind kind = Kind::socket;
  std::string why;                       // a sentence
  int http_status = 0;                   // of a refused upgrade; 0 = none
  std::optional<int> close_code;         // of the server's close frame
  net::Cause cause = net::Cause::other;  // of tls
  std::string http_reason{};             // the text behind http_status, printable; empty if there is none
};

class WsLink {
 public:
  // None of these may destroy the WsContext; each may destroy the WsLink.
  struct WsEvents {
    std::function<void()> secured;  // TLS is done, the upgrade is about to be sent
    std::function<void()> opened;
    std::function<void(std::span<const std::uint8_t>)> bytes;
    // Fill up to buffer.size() bytes to send; 0 = nothing. Called after want_write(), at the end of the loop's turn,
    // and when the socket takes more; never from inside want_write().
    std::function<std::size_t(std::span<std::uint8_t>)> pull;
    std::function<void(WsEnd)> ended;  // once; never from inside open()
  };

  WsLink(WsContext &context, WsEvents events);
  ~WsLink();  // an open link is cut, without a close frame and without `ended`
  WsLink(const WsLink &) = delete;
  WsLink &operator=(const WsLink &) = delete;

  // Once. `socket` is connected to endpoint.host:endpoint.port, directly or through `via`; TLS is done if the scheme
  // is wss or https. `whom` is it in sentences. `scratch` is used when the system has no usable temporary directory. No
  // deadline of its own. What ends it at once is the error; `ended` is then not called.
  [[nodiscard]] tl::expected<void, WsEnd> open(Fd socket, const Url &endpoint, std::string whom,
                                               const claim::Proxy &via, const std::filesystem::path &scratch);
  // From `secured` on.
  [[nodiscard]] net::TlsTrust trust() const;
  void want_write();
  // Sends what pull() still gives, then close code 1000. The peer may never let that happen: keep a deadline.
  void close();

  struct State;  // shared with the callback of libwebsockets

 private:
  std::shared_ptr<State> s_;
};

}  // namespace aclk::mqtt
