// SPDX-License-Identifier: GPL-3.0-or-later
//
// Readers of the agent's REST answers (plugin-api/external/read_*.h): first byte = which one, the rest any JSON.
#include "plugin-api/external/agent_facts.h"
#include "plugin-api/external/lenient_json.h"
#include "plugin-api/external/read_alerts_v1.h"
#include "plugin-api/external/read_alerts_v2.h"
#include "plugin-api/external/read_contexts.h"
#include "plugin-api/external/read_node_info.h"
#include "plugin-api/external/read_nodes.h"
#include "tests/fuzz/fuzz.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  using namespace external;
  constexpr std::string_view kNode = "64e5319f-7e5c-449a-971d-256183f7a2dc";
  const auto which = choose(bytes, 8);
  const auto j = parse_agent_json(bytes, "a document");
  if (!j) return;
  Definitions definitions;
  std::vector<Alert> alerts;
  switch (which) {
    case 0:
      (void)read_facts(*j);
      (void)read_node_info(*j, {});
      return (void)read_collectors(*j);
    case 1: {
      auto nodes = read_mirrored_hosts(*j, std::string(kNode));
      return add_node_instances(nodes, *j);
    }
    case 2:
      return (void)fingerprint(read_contexts(*j));
    case 3:
      alerts = read_alarm_log(*j, kNode, read_charts(*j), definitions);
      (void)continues_log(alerts, 5, std::nullopt, 1000);
      return (void)take_log(std::move(alerts), 5, 2, true);
    case 4:
      return (void)read_active_alarms(*j, {}, kNode, read_charts(*j), "/etc/netdata", definitions);
    case 5:
      learn_alarms(*j, kNode, read_charts_of_instances(*j), definitions);
      return (void)read_alert_instances(*j, kNode, "host", "/etc/netdata", definitions);
    case 6:
      return (void)read_transitions(*j, kNode, "/etc/netdata", definitions);
    default:
      (void)definition_v1(*j, "system.cpu");
      (void)definition_from_log_v1(*j);
      return (void)definition_v2(*j, "c5f4477c-9f22-4b22-8433-7d76cc36e0a8", std::nullopt);
  }
}
