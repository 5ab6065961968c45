// SPDX-License-Identifier: GPL-3.0-or-later
//
// `netdata-aclk claim-script`: what netdata-claim.sh and netdata-cloud.sh call with all of their arguments. The words
// and exit codes are those of the scripts (claim/claim_script.h), the work is that of `netdata-aclk claim`.
#pragma once

#include <string>
#include <vector>

namespace aclk::cli {

// Runs it; the exit status. `arguments`: what comes after "claim-script".
[[nodiscard]] int run_claim_script(const std::vector<std::string> &arguments);

}  // namespace aclk::cli
