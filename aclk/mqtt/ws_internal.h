// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shared by ws_context.cpp and ws_link.cpp only: the callback that libwebsockets calls for every link.
#pragma once

#include <libwebsockets.h>

namespace aclk::mqtt {

inline constexpr const char *kWsProtocol = "mqtt";
// 64 KB frames: larger ones gain little and cost memory (aclk/mqtt/README.md, "Performance").
inline constexpr std::size_t kFrameBytes = 64U << 10;

int on_websocket(lws *wsi, lws_callback_reasons reason, void *user, void *in, std::size_t len);

}  // namespace aclk::mqtt
