// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/proto/upward_messages.h"

#include <utility>
#include <vector>

#include "proto/aclk_alarms.pb-c.h"
#include "proto/aclk_contexts.pb-c.h"
#include "proto/aclk_node.pb-c.h"
#include "proto/wire.h"

namespace aclk::proto {
namespace {

std::vector<Capability> list(wire::Reader &r, std::size_t n, AclkWire__Capability *const *c) {
  std::vector<Capability> out;
  out.reserve(n);
  for (std::size_t i = 0; i < n; ++i) out.push_back({r.text(c[i]->name), c[i]->version, c[i]->enabled != 0});
  return out;
}

MachineLearningInfo ml(const AclkWire__MachineLearningInfo *w) {
  if (w == nullptr) return {};
  return {w->ml_capable != 0, w->ml_enabled != 0};
}

std::vector<Capability> list(wire::Reader &r, const AclkWire__CapabilityList *w) {
  if (w == nullptr) return {};
  return list(r, w->n_capabilities, w->capabilities);
}

NodeInfo read(wire::Reader &r, const AclkWire__NodeInfo &w) {
  NodeInfo d;
  d.name = r.text(w.name);
  d.os = r.text(w.os);
  d.os_name = r.text(w.os_name);
  d.os_version = r.text(w.os_version);
  d.kernel_name = r.text(w.kernel_name);
  d.kernel_version = r.text(w.kernel_version);
  d.architecture = r.text(w.architecture);
  d.cpus = w.cpus;
  d.cpu_frequency = r.text(w.cpu_frequency);
  d.memory = r.text(w.memory);
  d.disk_space = r.text(w.disk_space);
  d.version = r.text(w.version);
  d.release_channel = r.text(w.release_channel);
  d.timezone = r.text(w.timezone);
  d.virtualization_type = r.text(w.virtualization_type);
  d.container_type = r.text(w.container_type);
  d.custom_info = r.text(w.custom_info);
  d.machine_guid = r.text(w.machine_guid);
  for (std::size_t i = 0; i < w.n_host_labels; ++i)
    d.host_labels.insert_or_assign(r.text(w.host_labels[i]->key), r.text(w.host_labels[i]->value));
  d.ml_info = ml(w.ml_info);
  return d;
}

std::vector<ContextUpdated> read(wire::Reader &r, std::size_t n, AclkWire__ContextUpdated *const *from) {
  std::vector<ContextUpdated> out;
  out.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto &w = *from[i];
    out.push_back({.id = r.text(w.id),
                   .version = w.version,
                   .first_entry = w.first_entry,
                   .last_entry = w.last_entry,
                   .deleted = w.deleted != 0,
                   .title = r.text(w.title),
                   .priority = w.priority,
                   .chart_type = r.text(w.chart_type),
                   .units = r.text(w.units),
                   .family = r.text(w.family)});
  }
  return out;
}

AlarmConfiguration read(wire::Reader &r, const AclkWire__AlarmConfiguration &w) {
  return {.alarm = r.text(w.alarm),
          .template_name = r.text(w.template_),
          .on_chart = r.text(w.on_chart),
          .classification = r.text(w.classification),
          .type = r.text(w.type),
          .component = r.text(w.component),
          .os = r.text(w.os),
          .hosts = r.text(w.hosts),
          .plugin = r.text(w.plugin),
          .module = r.text(w.module),
          .charts = r.text(w.charts),
          .lookup = r.text(w.lookup),
          .every = r.text(w.every),
          .units = r.text(w.units),
          .green = r.text(w.green),
          .red = r.text(w.red),
          .calculation_expr = r.text(w.calculation_expr),
          .warning_expr = r.text(w.warning_expr),
          .critical_expr = r.text(w.critical_expr),
          .recipient = r.text(w.recipient),
          .exec = r.text(w.exec),
          .delay = r.text(w.delay),
          .repeat = r.text(w.repeat),
          .info = r.text(w.info),
          .options = r.text(w.options),
          .host_labels = r.text(w.host_labels),
          .p_db_lookup_after = w.p_db_lookup_after,
          .p_db_lookup_before = w.p_db_lookup_before,
          .p_db_lookup_dimensions = r.text(w.p_db_lookup_dimensions),
          .p_db_lookup_method = r.text(w.p_db_lookup_method),
          .p_db_lookup_options = r.text(w.p_db_lookup_options),
          .p_update_every = w.p_update_every,
          .chart_labels = r.text(w.chart_labels),
          .summary = r.text(w.summary)};
}

}  // namespace

std::optional<UpdateAgentConnection> decode_update_agent_connection(std::string_view bytes) {
  const auto w = ACLK_UNPACK(update_agent_connection, UpdateAgentConnection)(bytes, kMaxAgent);
  if (!w) return std::nullopt;
  wire::Reader r;
  UpdateAgentConnection m;
  m.claim_id = r.text(w->claim_id);
  m.reachable = w->reachable != 0;
  m.session_id = w->session_id;
  if (w->update_source >= 0 && w->update_source <= 3) m.update_source = static_cast<UpdateSource>(w->update_source);
  m.updated_at_us = wire::micros(w->updated_at);
  m.capabilities = list(r, w->n_capabilities, w->capabilities);
  return r.done(std::move(m));
}

