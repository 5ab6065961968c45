// SPDX-License-Identifier: GPL-3.0-or-later
//
// The way to the cloud, walked once with the link's own code: names, addresses, proxy, TLS, login, WebSocket, MQTT.
#pragma once

#include "plugin-api/doctor/doctor_context.h"
#include "plugin-api/doctor/finding.h"

namespace aclk::doctor {

enum class Depth : std::uint8_t {
  challenge,  // a link is online: nothing that could take its place
  upgrade,    // a link runs: all but CONNECT, which would end its session
  connect,    // nobody else uses this identity
};

// Blocks: a second on a network that works; else each step has as long as the link gives it (10 s for a TCP connection,
// 30 s for an answer, 60 s from TLS to CONNACK, 60 s for the subscriptions), and the first that fails is the last.
// Needs a claimed identity.
[[nodiscard]] Findings check_cloud(const DoctorContext &context, Depth depth);

}  // namespace aclk::doctor
