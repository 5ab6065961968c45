// SPDX-License-Identifier: GPL-3.0-or-later
//
// The numbers with which brokers and WebSocket servers end things, as words with a next step. Pure.
#pragma once

#include <string>

namespace aclk::mqtt {

// MQTT 5 reason codes that matter here (OASIS MQTT 5.0, 2.4).
inline constexpr int kMqttSessionTakenOver = 0x8E;
inline constexpr int kMqttPacketTooLarge = 0x95;
inline constexpr int kWsMessageTooBig = 1009;

// "not authorised (reason 135, 0x87); <next step>" of a CONNACK, SUBACK or DISCONNECT.
[[nodiscard]] std::string mqtt_reason_text(int reason);

// "going away" for 1001; "" for a code without a name (RFC 6455 7.4.1).
[[nodiscard]] std::string ws_close_name(int code);

}  // namespace aclk::mqtt
