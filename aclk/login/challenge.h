// SPDX-License-Identifier: GPL-3.0-or-later
//
// The second half of a login: the challenge, what is answered to it, and the password that comes back, with the topics
// (aclk/session/README.md, "Challenge", "Password"). Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/login/status.h"
#include "proto/message_types.h"

namespace aclk::login {

// Base64 as the challenge and its answer have it: standard alphabet, padded, no line breaks.
// At most 1 MiB of input; nothing here needs a kilobyte.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
// nullopt for anything that base64_encode would not have written.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

// The 256 bytes to be decrypted. otp_challenge_invalid unless it is one JSON string of exactly 344 characters of
// base64.
[[nodiscard]] Verdict<std::string> parse_challenge(std::string_view body);

// Body of the password request. plain = the decrypted challenge; agent_version with the leading v.
[[nodiscard]] std::string challenge_answer(std::string_view agent_version, std::string_view plain);

// The topics that a cloud gave to an agent with its password (proto/README.md, "Topics").
struct Topics {
  std::array<std::string, proto::kTopicCount> full;  // by Topic; the claim id filled in
  [[nodiscard]] const std::string &operator[](proto::Topic t) const { return full[static_cast<std::size_t>(t)]; }
};

// The answer of the password request: how to log in to the broker.
struct Password {
  std::string client_id;
  std::string username;
  std::string password;  // secret
  Topics topics;
  std::vector<std::string> notes;  // for the log, at error; a few at most
};

// otp_password_empty, no_lwt_topic (no agent-connection), else otp_password_not_json. No sentence or note quotes a
// value. Topics: the first #{claim_id} of each is replaced; the first usable entry of a name counts. Not usable, and
// noted, is what a broker would end the connection for: an empty topic, one over kMaxTopicBytes, a NUL, a wildcard in a
// topic to publish to. The names of v1.37.1, alarm-log and alarm-snapshot, are taken if those with -v2 are not there.
[[nodiscard]] Verdict<Password> parse_password(std::string_view body, std::string_view claim_id);

inline constexpr std::size_t kMaxTopicBytes = 1024;

}  // namespace aclk::login
