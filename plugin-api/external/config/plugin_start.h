// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does the configuration of this agent let it start aclk.plugin? Agents start any *.plugin file in the directories of
// [directories] plugins, unless [plugins] says no to it by name, or to all that are not named.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "claim/proxy.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

// [directories] plugins (in old files [global] plugins directory): words between white space and commas, each in
// quotes or not. Empty when it is not set: the agent then uses those that it was built with.
[[nodiscard]] std::vector<std::filesystem::path> plugin_directories(const NetdataConf &conf);

// Where aclk.plugin is installed: the first file of that name in the directories that the environment of a plugin
// tells, in those of netdata.conf, and where packages put it. Empty if there is none.
[[nodiscard]] std::string installed_plugin(const NetdataConf &conf, const claim::Getenv &getenv);

// What keeps the agent from starting the plugin, and what to change; empty if nothing in netdata.conf does.
// plugin_file: where aclk.plugin is installed; empty = not known, and its directory is not judged.
[[nodiscard]] std::string why_not_started(const NetdataConf &conf, std::string_view plugin_file);

// [web] mode = none: an agent without a web server cannot be read.
[[nodiscard]] bool has_no_web_server(const NetdataConf &conf);
inline constexpr std::string_view kNoWebServer =
    "this agent runs no web server ([web] mode = none in netdata.conf), so its data cannot be read; set "
    "mode = static-threaded, with bind to = unix:/run/netdata/netdata.sock if nothing is to listen on TCP";

}  // namespace aclk::external
