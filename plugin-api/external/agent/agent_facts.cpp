// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/agent_facts.h"

#include <algorithm>
#include <charconv>

#include "claim/base/uuid.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {

namespace {

constexpr std::size_t kHead = 4U << 10;  // where the text begins

// The text of a member at the start of the document; "" if it is not there.
std::string_view text_at_head(std::string_view document, std::string_view name) {
  const auto head = document.substr(0, kHead);
  const auto begin = head.find(name);
  if (begin == std::string_view::npos) return {};
  auto rest = head.substr(begin + name.size());
  for (const std::string_view expected : {":", "\""}) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    if (rest.substr(0, 1) != expected) return {};
    rest.remove_prefix(1);
  }
  return rest.substr(0, rest.find('"'));
}

// "v2.10.4", "10.0" and so on; not "v1.47.0-12-nightly", and no text that has no number.
bool is_2_x(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  unsigned major = 0;
  const auto r = std::from_chars(version.data(), version.data() + version.size(), major);
  return r.ec == std::errc{} && major >= 2;
}

}  // namespace

AgentFacts read_facts_of_text(std::string_view info) {
  if (const auto document = parse_agent_json(info, "/api/v1/info"))
    if (auto facts = read_facts(*document); !facts.uid.empty()) return facts;
  AgentFacts f;
  f.uid = parse_uuid(text_at_head(info, "\"uid\"")).value_or("");
  f.version = text_at_head(info, "\"version\"");
  f.built_in_link = is_2_x(f.version);
  return f;
}

AgentFacts read_facts(const nlohmann::json &info) {
  AgentFacts f;
  f.uid = parse_uuid(text_of(info, "uid")).value_or("");
  f.version = text_of(info, "version");
  // An agent that has a claim of its own connects by itself sooner or later, with the same identity: two links would
  // throw each other out.
  f.own_link = bool_of(info, "aclk-available") || (bool_of(info, "cloud-available") && bool_of(info, "agent-claimed"));
  f.built_in_link = is_2_x(f.version);
  const auto &ml = object_of(info, "ml-info");
  f.ml_capable = bool_of(ml, "ml-capable");
  f.ml_enabled = bool_of(ml, "ml-enabled");
  return f;
}

}  // namespace aclk::external
