// SPDX-License-Identifier: GPL-3.0-or-later
//
// Facts about alert transitions (aclk/sync/README.md, "Alerts"). Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "aclk/host/host.h"
#include "proto/alarms.h"

namespace aclk::sync {

// How long after its time a transition is told to the cloud: alerts that come and go within it are never heard of.
[[nodiscard]] std::chrono::seconds tell_after(proto::AlarmStatus from, proto::AlarmStatus to);

// The id of a transition whose host has none: the same for ever, made of machine guid, position in the log, alert and
// time.
[[nodiscard]] std::string derived_transition_id(std::string_view machine_guid, const host::Alert &alert);

// The entry as it is kept: with a transition id, without node and claim.
[[nodiscard]] std::string kept_entry(std::string_view machine_guid, host::Alert alert);

// A kept entry as it is sent. nullopt: these bytes are none.
[[nodiscard]] std::optional<proto::AlarmLogEntry> wire_entry(std::string_view kept, std::string_view claim_id,
                                                             std::string_view node_id);

}  // namespace aclk::sync
