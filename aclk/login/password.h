// SPDX-License-Identifier: GPL-3.0-or-later
//
// The answer of the password request: how to log in to the broker, and the topics (aclk/session/README.md, "Password").
// Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/login/status.h"
#include "proto/message_types.h"

namespace aclk::login {

// The topics that a cloud gave to an agent with its password (proto/README.md, "Topics").

struct Topics {
  std::array<std::string, proto::kTopicCount> full;  // by Topic; the claim id filled in
  [[nodiscard]] const std::string &operator[](proto::Topic t) const { return full[static_cast<std::size_t>(t)]; }
};

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
