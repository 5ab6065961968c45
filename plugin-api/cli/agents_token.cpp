// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/agents_token.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "claim/ini.h"
#include "claim/token_file.h"

namespace aclk::cli {
namespace fs = std::filesystem;
namespace {

using claim::ExitCode;

bool is_theirs(const claim::AgentPlaces &places, const fs::path &file) {
  const auto user = claim::agent_user(places);
  return user && *user && claim::lies_with(file, **user);
}

Error named_by_environment(const Error &e) {
  return {e.code,
          fmt::format("{} (named by {}); {}", e.what, claim::kTokenFileVariable, claim::token_file_advice(e.code))};
}

}  // namespace

Result<std::optional<fs::path>> token_file_named_by_environment() {
  const auto getenv = claim::process_environment();
  if (claim::environment_has_token(getenv)) {
    if (const auto value = getenv(claim::kTokenFileVariable).value_or(""); !claim::unquoted(value).empty())
      fmt::print(stderr, "warning: NETDATA_CLAIM_TOKEN and {} are both set: NETDATA_CLAIM_TOKEN counts\n",
                 claim::kTokenFileVariable);
    return std::optional<fs::path>();
  }
  auto file = claim::token_file_of_environment(getenv);
  if (!file)
    return fail(file.error().code,
                fmt::format("{}; {}", file.error().what, claim::token_file_advice(file.error().code)));
  return *file;
}

tl::expected<std::optional<std::string>, claim::ClaimReport> become_agent_user_with_token(
    const claim::AgentPlaces &places, const std::optional<fs::path> &file, bool by_environment) {
  const bool theirs = file && is_theirs(places, *file);
  std::optional<std::string> token;
  const auto read = [&]() -> Result<void> {
    if (!file) return {};
    auto text = claim::read_token_file(*file);
    if (!text && by_environment) return tl::unexpected<Error>(named_by_environment(text.error()));
    ACLK_TRY(token, std::move(text));
    return {};
  };
  const auto stop = [](ExitCode exit, const Error &e) {
    return tl::unexpected<claim::ClaimReport>(claim::ClaimReport{exit, e.what});
  };
  if (!theirs)
    if (const auto r = read(); !r) return stop(ExitCode::usage, r.error());
  if (const auto r = claim::become_agent_user(places); !r) return stop(ExitCode::wrong_user, r.error());
  if (theirs)
    if (const auto r = read(); !r) return stop(ExitCode::usage, r.error());
  return token;
}

Result<std::string> token_beyond_the_agents_reach(const claim::AgentPlaces &places, const fs::path &file) {
  if (::geteuid() == 0 && is_theirs(places, file))
    return fail(Errc::denied,
                fmt::format("{} lies in a directory of the agent's user: move it to one of root's", file.string()));
  auto token = claim::read_token_file(file);
  if (!token) return tl::unexpected<Error>(named_by_environment(token.error()));
  return token;
}

}  // namespace aclk::cli
