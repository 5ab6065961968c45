// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/show.h"

#include <cerrno>

namespace aclk::external {

std::vector<naclk_capability> view(const std::vector<Capability> &capabilities) {
  std::vector<naclk_capability> out;
  out.reserve(capabilities.size());
  for (const auto &c : capabilities) out.push_back({view(c.name), c.version, c.enabled});
  return out;
}

int show(const Node &value, naclk_node_fn visit, void *ctx) {
  const auto capabilities = view(value.capabilities);
  naclk_node n{};
  n.size = sizeof n;
  n.machine_guid = view(value.machine_guid);
  n.hostname = view(value.hostname);
  n.hops = value.hops;
  n.local = value.local;
  n.live = value.live;
  n.replicating = value.replicating;
  n.health_enabled = value.health_enabled;
  n.ml_capable = value.ml_capable;
  n.ml_enabled = value.ml_enabled;
  n.capabilities = capabilities.data();
  n.capability_count = capabilities.size();
  return visit(ctx, &n);
}

int show(const NodeInfo &value, naclk_node_info_fn visit, void *ctx) {
  std::vector<naclk_pair> labels;
  labels.reserve(value.labels.size());
  for (const auto &[key, label] : value.labels) labels.push_back({view(key), view(label)});
  naclk_node_info i{};
  i.size = sizeof i;
  i.name = view(value.name);
  i.os = view(value.os);
  i.os_name = view(value.os_name);
  i.os_version = view(value.os_version);
  i.kernel_name = view(value.kernel_name);
  i.kernel_version = view(value.kernel_version);
  i.architecture = view(value.architecture);
  i.cpus = value.cpus;
  i.cpu_frequency_hz = view(value.cpu_frequency_hz);
  i.memory_bytes = view(value.memory_bytes);
  i.disk_bytes = view(value.disk_bytes);
  i.version = view(value.version);
  i.release_channel = view(value.release_channel);
  i.timezone = view(value.timezone);
  i.virtualization = view(value.virtualization);
  i.container = view(value.container);
  i.custom_info = view(value.custom_info);
  i.own_ml_capable = value.own_ml_capable;
  i.own_ml_enabled = value.own_ml_enabled;
  i.labels = labels.data();
  i.label_count = labels.size();
  return visit(ctx, &i);
}

int show(const Collector &value, naclk_collector_fn visit, void *ctx) {
  const naclk_collector c{sizeof c, view(value.plugin), view(value.module)};
  return visit(ctx, &c);
}

int show(const Context &value, naclk_context_fn visit, void *ctx) {
  naclk_context c{};
  c.size = sizeof c;
  c.id = view(value.id);
  c.title = view(value.title);
  c.units = view(value.units);
  c.family = view(value.family);
  c.chart_type = view(value.chart_type);
  c.priority = value.priority;
  c.first_s = value.first_s;
  c.last_s = value.last_s;
  c.collected = value.collected;
  return visit(ctx, &c);
}

int show(const Alert &value, naclk_alert_fn visit, void *ctx) {
  naclk_alert a{};
  a.size = sizeof a;
  a.log_id = value.log_id;
  a.alert_id = view(value.alert_id);
  a.event_id = value.event_id;
  a.transition_id = view(value.transition_id);
  a.config_hash = view(value.config_hash);
  a.name = view(value.name);
  a.chart = view(value.chart);
  a.chart_name = view(value.chart_name);
  a.context = view(value.context);
  a.summary = view(value.summary);
  a.info = view(value.info);
  a.units = view(value.units);
  a.exec = view(value.exec);
  a.conf_source = view(value.conf_source);
  a.command = view(value.command);
  a.timezone = view(value.timezone);
  a.utc_offset_s = value.utc_offset_s;
  a.when_s = value.when_s;
  a.duration_s = value.duration_s;
  a.non_clear_duration_s = value.non_clear_duration_s;
  a.status = value.status;
  a.old_status = value.old_status;
  a.delay_s = value.delay_s;
  a.delay_up_to_s = value.delay_up_to_s;
  a.last_repeat_s = value.last_repeat_s;
  a.silenced = value.silenced;
  a.superseded = value.superseded;
  a.variable = value.variable;
  a.value = value.value;
  a.old_value = value.old_value;
  a.value_string = view(value.value_string);
  a.old_value_string = view(value.old_value_string);
  return visit(ctx, &a);
}

int show(const AlertConfig &value, naclk_alert_config_fn visit, void *ctx) {
  naclk_alert_config c{};
  c.size = sizeof c;
  c.config_hash = view(value.config_hash);
  c.alarm = view(value.alarm);
  c.template_name = view(value.template_name);
  c.on_chart = view(value.on_chart);
  c.classification = view(value.classification);
  c.type = view(value.type);
  c.component = view(value.component);
  c.os = view(value.os);
  c.hosts = view(value.hosts);
  c.plugin = view(value.plugin);
  c.module = view(value.module);
  c.charts = view(value.charts);
  c.lookup = view(value.lookup);
  c.every = view(value.every);
  c.units = view(value.units);
  c.green = view(value.green);
  c.red = view(value.red);
  c.calculation_expr = view(value.calculation_expr);
  c.warning_expr = view(value.warning_expr);
  c.critical_expr = view(value.critical_expr);
  c.recipient = view(value.recipient);
  c.exec = view(value.exec);
  c.delay = view(value.delay);
  c.repeat = view(value.repeat);
  c.info = view(value.info);
  c.summary = view(value.summary);
  c.options = view(value.options);
  c.host_labels = view(value.host_labels);
  c.chart_labels = view(value.chart_labels);
  c.has_lookup = value.has_lookup;
  c.lookup_after = value.lookup_after;
  c.lookup_before = value.lookup_before;
  c.lookup_dimensions = view(value.lookup_dimensions);
  c.lookup_method = view(value.lookup_method);
  c.lookup_options = view(value.lookup_options);
  c.update_every_s = value.update_every_s;
  return visit(ctx, &c);
}

int negated_errno(Errc code) {
  switch (code) {
    case Errc::not_found:
      return -ENOENT;
    case Errc::unsupported:
      return -ENOTSUP;
    case Errc::cancelled:
      return -ECANCELED;
    case Errc::timeout:
      return -ETIME;
    case Errc::unavailable:
    case Errc::tcp:
      return -EAGAIN;
    case Errc::too_big:
      return -EMSGSIZE;
    case Errc::invalid_argument:
      return -EINVAL;
    case Errc::denied:
      return -EACCES;
    case Errc::parse:
      return -EBADMSG;
    default:
      return -EIO;
  }
}

}  // namespace aclk::external
