// SPDX-License-Identifier: GPL-3.0-or-later
//
// Command lines, one argument a line: netdata-claim.sh's (claim/claim_script.h), whose claim.conf says what was asked
// for, and aclk.plugin's own (plugin-api/external/config/environment.h).
#include <algorithm>
#include <string>
#include <vector>

#include "claim/claim_script.h"
#include "claim/claim_sources.h"
#include "claim/ini.h"
#include "plugin-api/external/config/environment.h"
#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

std::vector<std::string> arguments(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\n'), bytes.size());
    out.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return out;
}

}  // namespace

void fuzz(std::string_view bytes) {
  const auto args = arguments(bytes);
  const auto script = claim::parse_script_arguments(args);
  for (const auto &w : script.warnings) require(!w.empty(), "a warning says something");
  const auto text = claim::format_claim_conf(script);
  require(std::ranges::count(text, '\n') == 6, "claim.conf has one line for each value");
  claim::ClaimFiles files;
  files.claim_conf.text = text;
  const auto found = claim::written_claims(files, [](const char *) { return std::nullopt; });
  require(found.size() <= 1 && (found.empty() || script.token), "it asks for a claim only with a token");
  require(found.empty() || found[0].insecure == script.insecure, "and verifies as was said");

  const auto plugin = external::parse_options(args, external::StartedBy::agent);
  require(plugin.update_every.count() >= 1 && plugin.update_every.count() <= 86400, "an interval is in range");
}

}  // namespace aclk::fuzz
