// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/alerts/alert_rules.h"

#include <fmt/format.h>

#include <utility>

#include "claim/base/uuid.h"

namespace aclk::sync {

using proto::AlarmStatus;
using namespace std::chrono_literals;

std::chrono::seconds tell_after(AlarmStatus from, AlarmStatus to) {
  const auto unborn = [](AlarmStatus s) { return s == AlarmStatus::not_a_number || s == AlarmStatus::unknown; };
  const auto raised = [](AlarmStatus s) { return s == AlarmStatus::warning || s == AlarmStatus::critical; };
  if (from == AlarmStatus::removed) return to == AlarmStatus::unknown ? 600s : to == AlarmStatus::clear ? 10s : 0s;
  if (unborn(from)) return to == AlarmStatus::removed || unborn(to) ? 600s : to == AlarmStatus::clear ? 10s : 0s;
  if (from == AlarmStatus::clear) return to == AlarmStatus::removed || unborn(to) ? 600s : 0s;
  if (raised(from)) return unborn(to) ? 600s : to == AlarmStatus::removed || to == AlarmStatus::clear ? 10s : 0s;
  return 0s;
}

std::string derived_transition_id(std::string_view machine_guid, const host::Alert &a) {
  return named_uuid(machine_guid, fmt::format("{}/{}/{}", a.log_id, a.alert_id, a.entry.when));
}

std::string kept_entry(std::string_view machine_guid, host::Alert alert) {
  auto &e = alert.entry;
  if (e.transition_id.empty()) e.transition_id = derived_transition_id(machine_guid, alert);
  e.alert_version = e.when;
  return proto::encode(e);
}

std::optional<proto::AlarmLogEntry> wire_entry(std::string_view kept, std::string_view claim_id,
                                               std::string_view node_id) {
  auto e = proto::decode_alarm_log_entry(kept);
  if (!e) return std::nullopt;
  e->claim_id = claim_id;
  e->node_id = node_id;
  return e;
}

}  // namespace aclk::sync
