// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent_facts.h"

#include "claim/base/uuid.h"
#include "plugin-api/external/json_fields.h"

namespace aclk::external {

AgentFacts read_facts(const nlohmann::json &info) {
  AgentFacts f;
  f.uid = parse_uuid(text_of(info, "uid")).value_or("");
  f.version = text_of(info, "version");
  f.generation = generation_of(f.version);
  // An agent that has a claim of its own connects by itself sooner or later, with the same identity: two links would
  // throw each other out.
  f.own_link = bool_of(info, "aclk-available") || (bool_of(info, "cloud-available") && bool_of(info, "agent-claimed"));
  const auto &ml = object_of(info, "ml-info");
  f.ml_capable = bool_of(ml, "ml-capable");
  f.ml_enabled = bool_of(ml, "ml-enabled");
  return f;
}

}  // namespace aclk::external
