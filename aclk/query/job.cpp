// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/job.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "aclk/host/abi_text.h"

namespace aclk::query {

using namespace std::chrono;
using host::str;

// All of it is shown to the host where it stands; nothing is copied.
Result<HttpResponse> Job::ask(const host::Host &host, const CheckedTarget &what, loop::Instant begin) const {
  std::vector<naclk_pair> headers;
  headers.reserve(request.headers.size());
  for (const auto &h : request.headers) headers.push_back({str(h.name), str(h.value)});
  naclk_query q{};
  q.size = sizeof q;
  q.machine_guid = str(what.machine_guid());
  q.method = str(method_name(request.method));
  q.target = str(what.text());
  q.body = str(request.body);
  q.headers = headers.data();
  q.header_count = headers.size();
  q.accept_gzip = asker.accept_gzip ? 1 : 0;
  q.deadline_ms =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(ceil<milliseconds>(deadline - begin).count(), 1, UINT32_MAX));
  q.max_bytes = useful_body_bytes(asker);
  q.received_us = static_cast<std::uint64_t>(asker.received_us);
  q.interrupted = [](void *flag) -> int {
    return static_cast<const std::atomic<bool> *>(flag)->load(std::memory_order_relaxed) ? 1 : 0;
  };
  q.ctx = const_cast<void *>(static_cast<const void *>(&interrupted));
  return host.query(q);
}

void Job::run(const host::Host &host) {
  try {
    const auto begin = loop::now();
    if (!interrupted && begin >= deadline) {
      expired = true;
      out = frame_error(asker, ErrorReply::timeout, loop::wall_us());
      return;
    }
    const auto &what = target.value();
    auto answer = interrupted ? Result<HttpResponse>(interrupted_answer()) : ask(host, what, begin);
    request.body = {};
    host_time = duration_cast<microseconds>(loop::now() - begin);
    if (!answer) {
      overran = answer.error().code == Errc::timeout;
      if (answer.error().code == Errc::too_big) {
        out = frame_error(asker, ErrorReply::too_big, loop::wall_us());
        return;
      }
      answer = failed_answer(answer.error(), what.machine_guid());
    }
    out = frame(asker, std::move(*answer), {.exec_us = host_time.count(), .now_us = loop::wall_us()});
  } catch (const std::exception &) {
    // Nothing but memory can run out here, over an answer too large for it.
    out = frame_error(asker, ErrorReply::too_big, loop::wall_us());
  }
}

}  // namespace aclk::query
