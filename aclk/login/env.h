// SPDX-License-Identifier: GPL-3.0-or-later
//
// The answer of /api/v1/env (aclk/session/README.md, "Env"): where to log in, where to connect, and how long to wait
// before an attempt, truncated binary exponential with jitter ("Backoff" there). Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/login/status.h"
#include "claim/base/url.h"

namespace aclk::login {

// What the cloud's last good /env said, in seconds.
struct BackoffLimits {
  std::uint32_t base = 2;      // 1 to 10; 0 counts as 1
  std::uint32_t min_s = 0;     // above 300 it is taken for milliseconds by mistake and ignored
  std::uint32_t max_s = 1024;  // delays are never above 300 s, whatever this says; 0 counts as not given
};

// The waits between attempts.
class Backoff {
 public:
  // The documents promise users about five minutes at most.
  static constexpr std::chrono::seconds kMaxDelay{300};

  void set_limits(const BackoffLimits &limits) { limits_ = limits; }
  // The wait before the next attempt; counts it. `jitter` in [0, 1). The first one after construction or reset is 0, so
  // is no other. Attempt n waits base^(n-1) s and up to half as much again (at least up to 1 s more), never less than
  // min_s. Where that is above max_s or kMaxDelay it waits for those, less up to 5 %: neither the least nor the most
  // wait is the same for everybody.
  [[nodiscard]] std::chrono::milliseconds next(double jitter);
  void reset() { attempts_ = 0; }

  // Beside the count of attempts: the least wait after the n-th time (from 1) in a row that another client has taken
  // our session. 60 s, doubling, at most kMaxDelay, and up to half as much again below the cap: two clones must not
  // throw each other out in turn.
  [[nodiscard]] static std::chrono::milliseconds after_takeover(std::uint32_t n, double jitter);

 private:
  BackoffLimits limits_;
  std::uint32_t attempts_ = 0;
};

// What the cloud says.
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

// What of it this agent goes by.
struct Agreement {
  Url auth;      // https, path without a trailing '/': the prefix of challenge and password
  Url endpoint;  // of the first MQTTv5 transport
};

// Can this agent work with it? no_old_protocol, no_protocol_capability, invalid_env_auth_url,
// invalid_env_transport_idx, invalid_env_transport_url: looked at in this order, all before a challenge is spent. URLs
// without TLS are refused unless they are allowed here: whether this node's password goes out in clear is not the
// cloud's to say.
enum class PlainText : std::uint8_t { refused, allowed };
[[nodiscard]] Verdict<Agreement> agree(const Env &env, PlainText plain_text = PlainText::refused);

// Path and query of the request. agent_version with or without the leading v.
[[nodiscard]] std::string env_target(std::string_view agent_version, std::string_view claim_id);

}  // namespace aclk::login
