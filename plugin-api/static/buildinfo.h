// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lines of `-W buildinfo` about the link (aclk/report/README.md, "Build information"), and the libraries it runs
// with.
#pragma once

#include <string>
#include <vector>

namespace aclk::static_entry {

[[nodiscard]] std::vector<std::string> buildinfo_lines();

// The JSON keys of all generations (aclk/report/README.md, "Build information"), as one object.
[[nodiscard]] std::string buildinfo_json();

}  // namespace aclk::static_entry
