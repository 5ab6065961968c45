// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages in which an agent speaks of itself (protocol.md 3.1, 3.2). Codecs of this folder: encode() never fails;
// decoders take any bytes and give a value or nothing. Times are microseconds since 1970 UTC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
// At most 64 KiB.
[[nodiscard]] std::optional<UpdateAgentConnection> decode_update_agent_connection(std::string_view bytes);

}  // namespace aclk::proto
