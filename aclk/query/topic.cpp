// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/topic.h"

#include <algorithm>

#include "claim/base/text.h"

namespace aclk::query {
namespace {

constexpr unsigned byte_at(std::string_view s, std::size_t i) {
  return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U;
}

// MQTT 5 section 1.5.4: C1 controls and noncharacters "SHOULD NOT" appear, and mosquitto disconnects over them.
// In UTF-8: C2 80..9F; EF B7 90..AF; EF BF BE/BF; and xFFFE/xFFFF of the other planes, F0..F4 .. BF BE/BF.
bool has_refused_code_point(std::string_view t) {
  for (std::size_t i = 0; i < t.size(); ++i) {
    const unsigned a = byte_at(t, i);
    const unsigned b = byte_at(t, i + 1);
    const unsigned c = byte_at(t, i + 2);
    const unsigned d = byte_at(t, i + 3);
    if (a == 0xc2 && b >= 0x80 && b <= 0x9f) return true;
    if (a == 0xef && b == 0xb7 && c >= 0x90 && c <= 0xaf) return true;
    if (a == 0xef && b == 0xbf && c >= 0xbe) return true;
    if (a >= 0xf0 && (b & 0x0fU) == 0x0f && c == 0xbf && d >= 0xbe) return true;
  }
  return false;
}

bool is_inbox(std::string_view t) {
  constexpr std::string_view kAgent = "/agent/";
  if (!t.starts_with(kAgent)) return false;
  t.remove_prefix(kAgent.size());
  t.remove_prefix(std::min(t.size(), t.find('/')));
  return t == "/inbound" || t.starts_with("/inbound/");
}

}  // namespace

bool is_reply_topic(std::string_view topic) {
  return !topic.empty() && topic.front() == '/' && topic.size() <= kMaxTopicBytes &&
         topic.find_first_of("+#") == std::string_view::npos && !has_control(topic) &&
         static_cast<std::size_t>(std::count(topic.begin(), topic.end(), '/')) <= kMaxTopicLevels &&
         !has_refused_code_point(topic) && !is_inbox(topic);
}

}  // namespace aclk::query
