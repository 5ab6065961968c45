// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/challenge.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "aclk/login/json.h"

namespace aclk::login {
namespace {

constexpr std::size_t kMaxInput = 1U << 20;  // OpenSSL counts in int

unsigned char *out(std::string &s) { return reinterpret_cast<unsigned char *>(s.data()); }
const unsigned char *in(std::string_view s) { return reinterpret_cast<const unsigned char *>(s.data()); }

}  // namespace

std::string base64_encode(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxInput) return {};
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that OpenSSL appends
  const int n = EVP_EncodeBlock(out(text), in(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(n));
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > 2 * kMaxInput) return std::nullopt;
  if (text.empty()) return std::string();
  std::string bytes(text.size() / 4 * 3, '\0');
  const int n = EVP_DecodeBlock(out(bytes), in(text), static_cast<int>(text.size()));
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (n < 0 || static_cast<std::size_t>(n) != bytes.size()) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  // EVP_DecodeBlock forgives white space around, padding inside and stray bits at the end: compare with the only right
  // spelling.
  if (base64_encode(bytes) != text) return std::nullopt;
  return bytes;
}
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
