// SPDX-License-Identifier: GPL-3.0-or-later
//
// What files and settings tell, and the plugin that runs: no socket leaves the machine here.
#pragma once

#include <string>

#include "plugin-api/external/doctor/finding.h"
#include "plugin-api/external/doctor/patient.h"

namespace aclk::doctor {

// Versions of this program and of the libraries that it runs with.
[[nodiscard]] Finding check_versions();
// cloud.conf and netdata.conf [cloud]: URL, proxy, trust, what could not be used.
[[nodiscard]] Findings check_settings(const Patient &patient);
// Claimed or not, keys, whether it is this machine's; modes and owners of the files (nothing is changed).
[[nodiscard]] Findings check_identity(const Patient &patient);
// Can the durable state be written?
[[nodiscard]] Finding check_disk(const Patient &patient);
// The agent's API, as the plugin finds it. Takes up to 10 s.
[[nodiscard]] Finding check_agent(const Patient &patient);

// The plugin, by its local socket.
struct RunningLink {
  bool there = false;
  bool online = false;
  std::string state;   // "online", "waiting"
  std::string reason;  // of its last attempt
};
[[nodiscard]] RunningLink ask_running_link(const Patient &patient);
[[nodiscard]] Finding check_running(const Patient &patient, const RunningLink &link);

}  // namespace aclk::doctor
