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
std::optional<CURLcode> run(CURLM *multi, const Interrupted &interrupted, Clock::time_point deadline, bool &late) {
  for (;;) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
    int queued = 0;
    while (const auto *m = curl_multi_info_read(multi, &queued))
      if (m->msg == CURLMSG_DONE) return m->data.result;
    late = Clock::now() >= deadline;
    if (late || (interrupted && interrupted())) return std::nullopt;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const auto wait = std::clamp(left, std::chrono::milliseconds(1), kTick);
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(wait.count()), nullptr);
  }
}

}  // namespace

HttpConnection::HttpConnection() { close(); }

void HttpConnection::close() {
  lane_.drop();
  multi_.reset(curl_multi_init());
  if (multi_) curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 1L);
}

Result<HttpResponse> HttpConnection::perform(const Endpoint &endpoint, HttpRequest wanted, const AnswerBounds &bounds,
                                             const Interrupted &interrupted) {
  ACLK_CHECK(lane_.begin(multi_.get(), endpoint, std::move(wanted), bounds));
  bool late = false;
  const auto code = run(multi_.get(), interrupted, Clock::now() + bounds.timeout, late);
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
