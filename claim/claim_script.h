// SPDX-License-Identifier: GPL-3.0-or-later
//
// The command line of netdata-claim.sh as 1.37 and 2.x had it, and of netdata-cloud.sh (claim/README.md,
// "netdata-claim.sh of 1.37" to "netdata-cloud.sh"); what an ending is called there. Pure. Who uses an option that
// only 2.x has is answered as 2.x does, everybody else as 1.37 does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/claim_node.h"

namespace aclk::claim {

struct ScriptArguments {
  bool v2 = false;
  std::optional<std::string> token;     // secret
  std::optional<std::string> rooms;     // comma list
  std::optional<std::string> url;       // an empty one counts as not given
  std::optional<std::string> proxy;     // "none" for -noproxy; may hold credentials
  std::optional<std::string> id;        // 1.37 only
  std::optional<std::string> hostname;  // 1.37 only
  std::optional<std::string> user;      // 1.37 only
  bool insecure = false;
  bool verbose = false;
  std::vector<std::string> warnings;  // lines to print
  std::string unknown;                // 1.37: an argument that there is not (its name only): exit 1
};

[[nodiscard]] ScriptArguments parse_script_arguments(const std::vector<std::string> &args);

// The options whose values are secrets, for secrets.h.
[[nodiscard]] std::vector<std::string_view> secret_script_options();

// 1.37: the exit status for how a claim ended (3 stays "switched off"), and the text between the quotes of
// `Failed to claim node with the following error message:"..."`; empty when that line is not printed.
[[nodiscard]] int script_exit(ExitCode exit);
[[nodiscard]] std::string_view script_error(ExitCode exit);
// `Error key was:"..."`, printed with -verbose.
[[nodiscard]] std::string_view script_error_key(ExitCode exit);

// 2.x: the text of claim.conf. Values are one line each.
[[nodiscard]] std::string format_claim_conf(const ScriptArguments &args);

}  // namespace aclk::claim
