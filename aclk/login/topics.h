// SPDX-License-Identifier: GPL-3.0-or-later
//
// The topics a cloud gives to an agent with its password (proto/README.md, "Topics"). Only the names really used are
// kept.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace aclk::login {

enum class Topic : std::uint8_t {
  inbox_cmd,
  inbox_cmd_v1,
  agent_connection,
  create_node_instance,
  node_instance_connection,
  node_instance_info,
  node_instance_collectors,
  contexts_snapshot,
  contexts_updated,
  alarm_log,
  alarm_snapshot,
  alarm_config,
};
inline constexpr std::size_t kTopicCount = 12;

// The cloud's name of a topic: "agent-connection".
[[nodiscard]] std::string_view topic_name(Topic topic);

struct Topics {
  std::array<std::string, kTopicCount> full;  // by Topic; the claim id filled in
  [[nodiscard]] const std::string &operator[](Topic t) const { return full[static_cast<std::size_t>(t)]; }
};

}  // namespace aclk::login
