// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does this agent start aclk.plugin? Its configuration may keep it from that, and it may have given it up.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "claim/proxy.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

// By its configuration: agents start any *.plugin file in the directories of [directories] plugins, unless [plugins]
// says no to it by name, or to all that are not named.
//
// [directories] plugins (in old files [global] plugins directory): words between white space and commas, each in
// quotes or not. Empty when it is not set: the agent then uses those that it was built with.
[[nodiscard]] std::vector<std::filesystem::path> plugin_directories(const NetdataConf &conf);

// Where aclk.plugin is installed: the first file of that name in the directories that the environment of a plugin
// names, in those of netdata.conf, and where packages put it. Empty if there is none.
[[nodiscard]] std::string installed_plugin(const NetdataConf &conf, const claim::Getenv &getenv);

// What keeps the agent from starting the plugin, and what to change; empty if nothing in netdata.conf does.
// plugin_file: where aclk.plugin is installed; empty = not known, and its directory is not judged.
[[nodiscard]] std::string why_not_started(const NetdataConf &conf, std::string_view plugin_file);

// By what it has done: it gives a plugin up after a number of runs that bring nothing, which is what a file that was
// away for two minutes looks like to it, and starts it again only when it is itself started again
// (plugin-api/external/README.md, "Exit and restart"). Its log is the only place that shows it.
//
// What the end of an agent's error.log says.
[[nodiscard]] bool says_given_up(std::string_view log);

// Where this agent keeps it: [logs] error in netdata.conf, else error.log in [directories] log, in the directory that
// the environment names, or where packages put it. Empty when its log is no file.
[[nodiscard]] std::filesystem::path agent_error_log(const NetdataConf &conf, const claim::Getenv &getenv);

// A sentence with what to do, if the end of that file says so; empty if not, and when it cannot be read.
[[nodiscard]] std::string why_given_up(const NetdataConf &conf, const claim::Getenv &getenv);

}  // namespace aclk::external
