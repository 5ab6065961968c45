// SPDX-License-Identifier: GPL-3.0-or-later
//
// May we publish to the topic that a question names? It comes from outside, and a broker drops the whole link for a
// topic that MQTT does not allow.
#pragma once

#include <cstddef>
#include <string_view>

namespace aclk::query {

inline constexpr std::size_t kMaxTopicBytes = 4096;
// Deeper topics are refused by mosquitto (TOPIC_HIERARCHY_LIMIT in mosquitto 2.0).
inline constexpr std::size_t kMaxTopicLevels = 200;

// Begins with '/' (aclk/query/README.md, "Error replies", error 5); no wildcard, no control character (C0, DEL, C1), no
// Unicode noncharacter, within the bounds above. Not an agent's inbox (/agent/<claim id>/inbound/..., proto/README.md,
// "Topics"): a reply there would be taken for a command. `topic` must be valid UTF-8 (the JSON parser has seen to it).
[[nodiscard]] bool is_reply_topic(std::string_view topic);

}  // namespace aclk::query
