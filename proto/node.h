// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages in which an agent speaks of itself and of its nodes (proto/README.md, "Common parts", "From agent to
// cloud"). See proto/message_types.h for what all codecs have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
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

// Topic create-node-instance.
struct CreateNodeInstance {
  std::string claim_id;
  std::string machine_guid;
  std::string hostname;
  std::int32_t hops = 0;

  bool operator==(const CreateNodeInstance &) const = default;
};

// Topic node-instance-connection.
struct UpdateNodeInstanceConnection {
  std::string claim_id;
  std::string node_id;
  bool liveness = false;
  bool queryable = false;
  std::int64_t session_id = 0;
  std::int64_t updated_at_us = 0;
  std::int32_t hops = 0;
  std::vector<Capability> capabilities;

  bool operator==(const UpdateNodeInstanceConnection &) const = default;
};

struct MachineLearningInfo {
  bool ml_capable = false;
  bool ml_enabled = false;

  bool operator==(const MachineLearningInfo &) const = default;
};

struct NodeInfo {
  std::string name, os, os_name, os_version, kernel_name, kernel_version, architecture;
  std::uint32_t cpus = 0;
  std::string cpu_frequency, memory, disk_space;  // decimal text
  std::string version, release_channel, timezone, virtualization_type, container_type, custom_info, machine_guid;
  std::map<std::string, std::string> host_labels;
  MachineLearningInfo ml_info;  // what the node says of itself

  bool operator==(const NodeInfo &) const = default;
};

// Topic node-instance-info.
struct UpdateNodeInfo {
  std::string claim_id;
  NodeInfo data;
  std::int64_t updated_at_us = 0;
  std::int64_t session_id = 0;  // not filled by agents
  std::string machine_guid;
  bool child = false;
  std::string node_id;
  MachineLearningInfo ml_info;                         // of this agent for the node
  std::vector<Capability> node_capabilities;           // node_info
  std::vector<Capability> node_instance_capabilities;  // node_instance_info

  bool operator==(const UpdateNodeInfo &) const = default;
};

struct CollectorInfo {
  std::string module;  // may be empty
  std::string plugin;

  bool operator==(const CollectorInfo &) const = default;
};

// Topic node-instance-collectors.
struct UpdateNodeCollectors {
  std::string claim_id;
  std::string node_id;
  std::vector<CollectorInfo> collectors;

  bool operator==(const UpdateNodeCollectors &) const = default;
};

[[nodiscard]] std::string encode(const CreateNodeInstance &m);
[[nodiscard]] std::string encode(const UpdateNodeInstanceConnection &m);
// Sub-messages are always present, as the reference sends them, be they empty.
[[nodiscard]] std::string encode(const UpdateNodeInfo &m);
[[nodiscard]] std::string encode(const UpdateNodeCollectors &m);

}  // namespace aclk::proto
