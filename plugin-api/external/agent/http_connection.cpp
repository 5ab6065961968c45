// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/http_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kTick{100};  // how late an interruption may be noticed

// nullopt = interrupted or out of time; `late` says which.
std::optional<CURLcode> run(HttpMulti &multi, const Interrupted &interrupted, Clock::time_point deadline, bool &late) {
  for (std::optional<CURLcode> came;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    multi.turn(std::clamp(left, std::chrono::milliseconds(1), kTick), [&came](CURL *, CURLcode code) { came = code; });
    if (came) return came;
    late = Clock::now() >= deadline;
    if (late || (interrupted && interrupted())) return std::nullopt;
  }
}

}  // namespace

HttpConnection::HttpConnection() { close(); }

void HttpConnection::close() {
  lane_.drop();
  multi_ = std::make_unique<HttpMulti>(1L);
}

Result<HttpResponse> HttpConnection::perform(const Endpoint &endpoint, HttpRequest wanted, const AnswerBounds &bounds,
                                             const Interrupted &interrupted) {
  ACLK_CHECK(lane_.begin(*multi_, endpoint, std::move(wanted), bounds));
  bool late = false;
  const auto code = run(*multi_, interrupted, Clock::now() + bounds.timeout, late);
  if (!code) {
    lane_.drop();
    if (!late) return fail(Errc::cancelled, "the query was cancelled");
    return fail(Errc::timeout, fmt::format("the agent at {} did not answer within {} ms", endpoint.describe(),
                                           bounds.timeout.count()));
  }
  auto answer = lane_.end(*code);
  if (lane_.is_stranger()) close();
  return answer;
}

}  // namespace aclk::external
