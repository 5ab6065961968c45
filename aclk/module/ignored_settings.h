// SPDX-License-Identifier: GPL-3.0-or-later
//
// Settings of netdata.conf that older agents knew, and that mean nothing here: named in the log, with the reason, when
// they ask for something else than what happens (claim/README.md, "Settings in netdata.conf"). Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace aclk::module {

// nullopt when the key is not set.
using ReadSetting = std::function<std::optional<std::string>(const char *section, const char *key)>;

// A line for each, without secrets.
[[nodiscard]] std::vector<std::string> ignored_settings(const ReadSetting &read);

}  // namespace aclk::module
