// SPDX-License-Identifier: GPL-3.0-or-later
//
// The answer of /api/v1/env (aclk/session/README.md, "Env"): where to log in, where to connect, how long to wait. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/login/backoff.h"
#include "aclk/login/status.h"
#include "claim/base/url.h"

namespace aclk::login {

struct Env {
  std::string auth_endpoint;                  // as it came
  bool proto_encoding = false;                // else it is json, which cannot be used
  bool proto_capability = false;              // "proto", in any case of letters
  std::optional<std::string> mqtt5_endpoint;  // of the first MQTTv5 transport
  BackoffLimits backoff;
  std::vector<std::string> notes;  // for the log, at error: unknown keys and transport types; a few at most
};

// An answer that keeps all rules of form. Anything else is env_empty or env_not_json. What it asks for may still be
// unusable: see agree().
[[nodiscard]] Verdict<Env> parse_env(std::string_view body);

struct Agreement {
  Url auth;      // https, path without a trailing '/': the prefix of challenge and password
  Url endpoint;  // of the first MQTTv5 transport
};

// Can this agent work with it? no_old_protocol, no_protocol_capability, invalid_env_auth_url,
// invalid_env_transport_idx, invalid_env_transport_url: looked at in this order, all before a challenge is spent. URLs
// without TLS are refused unless `insecure`: whether this node's password goes out in clear is not the cloud's to say.
[[nodiscard]] Verdict<Agreement> agree(const Env &env, bool insecure = false);

// Path and query of the request. agent_version with or without the leading v.
[[nodiscard]] std::string env_target(std::string_view agent_version, std::string_view claim_id);

}  // namespace aclk::login
