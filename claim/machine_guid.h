// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the claim says about this machine: the agent's machine guid and the name it goes by.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "claim/base/result.h"

namespace aclk::claim {

// The UUID in LIB/registry/netdata.public.unique.id, which the agent makes when it first starts; lower case.
// not_found: the agent has never run with this library directory. denied, io, parse: as the sentence says.
[[nodiscard]] Result<std::string> read_machine_guid(const std::filesystem::path &lib_dir);

// `[registry] registry hostname`, else `[global] hostname` of netdata.conf, else what `system_name` gives. Pure.
[[nodiscard]] std::string registry_hostname(std::string_view netdata_conf,
                                            const std::function<std::string()> &system_name);

// gethostname; "unknown" should that fail.
[[nodiscard]] std::string system_hostname();

}  // namespace aclk::claim
