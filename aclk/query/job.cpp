// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/job.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "aclk/host/abi_values.h"

namespace aclk::query {

using namespace std::chrono;
using host::str;

// All of it is shown to the host where it stands; nothing is copied.
void Job::ask(const host::Host &host) const {
  const auto &what = target.value();
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
  q.deadline_ms = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(ceil<milliseconds>(deadline - begin_).count(), 1, UINT32_MAX));
  q.max_bytes = useful_body_bytes(asker);
  q.received_us = static_cast<std::uint64_t>(asker.received_us);
  host.query(asked, q);
}

void Job::run(const host::Host &host) {
  if (asked == 0) return;  // answered when it was opened: the host has too many
  begin_ = loop::now();
  if (interrupted) return host.requests().answer(asked, interrupted_answer());
  if (begin_ >= deadline) return host.requests().answer(asked, fail(Errc::timeout, ""), host::HostWork::not_begun);
  ask(host);
}

void Job::finish(Result<host::Answer> answer, host::HostWork work) noexcept {
  try {
    expired = work == host::HostWork::not_begun;
    if (expired) {
      out = frame_error(asker, ErrorReply::timeout, loop::wall_us());
      return;
    }
    host_time = duration_cast<microseconds>(loop::now() - begin_);
    if (!answer) {
      overran = answer.error().code == Errc::timeout;
      if (answer.error().code == Errc::too_big) {
        out = frame_error(asker, ErrorReply::too_big, loop::wall_us());
        return;
      }
      answer = host::Answer(failed_answer(answer.error(), target.value().machine_guid()));
    }
    out = frame(asker, std::move(*answer), {.exec_us = host_time.count(), .now_us = loop::wall_us()});
  } catch (const std::exception &) {
    // Nothing but memory can run out here, over an answer too large for it.
    out = frame_error(asker, ErrorReply::too_big, loop::wall_us());
  }
}

}  // namespace aclk::query
