// SPDX-License-Identifier: GPL-3.0-or-later
//
// A host behind the real C ABI that is there and has nothing: no nodes, no alerts, no settings, logs to nowhere. Tests
// replace the hooks they are about.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include <netdata-aclk/plugin.h>

#include "aclk/host/log.h"

namespace aclk::test {

inline naclk_str as_str(std::string_view s) { return {s.data(), s.size()}; }

inline naclk_host empty_host(void *host) {
  naclk_host t{};
  t.size = sizeof t;
  t.abi = NACLK_ABI;
  t.host = host;
  t.log = [](void *, naclk_log_source, naclk_log_level, naclk_str) {};
  t.config = [](void *, naclk_str, naclk_str, naclk_text_fn, void *) { return -ENOENT; };
  t.identity = [](void *, naclk_identity_fn show, void *ctx) {
    naclk_identity i{};
    i.size = sizeof i;
    i.machine_guid = as_str("11111111-1111-4111-8111-111111111111");
    i.hostname = as_str("parent");
    i.agent_version = as_str("v1.37.1");
    return show(ctx, &i);
  };
  t.directories = [](void *, naclk_directories_fn show, void *ctx) {
    naclk_directories d{};
    d.size = sizeof d;
    d.user_config = d.lib = d.log = d.run = as_str("/nonexistent");
    return show(ctx, &d);
  };
  t.nodes = [](void *, naclk_node_fn, void *) { return 0; };
  t.node_info = [](void *, naclk_str, naclk_node_info_fn, void *) { return -ENOENT; };
  t.collectors = [](void *, naclk_str, naclk_collector_fn, void *) { return 0; };
  t.contexts = [](void *, naclk_str, naclk_context_fn, void *) { return 0; };
  t.alert_log = [](void *, naclk_str, std::uint64_t, std::uint32_t, naclk_alert_fn, void *, naclk_alert_log_end *) {
    return 0;
  };
  t.active_alerts = [](void *, naclk_str, naclk_alert_fn, void *) { return 0; };
  t.alert_config = [](void *, naclk_str, naclk_alert_config_fn, void *) { return -ENOENT; };
  t.query = [](void *, const naclk_query *q) { q->complete(q->request, -ENOENT, nullptr); };
  return t;
}

inline host::Host adopted(const naclk_host &table) {
  auto h = host::Host::adopt(&table);
  if (!h) std::abort();
  return std::move(*h);
}

// The empty host with its log.
class HostTable {
 public:
  HostTable() : host_(adopted(empty_host(nullptr))), log_(host_) {}
  HostTable(const HostTable &) = delete;
  HostTable &operator=(const HostTable &) = delete;

  [[nodiscard]] const host::Host &host() const { return host_; }
  [[nodiscard]] const host::Log &log() const { return log_; }

 private:
  host::Host host_;
  host::Log log_;
};

}  // namespace aclk::test
