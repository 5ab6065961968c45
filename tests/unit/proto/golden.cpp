// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/proto/golden.h"
#include "tests/proto/upward_messages.h"

#include <algorithm>
#include <concepts>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

namespace aclk::proto::test {
namespace {

using nlohmann::json;

json object(const Capability &m);
json object(const MachineLearningInfo &m);
json object(const NodeInfo &m);
json object(const CollectorInfo &m);
json object(const ContextUpdated &m);
json object(const AlarmLogEntry &m);
json object(const AlarmConfiguration &m);

// A JSON object that leaves default values out.
class Object {
 public:
  Object &add(const char *name, const std::string &v) { return put(name, v, !v.empty()); }
  Object &add(const char *name, bool v) { return put(name, v, v); }
  Object &add(const char *name, double v) { return put(name, v, v != 0); }
  template <class T>
  requires(std::integral<T> && !std::same_as<T, bool>) Object &add(const char *name, T v) {
    return sizeof(T) == 8 ? put(name, std::to_string(v), v != 0) : put(name, v, v != 0);
  }
  template <class T>
  requires std::is_enum_v<T> Object &add(const char *name, T v) { return put(name, static_cast<int>(v), v != T{}); }
  template <class T>
  Object &add(const char *name, const std::vector<T> &v) {
    json list = json::array();
    for (const auto &x : v) list.push_back(object(x));
    return put(name, list, !v.empty());
  }
  Object &add(const char *name, const std::map<std::string, std::string> &v) { return put(name, v, !v.empty()); }
  Object &always(const char *name, const json &v) { return put(name, v, true); }
  Object &time(const char *name, std::int64_t us) {
    Object t;
    t.add("seconds", us / 1'000'000).add("nanos", static_cast<std::int32_t>(us % 1'000'000 * 1'000));
    return always(name, t.json_);
  }
  operator json() const { return json_; }  // NOLINT(google-explicit-constructor): a chain of add() is the value

 private:
  template <class T>
  Object &put(const char *name, const T &v, bool present) {
    if (present) json_[name] = v;
    return *this;
  }
  json json_ = json::object();
};

json object(const Capability &m) {
  return Object().add("name", m.name).add("version", m.version).add("enabled", m.enabled);
}

json object(const MachineLearningInfo &m) {
  return Object().add("ml_capable", m.ml_capable).add("ml_enabled", m.ml_enabled);
}

json object(const NodeInfo &m) {
  return Object()
      .add("name", m.name)
      .add("os", m.os)
      .add("os_name", m.os_name)
      .add("os_version", m.os_version)
      .add("kernel_name", m.kernel_name)
      .add("kernel_version", m.kernel_version)
      .add("architecture", m.architecture)
      .add("cpus", m.cpus)
      .add("cpu_frequency", m.cpu_frequency)
      .add("memory", m.memory)
      .add("disk_space", m.disk_space)
      .add("version", m.version)
      .add("release_channel", m.release_channel)
      .add("timezone", m.timezone)
      .add("virtualization_type", m.virtualization_type)
      .add("container_type", m.container_type)
      .add("custom_info", m.custom_info)
      .add("machine_guid", m.machine_guid)
      .add("host_labels", m.host_labels)
      .always("ml_info", object(m.ml_info));
}

json object(const CollectorInfo &m) { return Object().add("module", m.module).add("plugin", m.plugin); }

json object(const ContextUpdated &m) {
  return Object()
      .add("id", m.id)
      .add("version", m.version)
      .add("first_entry", m.first_entry)
      .add("last_entry", m.last_entry)
      .add("deleted", m.deleted)
      .add("title", m.title)
      .add("priority", m.priority)
      .add("chart_type", m.chart_type)
      .add("units", m.units)
      .add("family", m.family);
}

json object(const AlarmLogEntry &m) {
  return Object()
      .add("node_id", m.node_id)
      .add("claim_id", m.claim_id)
      .add("chart", m.chart)
      .add("name", m.name)
      .add("when", m.when)
      .add("config_hash", m.config_hash)
      .add("utc_offset", m.utc_offset)
      .add("timezone", m.timezone)
      .add("exec_path", m.exec_path)
      .add("conf_source", m.conf_source)
      .add("command", m.command)
      .add("duration", m.duration)
      .add("non_clear_duration", m.non_clear_duration)
      .add("status", m.status)
      .add("old_status", m.old_status)
      .add("delay", m.delay)
      .add("delay_up_to_timestamp", m.delay_up_to_timestamp)
      .add("last_repeat", m.last_repeat)
      .add("silenced", m.silenced)
      .add("value_string", m.value_string)
      .add("old_value_string", m.old_value_string)
      .add("value", m.value)
      .add("old_value", m.old_value)
      .add("updated", m.updated)
      .add("rendered_info", m.rendered_info)
      .add("chart_context", m.chart_context)
      .add("event_id", m.event_id)
      .add("transition_id", m.transition_id)
      .add("chart_name", m.chart_name)
      .add("summary", m.summary)
      .add("alert_version", m.alert_version);
}

json object(const AlarmConfiguration &m) {
  return Object()
      .add("alarm", m.alarm)
      .add("template", m.template_name)
      .add("on_chart", m.on_chart)
      .add("classification", m.classification)
      .add("type", m.type)
      .add("component", m.component)
      .add("os", m.os)
      .add("hosts", m.hosts)
      .add("plugin", m.plugin)
      .add("module", m.module)
      .add("charts", m.charts)
      .add("lookup", m.lookup)
      .add("every", m.every)
      .add("units", m.units)
      .add("green", m.green)
      .add("red", m.red)
      .add("calculation_expr", m.calculation_expr)
      .add("warning_expr", m.warning_expr)
      .add("critical_expr", m.critical_expr)
      .add("recipient", m.recipient)
      .add("exec", m.exec)
      .add("delay", m.delay)
      .add("repeat", m.repeat)
      .add("info", m.info)
      .add("options", m.options)
      .add("host_labels", m.host_labels)
      .add("p_db_lookup_after", m.p_db_lookup_after)
      .add("p_db_lookup_before", m.p_db_lookup_before)
      .add("p_db_lookup_dimensions", m.p_db_lookup_dimensions)
      .add("p_db_lookup_method", m.p_db_lookup_method)
      .add("p_db_lookup_options", m.p_db_lookup_options)
      .add("p_update_every", m.p_update_every)
      .add("chart_labels", m.chart_labels)
      .add("summary", m.summary);
}

json object(const UpdateAgentConnection &m) {
  return Object()
      .add("claim_id", m.claim_id)
      .add("reachable", m.reachable)
      .add("session_id", m.session_id)
      .add("update_source", m.update_source)
      .time("updated_at", m.updated_at_us)
      .add("capabilities", m.capabilities);
}

json object(const CreateNodeInstance &m) {
  return Object()
      .add("claim_id", m.claim_id)
      .add("machine_guid", m.machine_guid)
      .add("hostname", m.hostname)
      .add("hops", m.hops);
}

json object(const UpdateNodeInstanceConnection &m) {
  return Object()
      .add("claim_id", m.claim_id)
      .add("node_id", m.node_id)
      .add("liveness", m.liveness)
      .add("queryable", m.queryable)
      .add("session_id", m.session_id)
      .time("updated_at", m.updated_at_us)
      .add("hops", m.hops)
      .add("capabilities", m.capabilities);
}

json object(const UpdateNodeInfo &m) {
  return Object()
      .add("claim_id", m.claim_id)
      .always("data", object(m.data))
      .time("updated_at", m.updated_at_us)
      .add("session_id", m.session_id)
      .add("machine_guid", m.machine_guid)
      .add("child", m.child)
      .add("node_id", m.node_id)
      .always("ml_info", object(m.ml_info))
      .always("node_info", Object().add("capabilities", m.node_capabilities))
      .always("node_instance_info", Object().add("capabilities", m.node_instance_capabilities));
}

json object(const UpdateNodeCollectors &m) {
  return Object().add("claim_id", m.claim_id).add("node_id", m.node_id).add("collectors", m.collectors);
}

json object(const ContextsSnapshot &m) {
  return Object()
      .add("contexts", m.contexts)
      .add("claim_id", m.claim_id)
      .add("node_id", m.node_id)
      .add("version", m.version);
}

json object(const ContextsUpdated &m) {
  return Object()
      .add("contextUpdates", m.context_updates)
      .add("claim_id", m.claim_id)
      .add("node_id", m.node_id)
      .add("version_hash", m.version_hash)
      .add("created_at", m.created_at_us);
}

json object(const AlarmSnapshot &m) {
  std::vector<AlarmLogEntry> entries;
  for (const auto &entry : m.alarms) entries.push_back(*decode_alarm_log_entry(entry));
  return Object()
      .add("node_id", m.node_id)
      .add("claim_id", m.claim_id)
      .add("chunks", m.chunks)
      .add("chunk_size", m.chunk_size)
      .add("chunk", m.chunk)
      .add("alarms", entries)
      .add("snapshot_uuid", m.snapshot_uuid);
}

json object(const ProvideAlarmConfiguration &m) {
  return Object().add("config_hash", m.config_hash).always("config", object(m.config));
}

template <auto Decode>
json as_json(std::string_view bytes) {
  const auto m = Decode(bytes);
  return m ? object(*m) : json();
}

std::string read(const std::filesystem::path &p) {
  std::ifstream f(p, std::ios::binary);
  if (!f) throw std::runtime_error("cannot read " + p.string());
  return {std::istreambuf_iterator<char>(f), {}};
}

}  // namespace

std::vector<Captured> captured() {
  std::vector<Captured> out;
  for (const auto &e : std::filesystem::directory_iterator(ACLK_GOLDEN_DIR)) {
    if (e.path().extension() != ".bin") continue;
    const auto stem = e.path().stem().string();
    out.push_back({stem, stem.substr(0, stem.rfind('-')), read(e.path()),
                   json::parse(read(std::filesystem::path(e.path()).replace_extension(".json")))});
  }
  std::ranges::sort(out, {}, &Captured::file);
  return out;
}

json decoded_as_json(std::string_view message, std::string_view bytes) {
  static const std::map<std::string_view, json (*)(std::string_view)> kCodecs{
      {"UpdateAgentConnection", as_json<decode_update_agent_connection>},
      {"CreateNodeInstance", as_json<decode_create_node_instance>},
      {"UpdateNodeInstanceConnection", as_json<decode_update_node_instance_connection>},
      {"UpdateNodeInfo", as_json<decode_update_node_info>},
      {"UpdateNodeCollectors", as_json<decode_update_node_collectors>},
      {"ContextsSnapshot", as_json<decode_contexts_snapshot>},
      {"ContextsUpdated", as_json<decode_contexts_updated>},
      {"AlarmLogEntry", as_json<decode_alarm_log_entry>},
      {"AlarmSnapshot", as_json<decode_alarm_snapshot>},
      {"ProvideAlarmConfiguration", as_json<decode_provide_alarm_configuration>},
  };
  return kCodecs.at(message)(bytes);
}

}  // namespace aclk::proto::test
