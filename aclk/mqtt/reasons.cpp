// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/reasons.h"

#include <fmt/format.h>
#include <libwebsockets.h>
#include <mosquitto.h>

namespace aclk::mqtt {
namespace {

// libwebsockets 4.1 puts 1002 in the place of close codes that it does not know; 4.3 hands them on.
constexpr bool kNewerCodesAre1002 = LWS_LIBRARY_VERSION_NUMBER < 4003000;

const char *next_step(int reason) {
  switch (reason) {
    case 0x84:
      return "the broker does not speak MQTT 5: it cannot be used";
    case 0x85:
    case 0x86:
    case 0x87:
    case 0x8C:
      return "it does not accept the client id or password that the cloud has just given: if it stays so, claim this "
             "node anew or ask the cloud's support";
    case 0x88:
    case 0x89:
    case 0x8B:
    case 0x97:
    case 0x9F:
      return "the cloud is restarting or overloaded: it is tried again with growing pauses";
    case 0x8A:
      return "the broker has banned this client: ask the cloud's support";
    case 0x8D:
      return "the broker heard nothing from here for too long: look at the network, and whether this machine was "
             "suspended";
    case kMqttSessionTakenOver:
      return "another agent has connected with the same identity: this machine is probably a clone, or its cloud.d was "
             "copied; on one of the two remove cloud.d and claim it anew";
    case 0x90:
    case 0x8F:
      return "the cloud gave topics that its broker does not allow: ask the cloud's support";
    case kMqttPacketTooLarge:
      return "a message was larger than the broker takes";
    case 0x9C:
    case 0x9D:
      return "the broker sends us elsewhere: the next attempt asks the cloud where to";
    default:
      return "it is tried again; if it stays so, look at the broker's log";
  }
}

}  // namespace

std::string mqtt_reason_text(int reason) {
  return fmt::format("{} (reason {}, 0x{:02X}); {}", mosquitto_reason_string(reason), reason, reason,
                     next_step(reason));
}

std::string ws_close_name(int code) {
  switch (code) {
    case 1000:
      return "normal";
    case 1001:
      return "going away";
    case 1002:
      return kNewerCodesAre1002
                 ? "protocol error, or one of 1012 service restart, 1013 try again later, 1014 bad gateway"
                 : "protocol error";
    case 1003:
      return "unsupported data";
    case 1005:
      return "no code";
    case 1007:
      return "invalid data";
    case 1008:
      return "policy violation";
    case kWsMessageTooBig:
      return "message too big";
    case 1010:
      return "extension missing";
    case 1011:
      return "internal error";
    case 1012:
      return "service restart";
    case 1013:
      return "try again later";
    case 1014:
      return "bad gateway";
    default:
      return "";
  }
}

}  // namespace aclk::mqtt