std::optional<CreateNodeInstance> decode_create_node_instance(std::string_view bytes) {
  const auto w = ACLK_UNPACK(create_node_instance, CreateNodeInstance)(bytes, kMaxNode);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(CreateNodeInstance{r.text(w->claim_id), r.text(w->machine_guid), r.text(w->hostname), w->hops});
}

std::optional<UpdateNodeInstanceConnection> decode_update_node_instance_connection(std::string_view bytes) {
  const auto w = ACLK_UNPACK(update_node_instance_connection, UpdateNodeInstanceConnection)(bytes, kMaxNode);
  if (!w) return std::nullopt;
  wire::Reader r;
  UpdateNodeInstanceConnection m;
  m.claim_id = r.text(w->claim_id);
  m.node_id = r.text(w->node_id);
  m.liveness = w->liveness != 0;
  m.queryable = w->queryable != 0;
  m.session_id = w->session_id;
  m.updated_at_us = wire::micros(w->updated_at);
  m.hops = w->hops;
  m.capabilities = list(r, w->n_capabilities, w->capabilities);
  return r.done(std::move(m));
}

std::optional<UpdateNodeInfo> decode_update_node_info(std::string_view bytes) {
  const auto w = ACLK_UNPACK(update_node_info, UpdateNodeInfo)(bytes, kMaxNodeInfo);
  if (!w) return std::nullopt;
  wire::Reader r;
  UpdateNodeInfo m;
  m.claim_id = r.text(w->claim_id);
  if (w->data != nullptr) m.data = read(r, *w->data);
  m.updated_at_us = wire::micros(w->updated_at);
  m.session_id = w->session_id;
  m.machine_guid = r.text(w->machine_guid);
  m.child = w->child != 0;
  m.node_id = r.text(w->node_id);
  m.ml_info = ml(w->ml_info);
  m.node_capabilities = list(r, w->node_info);
  m.node_instance_capabilities = list(r, w->node_instance_info);
  return r.done(std::move(m));
}

std::optional<UpdateNodeCollectors> decode_update_node_collectors(std::string_view bytes) {
  const auto w = ACLK_UNPACK(update_node_collectors, UpdateNodeCollectors)(bytes, kMaxNodeInfo);
  if (!w) return std::nullopt;
  wire::Reader r;
  UpdateNodeCollectors m;
  m.claim_id = r.text(w->claim_id);
  m.node_id = r.text(w->node_id);
  m.collectors.reserve(w->n_collectors);
  for (std::size_t i = 0; i < w->n_collectors; ++i)
    m.collectors.push_back({r.text(w->collectors[i]->module), r.text(w->collectors[i]->plugin)});
  return r.done(std::move(m));
}

std::optional<ContextsSnapshot> decode_contexts_snapshot(std::string_view bytes) {
  const auto w = ACLK_UNPACK(contexts_snapshot, ContextsSnapshot)(bytes, kMaxContexts);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(ContextsSnapshot{.contexts = read(r, w->n_contexts, w->contexts),
                                 .claim_id = r.text(w->claim_id),
                                 .node_id = r.text(w->node_id),
                                 .version = w->version});
}

std::optional<ContextsUpdated> decode_contexts_updated(std::string_view bytes) {
  const auto w = ACLK_UNPACK(contexts_updated, ContextsUpdated)(bytes, kMaxContexts);
  if (!w) return std::nullopt;
  wire::Reader r;
  return r.done(ContextsUpdated{.context_updates = read(r, w->n_contextupdates, w->contextupdates),
                                .claim_id = r.text(w->claim_id),
                                .node_id = r.text(w->node_id),
                                .version_hash = w->version_hash,
                                .created_at_us = w->created_at});
}

std::optional<AlarmSnapshot> decode_alarm_snapshot(std::string_view bytes) {
  const auto w = ACLK_UNPACK(alarm_snapshot, AlarmSnapshot)(bytes, kMaxAlarmSnapshot);
  if (!w || w->n_alarms > kMaxSnapshotEntries) return std::nullopt;
  wire::Reader r;
  AlarmSnapshot m;
  m.node_id = r.text(w->node_id);
  m.claim_id = r.text(w->claim_id);
  m.chunks = w->chunks;
  m.chunk_size = w->chunk_size;
  m.chunk = w->chunk;
  m.alarms.reserve(w->n_alarms);
  for (std::size_t i = 0; i < w->n_alarms; ++i) {
    m.alarms.emplace_back(reinterpret_cast<const char *>(w->alarms[i].data), w->alarms[i].len);
    if (!decode_alarm_log_entry(m.alarms.back())) return std::nullopt;
  }
  m.snapshot_uuid = r.text(w->snapshot_uuid);
  return r.done(std::move(m));
}

std::optional<ProvideAlarmConfiguration> decode_provide_alarm_configuration(std::string_view bytes) {
  const auto w = ACLK_UNPACK(provide_alarm_configuration, ProvideAlarmConfiguration)(bytes, kMaxAlarm);
  if (!w) return std::nullopt;
  wire::Reader r;
  ProvideAlarmConfiguration m;
  m.config_hash = r.text(w->config_hash);
  if (w->config != nullptr) m.config = read(r, *w->config);
  return r.done(std::move(m));
}

}  // namespace aclk::proto
