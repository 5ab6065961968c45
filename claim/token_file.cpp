// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/token_file.h"

#include <fmt/format.h>

#include "claim/base/files.h"
#include "claim/ini.h"
#include "claim/limits.h"

namespace aclk::claim {
namespace {

constexpr std::size_t kMaxTokenFile = 64U << 10;

}  // namespace

Result<std::string> read_token_file(const std::filesystem::path &file) {
  ACLK_TRY(const auto text, read_file(file, kMaxTokenFile));
  if (const auto trouble = encoding_trouble(text); !trouble.empty())
    return fail(Errc::parse, fmt::format("cannot use {}: {}", file.string(), trouble));
  auto token = std::string(unquoted(text));
  if (token.empty()) return fail(Errc::parse, fmt::format("cannot use {}: it is empty", file.string()));
  return token;
}

Result<std::optional<std::filesystem::path>> token_file_of_environment(const Getenv &getenv) {
  const auto value = getenv(kTokenFileVariable).value_or("");
  const std::filesystem::path file(unquoted(value));
  if (file.empty()) return std::optional<std::filesystem::path>();
  if (!file.is_absolute())
    return fail(Errc::invalid_argument, fmt::format("{} is not the absolute path of a file", kTokenFileVariable));
  return std::optional(file);
}

bool environment_has_token(const Getenv &getenv) {
  const auto value = getenv("NETDATA_CLAIM_TOKEN").value_or("");
  return !unquoted(value).empty();
}

std::string token_file_advice(Errc cause) {
  switch (cause) {
    case Errc::not_found:
      return fmt::format("mount the secret there, or correct {}", kTokenFileVariable);
    case Errc::denied:
      return "let the agent's user read it: by the secret's owner, group and mode";
    case Errc::invalid_argument:
      return "write the path there, or the token itself into NETDATA_CLAIM_TOKEN";
    default:
      return "expected is a file with the token as the cloud shows it, and nothing else";
  }
}

}  // namespace aclk::claim
