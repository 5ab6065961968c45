// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages in which an agent speaks of itself (proto/README.md, "Common parts", "From agent to cloud").
//
// The codecs of this folder have in common:
//  - encode() never fails. Default values (0, false, "") are not on the wire. Text should be UTF-8; other bytes are
//    sent as U+FFFD, because a reader may refuse a whole message for one of them.
//  - decode_x() takes any bytes and gives a value or nothing. Unknown fields are skipped, absent ones have their
//  default
//    value, text ends at a NUL. Nothing comes of bytes that are not protobuf, text that is not UTF-8, messages over the
//    limit that stands beside the decoder, or such as would need more than 24 times their length in memory.
//  - Times named _us are microseconds since 1970 UTC; what is finer on the wire is cut off; 0 = not there, or not
//  within
//    285000 years of 1970.
//  - Fields that only the cloud fills (mqtt_broker_addr, vmq_instance_id) and deprecated ones are not offered.
// Everything is a pure function; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::proto {

// Something an agent or a node can do; version 0 = as if it were not listed.
struct Capability {
  std::string name;
  std::uint32_t version = 0;
  bool enabled = false;

  bool operator==(const Capability &) const = default;
};

enum class UpdateSource : std::uint8_t { unspecified = 0, agent = 1, lwt = 2, heuristic = 3 };

// Topic agent-connection; also the MQTT will.
struct UpdateAgentConnection {
  std::string claim_id;
  bool reachable = false;
  std::int64_t session_id = 0;
  UpdateSource update_source = UpdateSource::unspecified;
  std::int64_t updated_at_us = 0;
  std::vector<Capability> capabilities;

  bool operator==(const UpdateAgentConnection &) const = default;
};

[[nodiscard]] std::string encode(const UpdateAgentConnection &m);

}  // namespace aclk::proto
