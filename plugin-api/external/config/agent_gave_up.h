// SPDX-License-Identifier: GPL-3.0-or-later
//
// Has the agent stopped to try aclk.plugin? It does after a number of runs that bring nothing, which is what a file
// that was away for two minutes looks like to it, and starts the plugin again only when it is itself started again
// (plugin-api/external/README.md, "Exit and restart"). Its log is the only place that tells.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "claim/proxy.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

// What the end of an agent's error.log says.
[[nodiscard]] bool says_given_up(std::string_view log);

// Where this agent keeps it: [logs] error in netdata.conf, else error.log in [directories] log, in the directory that
// the environment tells, or where packages put it. Empty when its log is no file.
[[nodiscard]] std::filesystem::path agent_error_log(const NetdataConf &conf, const claim::Getenv &getenv);

// A sentence with what to do, if the end of that file says so; empty if not, and when it cannot be read.
[[nodiscard]] std::string why_given_up(const NetdataConf &conf, const claim::Getenv &getenv);

}  // namespace aclk::external
