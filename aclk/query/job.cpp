// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/job.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace aclk::query {

using namespace std::chrono;

Result<Answer> Job::ask(const host::Host &host, loop::Instant begin) {
  host::QueryCall call;
  call.machine_guid = forward.machine_guid;
  call.method = name(http.method);
  call.target = forward.target;
  call.body = std::move(http.body);
  call.headers = caller.headers;
  call.accept_gzip = accept_gzip;
  call.deadline = std::max(ceil<milliseconds>(deadline - begin), milliseconds(1));
  call.max_bytes = useful_body_bytes(asker, accept_gzip, max_body_bytes);
  call.received_us = asker.received_us;
  ACLK_TRY(auto got, host.query(call, interrupted));
  Answer a;
  a.status = got.status;
  a.content_type = std::move(got.content_type);
  a.content_encoding = std::move(got.content_encoding);
  a.cache_control = std::move(got.cache_control);
  a.body = std::move(got.body);
  return a;
}

void Job::run(const host::Host &host) {
  try {
    const auto begin = loop::now();
    if (!interrupted && begin >= deadline) {
      expired = true;
      out = compose_fault(asker, Fault::timeout, loop::wall_us());
      return;
    }
    auto answer = interrupted ? Result<Answer>(interrupted_answer()) : ask(host, begin);
    host_time = duration_cast<microseconds>(loop::now() - begin);
    if (!answer) {
      overran = answer.error().code == Errc::timeout;
      if (answer.error().code == Errc::too_big) {
        out = compose_fault(asker, Fault::too_big, loop::wall_us());
        return;
      }
      answer = failed_answer(answer.error(), forward.machine_guid);
    }
    out = compose(asker, std::move(*answer), accept_gzip, max_body_bytes, host_time.count(), loop::wall_us());
  } catch (const std::exception &) {
    // Nothing but memory can run out here, over an answer too large for it.
    out = compose_fault(asker, Fault::too_big, loop::wall_us());
  }
}

}  // namespace aclk::query
