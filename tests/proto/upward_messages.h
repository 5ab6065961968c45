// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an agent sends, read back: the cloud's side of the codecs in proto/, for tests. The decoders keep the rules of
// proto/message_types.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "proto/alarms.h"
#include "proto/contexts.h"
#include "proto/node.h"

namespace aclk::proto {

// Longer messages are not decoded. Labels and collectors may be many; a node may have some ten thousand contexts of 200
// bytes; a snapshot holds at most 1000 entries of about 600 bytes.
inline constexpr std::size_t kMaxAgent = 64U << 10;
inline constexpr std::size_t kMaxNode = 64U << 10;
inline constexpr std::size_t kMaxNodeInfo = 1U << 20;
inline constexpr std::size_t kMaxContexts = 16U << 20;
inline constexpr std::size_t kMaxAlarmSnapshot = 8U << 20;
inline constexpr std::size_t kMaxSnapshotEntries = 10'000;

[[nodiscard]] std::optional<UpdateAgentConnection> decode_update_agent_connection(std::string_view bytes);
[[nodiscard]] std::optional<CreateNodeInstance> decode_create_node_instance(std::string_view bytes);
[[nodiscard]] std::optional<UpdateNodeInstanceConnection> decode_update_node_instance_connection(
    std::string_view bytes);
[[nodiscard]] std::optional<UpdateNodeInfo> decode_update_node_info(std::string_view bytes);
[[nodiscard]] std::optional<UpdateNodeCollectors> decode_update_node_collectors(std::string_view bytes);
[[nodiscard]] std::optional<ContextsSnapshot> decode_contexts_snapshot(std::string_view bytes);
[[nodiscard]] std::optional<ContextsUpdated> decode_contexts_updated(std::string_view bytes);
// Nothing, too, if one of its entries is none.
[[nodiscard]] std::optional<AlarmSnapshot> decode_alarm_snapshot(std::string_view bytes);
[[nodiscard]] std::optional<ProvideAlarmConfiguration> decode_provide_alarm_configuration(std::string_view bytes);

}  // namespace aclk::proto
