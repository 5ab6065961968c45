// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "aclk/host/abi_values.h"
#include "aclk/host/alert.h"
#include "claim/base/uuid.h"

namespace aclk::host {
namespace {

Capabilities take_capabilities(const naclk_capability *c, std::size_t n) {
  Capabilities out;
  out.reserve(n);
  for (std::size_t i = 0; i < n; ++i) out.push_back({text(c[i].name), c[i].version, c[i].enabled != 0});
  return out;
}

// A visitor as a lambda: ctx points at it. Nothing may leave a C callback but a number.
template <class Fn, class T>
int visit(void *ctx, const T *item) {
  try {
    (*static_cast<Fn *>(ctx))(take(item));
    return 0;
  } catch (...) {
    return 1;  // out of memory: end the listing
  }
}

template <class Fn>
int show_text(void *ctx, naclk_str t) {
  try {
    (*static_cast<Fn *>(ctx))(view(t));
    return 0;
  } catch (...) {
    return 1;
  }
}

template <class T, class Fn>
auto visitor(Fn &) {
  return static_cast<int (*)(void *, const T *)>(visit<Fn, T>);
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

Result<Host> Host::adopt(const naclk_host *table) {
  if (table == nullptr) return fail(Errc::invalid_argument, "no host was given");
  if (table->size < offsetof(naclk_host, host) + sizeof(void *))
    return fail(Errc::invalid_argument, "naclk_host.size is not set: it must be sizeof(struct naclk_host)");
  if ((table->abi >> 16) != NACLK_ABI_MAJOR)
    return fail(Errc::unsupported,
                fmt::format("this host speaks ABI {}.{}, this module {}.{}: build both with the same "
                            "<netdata-aclk/plugin.h>, their major versions must be equal",
                            table->abi >> 16, table->abi & 0xffffU, NACLK_ABI_MAJOR, NACLK_ABI_MINOR));
  Host h;
  h.table_ = take(table);
  const auto &t = h.table_;
  const std::pair<const char *, bool> compulsory[] = {
      {"log", t.log != nullptr},
      {"config", t.config != nullptr},
      {"identity", t.identity != nullptr},
      {"directories", t.directories != nullptr},
      {"nodes", t.nodes != nullptr},
      {"node_info", t.node_info != nullptr},
      {"collectors", t.collectors != nullptr},
      {"contexts", t.contexts != nullptr},
      {"alert_log", t.alert_log != nullptr},
      {"active_alerts", t.active_alerts != nullptr},
      {"alert_config", t.alert_config != nullptr},
      {"query", t.query != nullptr},
  };
  for (const auto &[name, there] : compulsory)
    if (!there) return fail(Errc::invalid_argument, fmt::format("naclk_host.{} is missing", name));

  auto on_identity = [&](const naclk_identity &i) {
    h.identity_ = {text(i.machine_guid),
                   text(i.hostname),
                   text(i.registry_hostname),
                   text(i.agent_version),
                   take_capabilities(i.capabilities, i.capability_count),
                   i.query_threads};
  };
  ACLK_CHECK(check(t.identity(t.host, visitor<naclk_identity>(on_identity), &on_identity), "its identity"));
  if (auto guid = parse_uuid(h.identity_.machine_guid))
    h.identity_.machine_guid = *guid;
  else
    return fail(Errc::invalid_argument, fmt::format("the machine guid \"{}\" is not a UUID", h.identity_.machine_guid));
  auto on_directories = [&](const naclk_directories &d) {
    h.directories_ = {text(d.user_config), text(d.lib), text(d.log), text(d.run)};
  };
  ACLK_CHECK(
      check(t.directories(t.host, visitor<naclk_directories>(on_directories), &on_directories), "its directories"));
  if (h.directories_.lib.empty()) return fail(Errc::invalid_argument, "the host has no lib directory");
  h.requests_ = std::make_shared<Requests>([t](const std::string &line) {
    const auto all = "ACLK: " + line;
    t.log(t.host, NACLK_LOG_DAEMON, NACLK_LOG_ERROR, str(all));
  });
  return h;
}

void Host::log(naclk_log_source source, naclk_log_level level, std::string_view line) const {
  table_.log(table_.host, source, level, str(line));
}

Result<std::optional<std::string>> Host::setting(std::string_view section, std::string_view key) const {
  std::optional<std::string> value;
  auto on_text = [&](std::string_view v) { value = std::string(v); };
  const int rc = table_.config(table_.host, str(section), str(key), show_text<decltype(on_text)>, &on_text);
  if (rc >= 0) return value;
  if (rc == -ENOENT) return std::nullopt;
  return fail(Errc::io,
              value && !value->empty() ? *value : fmt::format("netdata.conf cannot be read: {}", std::strerror(-rc)));
}

std::optional<std::string> Host::config(std::string_view section, std::string_view key) const {
  return setting(section, key).value_or(std::nullopt);
}

Result<std::vector<Node>> Host::nodes() const {
  std::vector<Node> out;
  auto on_node = [&](const naclk_node &n) {
    const auto guid = parse_uuid(view(n.machine_guid));
    if (!guid) return;  // cannot be told to anybody
    out.push_back({.machine_guid = *guid,
                   .hostname = text(n.hostname),
                   .hops = n.hops,
                   .local = n.local != 0,
                   .live = n.live != 0,
                   .replicating = n.replicating != 0,
                   .health_enabled = n.health_enabled != 0,
                   .ml_capable = n.ml_capable != 0,
                   .ml_enabled = n.ml_enabled != 0,
                   .capabilities = take_capabilities(n.capabilities, n.capability_count)});
  };
  return noted("the list of nodes",
               check(table_.nodes(table_.host, visitor<naclk_node>(on_node), &on_node), "its nodes"))
      .map([&] { return std::move(out); });
}

Result<proto::NodeInfo> Host::node_info(std::string_view machine_guid) const {
  std::optional<proto::NodeInfo> out;
  auto on_info = [&](const naclk_node_info &i) {
    out = proto::NodeInfo{.name = text(i.name),
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
                          .machine_guid = std::string(machine_guid),
                          .host_labels = {},
                          .ml_info = {.ml_capable = i.own_ml_capable != 0, .ml_enabled = i.own_ml_enabled != 0}};
    for (std::size_t l = 0; l < i.label_count; ++l)
      out->host_labels.emplace(text(i.labels[l].key), text(i.labels[l].value));
  };
  const auto what = fmt::format("the facts of node {}", machine_guid);
  ACLK_CHECK(noted(
      what,
      check(table_.node_info(table_.host, str(machine_guid), visitor<naclk_node_info>(on_info), &on_info), what)));
  if (!out) return fail(Errc::io, fmt::format("the agent's database showed nothing about node {}", machine_guid));
  return std::move(*out);
}

Result<std::vector<proto::CollectorInfo>> Host::collectors(std::string_view machine_guid) const {
  std::vector<proto::CollectorInfo> out;
  auto on_collector = [&](const naclk_collector &c) {
    out.push_back({.module = text(c.module), .plugin = text(c.plugin)});
  };
  const auto what = fmt::format("the collectors of node {}", machine_guid);
  return noted(what, check(table_.collectors(table_.host, str(machine_guid), visitor<naclk_collector>(on_collector),
                                             &on_collector),
                           what))
      .map([&] { return std::move(out); });
}

Result<std::vector<proto::ContextUpdated>> Host::contexts(std::string_view machine_guid) const {
  std::vector<proto::ContextUpdated> out;
  auto on_context = [&](const naclk_context &c) {
    out.push_back({.id = text(c.id),
                   .first_entry = c.first_s,
                   .last_entry = c.collected != 0 ? 0 : c.last_s,
                   .title = text(c.title),
                   .priority = c.priority,
                   .chart_type = text(c.chart_type),
                   .units = text(c.units),
                   .family = text(c.family)});
  };
  const auto what = fmt::format("the contexts of node {}", machine_guid);
  return noted(what,
               check(table_.contexts(table_.host, str(machine_guid), visitor<naclk_context>(on_context), &on_context),
                     what))
      .map([&] { return std::move(out); });
}

Result<AlertLog> Host::alert_log(std::string_view machine_guid, std::uint64_t after, std::uint32_t limit) const {
  AlertLog out;
  naclk_alert_log_end end{};
  end.size = sizeof end;
  end.last_log_id = after;
  auto on_alert = [&](const naclk_alert &a) { out.entries.push_back(alert_of(a, machine_guid)); };
  const auto what = fmt::format("the alert log of node {}", machine_guid);
  ACLK_CHECK(noted(what, check(table_.alert_log(table_.host, str(machine_guid), after, limit,
                                                visitor<naclk_alert>(on_alert), &on_alert, &end),
                               what)));
  out.last_log_id = end.last_log_id;
  out.gap = end.gap != 0;
  return out;
}

Result<std::vector<proto::Alert>> Host::active_alerts(std::string_view machine_guid) const {
  std::vector<proto::Alert> out;
  auto on_alert = [&](const naclk_alert &a) { out.push_back(alert_of(a, machine_guid)); };
  const auto what = fmt::format("the alerts of node {}", machine_guid);
  return noted(what,
               check(table_.active_alerts(table_.host, str(machine_guid), visitor<naclk_alert>(on_alert), &on_alert),
                     what))
      .map([&] { return std::move(out); });
}

Result<proto::AlarmConfiguration> Host::alert_config(std::string_view config_hash) const {
  std::optional<proto::AlarmConfiguration> out;
  auto on_config = [&](const naclk_alert_config &c) { out = take_config(c); };
  ACLK_CHECK(
      check(table_.alert_config(table_.host, str(config_hash), visitor<naclk_alert_config>(on_config), &on_config),
            fmt::format("the alert definition {}", config_hash)));
  if (!out) return fail(Errc::not_found, fmt::format("no alert has the definition {}", config_hash));
  return std::move(*out);
}

void Host::query(RequestId id, naclk_query question) const {
  question.request = requests_->handle(id);
  question.complete = [](naclk_request r, int error, const naclk_reply *reply) {
    static_cast<Requests *>(r.module)->complete(r.id, error, reply);
  };
  question.interrupted = [](naclk_request r) { return static_cast<Requests *>(r.module)->interrupted(r.id) ? 1 : 0; };
  table_.query(table_.host, &question);
}

void Host::cancel_query(RequestId id) const {
  if (requests_->interrupt(id) && table_.query_cancelled != nullptr)
    table_.query_cancelled(table_.host, requests_->handle(id));
}

void Host::note(const std::string &what, const Error *error) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const Outage::Moment moment{std::chrono::steady_clock::now(),
                              std::chrono::duration_cast<std::chrono::seconds>(now).count()};
  if (const auto line = reads_->ended(what, error, moment))
    log(NACLK_LOG_DAEMON, line->first ? NACLK_LOG_ERROR : NACLK_LOG_INFO, "ACLK: " + line->second);
}

std::vector<Unreadable> Host::unreadable() const { return reads_->unreadable({std::chrono::steady_clock::now(), 0}); }

void Host::interest(std::uint32_t kinds) const {
  if (table_.interest != nullptr) table_.interest(table_.host, kinds);
}

void Host::store_node_id(std::string_view machine_guid, std::string_view claim_id, std::string_view node_id) const {
  if (table_.store_node_id != nullptr)
    table_.store_node_id(table_.host, str(machine_guid), str(claim_id), str(node_id));
}

}  // namespace aclk::host
