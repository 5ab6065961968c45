// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/readings.h"

#include <fmt/format.h>

#include "aclk/host/abi_values.h"
#include "claim/base/uuid.h"

namespace aclk::host {
namespace {

// A reading as a visitor: ctx points at it. Nothing may leave a C callback but a number.
template <class R>
int visit(void *ctx, const typename R::Thing *thing) {
  try {
    static_cast<R *>(ctx)->show(take(thing));
    return 0;
  } catch (...) {
    return 1;  // out of memory: end the listing
  }
}

proto::AlarmConfiguration take_config(const naclk_alert_config &c) {
  proto::AlarmConfiguration o;
  o.alarm = text(c.alarm);
  o.template_name = text(c.template_name);
  o.on_chart = text(c.on_chart);
  o.classification = text(c.classification);
  o.type = text(c.type);
  o.component = text(c.component);
  o.os = text(c.os);
  o.hosts = text(c.hosts);
  o.plugin = text(c.plugin);
  o.module = text(c.module);
  o.charts = text(c.charts);
  o.lookup = text(c.lookup);
  o.every = text(c.every);
  o.units = text(c.units);
  o.green = text(c.green);
  o.red = text(c.red);
  o.calculation_expr = text(c.calculation_expr);
  o.warning_expr = text(c.warning_expr);
  o.critical_expr = text(c.critical_expr);
  o.recipient = text(c.recipient);
  o.exec = text(c.exec);
  o.delay = text(c.delay);
  o.repeat = text(c.repeat);
  o.info = text(c.info);
  o.options = text(c.options);
  o.host_labels = text(c.host_labels);
  o.chart_labels = text(c.chart_labels);
  o.summary = text(c.summary);
  o.p_update_every = c.update_every_s;
  if (c.has_lookup != 0) {
    o.p_db_lookup_after = c.lookup_after;
    o.p_db_lookup_before = c.lookup_before;
    o.p_db_lookup_dimensions = text(c.lookup_dimensions);
    o.p_db_lookup_method = text(c.lookup_method);
    o.p_db_lookup_options = text(c.lookup_options);
  }
  return o;
}

}  // namespace

Capabilities take_capabilities(const naclk_capability *c, std::size_t n) {
  Capabilities out;
  out.reserve(n);
  for (std::size_t i = 0; i < n; ++i) out.push_back({text(c[i].name), c[i].version, c[i].enabled != 0});
  return out;
}

void OfNode::fill(naclk_read &r) const { r.machine_guid = str(machine_guid); }

// ------------------------------------------------------------------------------------------------------------ nodes

int NodeListing::ask(const naclk_host &t) { return t.nodes(t.host, visit<NodeListing>, this); }

void NodeListing::show(const naclk_node &n) {
  const auto guid = parse_uuid(view(n.machine_guid));
  if (!guid) return;  // cannot be told to anybody
  nodes.push_back({.machine_guid = *guid,
                   .hostname = text(n.hostname),
                   .hops = n.hops,
                   .local = n.local != 0,
                   .live = n.live != 0,
                   .replicating = n.replicating != 0,
                   .health_enabled = n.health_enabled != 0,
                   .ml_capable = n.ml_capable != 0,
                   .ml_enabled = n.ml_enabled != 0,
                   .capabilities = take_capabilities(n.capabilities, n.capability_count)});
}

int NodeFacts::ask(const naclk_host &t) { return t.node_info(t.host, str(machine_guid), visit<NodeFacts>, this); }

void NodeFacts::show(const naclk_node_info &i) {
  info = proto::NodeInfo{.name = text(i.name),
                         .os = text(i.os),
                         .os_name = text(i.os_name),
                         .os_version = text(i.os_version),
                         .kernel_name = text(i.kernel_name),
                         .kernel_version = text(i.kernel_version),
                         .architecture = text(i.architecture),
                         .cpus = i.cpus,
                         .cpu_frequency = text(i.cpu_frequency_hz),
                         .memory = text(i.memory_bytes),
                         .disk_space = text(i.disk_bytes),
                         .version = text(i.version),
                         .release_channel = text(i.release_channel),
                         .timezone = text(i.timezone),
                         .virtualization_type = text(i.virtualization),
                         .container_type = text(i.container),
                         .custom_info = text(i.custom_info),
                         .machine_guid = machine_guid,
                         .host_labels = {},
                         .ml_info = {.ml_capable = i.own_ml_capable != 0, .ml_enabled = i.own_ml_enabled != 0}};
  for (std::size_t l = 0; l < i.label_count; ++l)
    info->host_labels.emplace(text(i.labels[l].key), text(i.labels[l].value));
}

Result<proto::NodeInfo> NodeFacts::result(const naclk_alert_log_end * /*unused*/) {
  if (!info) return fail(Errc::io, fmt::format("the agent's database showed nothing about node {}", machine_guid));
  return std::move(*info);
}

int NodeCollectors::ask(const naclk_host &t) {
  return t.collectors(t.host, str(machine_guid), visit<NodeCollectors>, this);
}

void NodeCollectors::show(const naclk_collector &c) {
  collectors.push_back({.module = text(c.module), .plugin = text(c.plugin)});
}

int NodeContexts::ask(const naclk_host &t) { return t.contexts(t.host, str(machine_guid), visit<NodeContexts>, this); }

void NodeContexts::show(const naclk_context &c) {
  contexts.push_back({.id = text(c.id),
                      .first_entry = c.first_s,
                      .last_entry = c.collected != 0 ? 0 : c.last_s,
                      .title = text(c.title),
                      .priority = c.priority,
                      .chart_type = text(c.chart_type),
                      .units = text(c.units),
                      .family = text(c.family)});
}

// ----------------------------------------------------------------------------------------------------------- alerts

int AlertLogReading::ask(const naclk_host &t) {
  auto &end = end_of_hook.emplace();
  end.size = sizeof end;
  end.last_log_id = after;
  return t.alert_log(t.host, str(machine_guid), after, limit, visit<AlertLogReading>, this, &end);
}

void AlertLogReading::fill(naclk_read &r) const {
  OfNode::fill(r);
  r.after = after;
  r.limit = limit;
}

void AlertLogReading::show(const naclk_alert &a) { log.entries.push_back(alert_of(a, machine_guid)); }

Result<AlertLog> AlertLogReading::result(const naclk_alert_log_end *end) {
  if (end == nullptr && end_of_hook) end = &*end_of_hook;
  if (end == nullptr) return fail(Errc::io, fmt::format("the agent's database did not say where {} ends", what()));
  const auto e = take(end);
  log.last_log_id = e.last_log_id;
  log.gap = e.gap != 0;
  return std::move(log);
}

int ActiveAlerts::ask(const naclk_host &t) {
  return t.active_alerts(t.host, str(machine_guid), visit<ActiveAlerts>, this);
}

void ActiveAlerts::show(const naclk_alert &a) { alerts.push_back(alert_of(a, machine_guid)); }

int AlertDefinition::ask(const naclk_host &t) {
  return t.alert_config(t.host, str(config_hash), visit<AlertDefinition>, this);
}

void AlertDefinition::fill(naclk_read &r) const { r.config_hash = str(config_hash); }

void AlertDefinition::show(const naclk_alert_config &c) { config = take_config(c); }

Result<proto::AlarmConfiguration> AlertDefinition::result(const naclk_alert_log_end * /*unused*/) {
  if (!config) return fail(Errc::not_found, fmt::format("no alert has the definition {}", config_hash));
  return std::move(*config);
}

proto::Alert alert_of(const naclk_alert &told, std::string_view machine_guid) {
  auto entry = proto::entry_of(told);
  proto::Alert a{.alert_id = text(told.alert_id),
                 .log_id = told.log_id,
                 .when_s = entry.when,
                 .status = entry.status,
                 .old_status = entry.old_status,
                 .entry = {}};
  // Without a name of its own an alert is what the log calls it.
  if (a.alert_id.empty()) a.alert_id = entry.chart + "/" + entry.name;
  if (told.variable != 0) return a;
  if (entry.transition_id.empty())
    entry.transition_id = named_uuid(machine_guid, fmt::format("{}/{}/{}", a.log_id, a.alert_id, a.when_s));
  entry.alert_version = a.when_s;
  a.entry = proto::encode(entry);
  // No broker takes it, no cloud reads it, and a snapshot with it in would be told for ever.
  if (a.entry.size() > proto::kMaxAlarm) a.entry.clear();
  return a;
}

}  // namespace aclk::host
