// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/agent.h"

#include "proto/wire.h"

namespace aclk::proto {

std::string encode(const UpdateAgentConnection &m) {
  wire::Arena a;
  AclkWire__UpdateAgentConnection w = ACLK_WIRE__UPDATE_AGENT_CONNECTION__INIT;
  w.claim_id = a.text(m.claim_id);
  w.reachable = m.reachable ? 1 : 0;
  w.session_id = m.session_id;
  w.update_source = static_cast<std::int32_t>(m.update_source);
  w.updated_at = a.timestamp(m.updated_at_us);
  a.capabilities(m.capabilities, w.n_capabilities, w.capabilities);
  return ACLK_PACK(update_agent_connection, UpdateAgentConnection)(w);
}

}  // namespace aclk::proto
