// SPDX-License-Identifier: GPL-3.0-or-later
//
// The hooks of <netdata-aclk/plugin.h>, one hooks_*.cpp per subject. `host` is the ExternalHost. They return what the
// header says, and never throw.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cerrno>
#include <exception>
#include <new>
#include <optional>
#include <string>

#include "claim/base/uuid.h"
#include "plugin-api/external/hooks/external_host.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external::hooks {

void log(void *host, naclk_log_source source, naclk_log_level level, naclk_str line) noexcept;
int config(void *host, naclk_str section, naclk_str key, naclk_text_fn show, void *ctx) noexcept;
int identity(void *host, naclk_identity_fn show, void *ctx) noexcept;
int directories(void *host, naclk_directories_fn show, void *ctx) noexcept;
int nodes(void *host, naclk_node_fn visit, void *ctx) noexcept;
int node_info(void *host, naclk_str machine_guid, naclk_node_info_fn show, void *ctx) noexcept;
int collectors(void *host, naclk_str machine_guid, naclk_collector_fn visit, void *ctx) noexcept;
int contexts(void *host, naclk_str machine_guid, naclk_context_fn visit, void *ctx) noexcept;
int alert_log(void *host, naclk_str machine_guid, uint64_t after, uint32_t limit, naclk_alert_fn visit, void *ctx,
              naclk_alert_log_end *end) noexcept;
int active_alerts(void *host, naclk_str machine_guid, naclk_alert_fn visit, void *ctx) noexcept;
int alert_config(void *host, naclk_str config_hash, naclk_alert_config_fn show, void *ctx) noexcept;
void interest(void *host, uint32_t kinds) noexcept;
void query(void *host, const naclk_query *query) noexcept;
void query_cancelled(void *host, naclk_request request) noexcept;

// Runs the body of a hook: it gets the ExternalHost and returns 0 or a negated errno.
template <class Body>
int guarded(void *host, Body body) noexcept {
  try {
    return body(*static_cast<ExternalHost *>(host));
  } catch (const std::bad_alloc &) {
    return -ENOMEM;
  } catch (const std::exception &) {
    return -EIO;
  }
}

// Shows items until the visitor has enough of them.
template <class Items, class Visit>
int show_all(const Items &items, Visit visit, void *ctx) {
  for (const auto &item : items)
    if (show(item, visit, ctx) != 0) break;
  return 0;
}

// The node a hook was asked about; nullopt if that is not a UUID, so no node's.
[[nodiscard]] inline std::optional<std::string> node_of(naclk_str machine_guid) {
  return parse_uuid(text(machine_guid));
}

}  // namespace aclk::external::hooks
