// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where aclk.plugin's local socket is. The supervisor, which makes it, and netdata-aclk, which asks it, go by the same
// list. Pure.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace aclk::external {

// In order of preference; the supervisor takes the first directory that it can write to:
//   [plugin:aclk] socket = /PATH    that and no other; "no" or "none": there is no socket; anything else as if not set
//   RUN/aclk.sock                   if the agent says where its run directory is (2.x)
//   /run/netdata/aclk.sock          for the agent of the system, which is the one whose library directory is
//                                   /var/lib/netdata: others would meet there
//   LIB/aclk.sock
[[nodiscard]] std::vector<std::filesystem::path> socket_places(std::string_view setting,
                                                               const std::filesystem::path &run_dir,
                                                               const std::filesystem::path &lib_dir);

}  // namespace aclk::external
