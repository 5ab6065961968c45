// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/secrets.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "claim/ini.h"
#include "claim/settings.h"

namespace aclk::cli {
namespace fs = std::filesystem;
namespace {

// Through volatile, so that the writes are not dropped as dead.
void overwrite(char *text) {
  for (volatile char *p = text; *p != '\0'; ++p) *p = 'x';
}

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

std::vector<std::string> take_arguments(int argc, char **argv, std::span<const std::string_view> secret_options) {
  std::vector<std::string> copy(argv, argv + argc);
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    for (const auto option : secret_options) {
      if (arg == option && i + 1 < argc) overwrite(argv[i + 1]);
      if (arg.starts_with(option) && arg.substr(option.size()).starts_with('=')) overwrite(argv[i] + option.size() + 1);
    }
  }
  return copy;
}

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
    const claim::AgentPlaces &places, const std::optional<fs::path> &file, TokenFileNamedBy by) {
  const bool theirs = file && is_theirs(places, *file);
  std::optional<std::string> token;
  const auto read = [&]() -> Result<void> {
    if (!file) return {};
    auto text = claim::read_token_file(*file);
    if (!text && by == TokenFileNamedBy::environment) return tl::unexpected<Error>(named_by_environment(text.error()));
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
