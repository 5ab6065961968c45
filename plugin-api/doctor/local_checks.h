// SPDX-License-Identifier: GPL-3.0-or-later
//
// What files and settings tell, and the plugin that runs: no socket leaves the machine here.
#pragma once

#include "plugin-api/doctor/agent_checks.h"
#include "plugin-api/doctor/doctor_context.h"
#include "plugin-api/doctor/finding.h"

namespace aclk::doctor {

// Versions of this program and of the libraries that it runs with.
[[nodiscard]] Finding check_versions();
// cloud.conf and netdata.conf [cloud]: URL, proxy, trust, what could not be used.
[[nodiscard]] Findings check_settings(const DoctorContext &context);
// Claimed or not, keys, whether it is this machine's; modes and owners of the files (nothing is changed). What a plugin
// that runs says of a claim that is written down counts.
[[nodiscard]] Findings check_identity(const DoctorContext &context, const RunningLink &running);
// What the agent has to read, and cannot: this process is the agent's user. Empty: nothing of that kind.
[[nodiscard]] Findings check_readable(const DoctorContext &context);
// Can the durable state be written, and its database be read? The word of a plugin that runs comes first.
[[nodiscard]] Finding check_disk(const DoctorContext &context, const RunningLink &running);
// The agent's API: where a plugin that runs has found it, else as one would find it. Takes up to 10 s.
[[nodiscard]] Finding check_agent(const DoctorContext &context, const RunningLink &running);
// How the plugin is; when it is not: what keeps an agent from starting it.
[[nodiscard]] Finding check_plugin(const DoctorContext &context, const RunningLink &running);

}  // namespace aclk::doctor
