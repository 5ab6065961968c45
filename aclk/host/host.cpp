// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "aclk/host/abi_values.h"
#include "aclk/host/readings.h"
#include "claim/base/uuid.h"

namespace aclk::host {
namespace {

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
  const auto reads = [&](auto hook) { return hook != nullptr || t.read != nullptr; };
  const std::pair<const char *, bool> compulsory[] = {
      {"log", t.log != nullptr},
      {"config", t.config != nullptr},
      {"identity", t.identity != nullptr},
      {"directories", t.directories != nullptr},
      {"nodes", reads(t.nodes)},
      {"node_info", reads(t.node_info)},
      {"collectors", reads(t.collectors)},
      {"contexts", reads(t.contexts)},
      {"alert_log", reads(t.alert_log)},
      {"active_alerts", reads(t.active_alerts)},
      {"alert_config", reads(t.alert_config)},
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
  const auto warn = [t](const std::string &line) {
    const auto all = "ACLK: " + line;
    t.log(t.host, NACLK_LOG_DAEMON, NACLK_LOG_ERROR, str(all));
  };
  h.requests_ = std::make_shared<Requests>(warn);
  h.readings_ = std::make_shared<ReadRequests>(warn);
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
