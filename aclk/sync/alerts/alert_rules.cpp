// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/alerts/alert_rules.h"

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

}  // namespace aclk::sync
