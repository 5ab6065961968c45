// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/external_host.h"

#include "plugin-api/external/hooks.h"
#include "plugin-api/external/json_fields.h"
#include "plugin-api/external/read_alerts_v2.h"

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDefinitionsAge{5};

}  // namespace

ExternalHost::ExternalHost(HostFacts facts, NetdataConfFile &conf, Agent &agent, AgentLog &log)
    : facts_(std::move(facts)), conf_(conf), agent_(agent), log_(log) {}

naclk_host ExternalHost::table() {
  naclk_host t{};
  t.size = sizeof t;
  t.abi = NACLK_ABI;
  t.host = this;
  t.log = hooks::log;
  t.config = hooks::config;
  t.identity = hooks::identity;
  t.directories = hooks::directories;
  t.nodes = hooks::nodes;
  t.node_info = hooks::node_info;
  t.collectors = hooks::collectors;
  t.contexts = hooks::contexts;
  t.alert_log = hooks::alert_log;
  t.active_alerts = hooks::active_alerts;
  t.alert_config = hooks::alert_config;
  t.query = hooks::query;
  return t;  // store_node_id and load_node_id stay NULL: the module keeps node ids
}

std::shared_ptr<const NodeCharts> ExternalHost::known_charts(const std::string &node) {
  const std::lock_guard lock(mutex_);
  const auto it = charts_.find(node);
  return it == charts_.end() ? std::make_shared<const NodeCharts>() : it->second;
}

Result<std::shared_ptr<const NodeCharts>> ExternalHost::charts(const std::string &node, Clock::duration max_age) {
  if (auto known = known_charts(node); known->read_at != Clock::time_point{} && Clock::now() - known->read_at < max_age)
    return known;
  const auto document = get_json(node, "/api/v1/charts");
  if (!document) return tl::unexpected<Error>(document.error());
  auto fresh = std::make_shared<NodeCharts>();
  fresh->by_name = read_charts(*document);
  fresh->os = text_of(*document, "os");
  fresh->custom_info = text_of(*document, "custom_info");
  fresh->read_at = Clock::now();
  const std::lock_guard lock(mutex_);
  charts_[node] = fresh;
  return std::shared_ptr<const NodeCharts>(std::move(fresh));
}

void ExternalHost::refresh_definitions(const std::string &node) {
  {
    const std::lock_guard lock(mutex_);
    auto &last = definitions_read_[node];
    if (last != Clock::time_point{} && Clock::now() - last < kDefinitionsAge) return;
    last = Clock::now();
  }
  const auto alarms = get_json(node, "/api/v1/alarms?all");
  if (!alarms) return;
  if (facts_.generation == Generation::v1)
    return learn_alarms(*alarms, node, known_charts(node)->by_name, definitions_);
  const auto instances = get_json({}, "/api/v2/alerts?options=summary,instances,values,minify&scope_nodes=" + node);
  learn_alarms(*alarms, node, instances ? read_charts_of_instances(*instances) : ChartsByName{}, definitions_);
}

}  // namespace aclk::external
