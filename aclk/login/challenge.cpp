// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/challenge.h"

#include <fmt/format.h>

#include "aclk/login/base64.h"
#include "aclk/login/json.h"

namespace aclk::login {
namespace {

// The size of an RSA-2048 cipher text, and of its base64.
constexpr std::size_t kChallengeBytes = 256;
constexpr std::size_t kChallengeChars = 344;

tl::unexpected<LoginError> invalid(std::string_view why) {
  return refuse(Status::otp_challenge_invalid, Errc::parse,
                fmt::format("challenge: the answer cannot be used: {}", why));
}

}  // namespace

Verdict<std::string> parse_challenge(std::string_view body) {
  if (body.empty()) return invalid("it is empty");
  const auto doc = parse_json_object(body);
  if (!doc) return invalid(doc.error().what);
  const auto *const text = doc->string("challenge");
  if (text == nullptr) return invalid(R"("challenge" is not there, or no string)");
  if (text->size() != kChallengeChars)
    return invalid(fmt::format("{} characters instead of {}", text->size(), kChallengeChars));
  auto cipher = base64_decode(*text);
  if (!cipher || cipher->size() != kChallengeBytes)
    return invalid(fmt::format("it is not the base64 of {} bytes", kChallengeBytes));
  return std::move(*cipher);
}

std::string challenge_answer(std::string_view agent_version, std::string_view plain) {
  // Written by hand: this text, with its one space, is what the cloud has always got.
  const auto version = nlohmann::json(agent_version).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return fmt::format(R"({{"agent_version":{}, "response":"{}"}})", version, base64_encode(plain));
}

}  // namespace aclk::login
