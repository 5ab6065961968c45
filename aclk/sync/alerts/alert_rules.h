// SPDX-License-Identifier: GPL-3.0-or-later
//
// Facts about alert transitions (aclk/sync/README.md, "Alerts"). Pure functions.
#pragma once

#include <chrono>

#include "proto/alarms.h"

namespace aclk::sync {

// How long after its time a transition is told to the cloud: alerts that come and go within it are never heard of.
[[nodiscard]] std::chrono::seconds tell_after(proto::AlarmStatus from, proto::AlarmStatus to);

}  // namespace aclk::sync
