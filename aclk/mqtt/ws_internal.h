// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shared by ws_context.cpp and ws_link.cpp only: the callback that libwebsockets calls for every link.
#pragma once

#include <libwebsockets.h>

namespace aclk::mqtt {

inline constexpr const char *kWsProtocol = "mqtt";
// A frame and its header fill one record of TLS, which OpenSSL then takes whole: of more it takes the first record, and
// libwebsockets copies the rest (aclk/mqtt/README.md, "Sending").
inline constexpr std::size_t kRecordBytes = 16U << 10;
inline constexpr std::size_t kRxBufferBytes = 64U << 10;

int on_websocket(lws *wsi, lws_callback_reasons reason, void *user, void *in, std::size_t len);

}  // namespace aclk::mqtt
