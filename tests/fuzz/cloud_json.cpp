// SPDX-License-Identifier: GPL-3.0-or-later
//
// Answers of the cloud's HTTPS side (aclk/login): first byte = env, challenge, password, error body, Retry-After.
#include <algorithm>

#include "aclk/login/challenge.h"
#include "aclk/login/cloud_answer.h"
#include "aclk/login/env.h"
#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

bool one_line(const std::string &s) { return s.find_first_of("\r\n") == std::string::npos; }

void error_body(std::string_view bytes) {
  const auto e = login::parse_cloud_error(bytes);
  require(!e.retry_after_s || (*e.retry_after_s > 0 && *e.retry_after_s <= login::kMaxRetryDelaySeconds),
          "a delay is within a day");
  require(std::ranges::all_of(e.log, one_line), "a log line is one line");
}

void password(std::string_view bytes) {
  const auto p = login::parse_password(bytes, "c2ca106c-de7d-490c-be70-c5dd7438ba1e");
  if (!p) return;
  for (const auto &t : p->topics.full)
    require(!t.empty() && t.size() <= login::kMaxTopicBytes && t.find('\0') == std::string::npos, "a topic is usable");
  require(std::ranges::all_of(p->notes, one_line), "a log line is one line");
}

}  // namespace

void fuzz(std::string_view bytes) {
  switch (choose(bytes, 5)) {
    case 0:
      if (const auto env = login::parse_env(bytes)) {
        require(std::ranges::all_of(env->notes, one_line), "a log line is one line");
        if (const auto a = login::agree(*env)) require(!a->auth.host.empty() && !a->endpoint.host.empty(), "hosts");
      }
      return;
    case 1:
      if (const auto c = login::parse_challenge(bytes)) require(c->size() == 256, "a challenge has 256 bytes");
      return;
    case 2:
      return password(bytes);
    case 3:
      return error_body(bytes);
    default:
      (void)login::parse_retry_after(bytes, "Sat, 21 Nov 2026 03:00:00 GMT");
  }
}

}  // namespace aclk::fuzz
