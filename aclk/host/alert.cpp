// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/alert.h"

#include <fmt/format.h>

#include "aclk/host/abi_values.h"
#include "claim/base/uuid.h"

namespace aclk::host {

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
