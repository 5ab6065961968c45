// SPDX-License-Identifier: GPL-3.0-or-later
//
// A transition of an alert, as a host shows it, made ready for the store and the wire.
#pragma once

#include <netdata-aclk/plugin.h>

#include <string_view>

#include "proto/alarms.h"

namespace aclk::host {

// Encodes it, the only time. It lacks node_id and claim_id, which are known when it is sent; alert_version is its time.
// A transition without an id gets one that is the same for ever, made of machine guid, position in the log, alert and
// time; an alert without an alert_id that of its chart and name. Never sent, with an empty entry, are a `variable`
// alert and one whose entry would be larger than proto::kMaxAlarm.
[[nodiscard]] proto::Alert alert_of(const naclk_alert &told, std::string_view machine_guid);

}  // namespace aclk::host
