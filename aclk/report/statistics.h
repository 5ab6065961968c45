// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the statistics charts are made of (aclk/report/README.md, "Statistics charts"): numbers by name. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "aclk/query/access_log.h"
#include "aclk/report/traffic.h"
#include "aclk/session/connection_manager.h"

namespace aclk::report {

// Those marked "now" are what is so at the moment, those marked "max" the largest since they were last asked for; all
// others only rise while the link lives:
//   online (now, 0 or 1), connects, bytes_in, bytes_out, pubacks, latency_us (sum), slowest_ack_us (max),
//   latency.N (PUBACKs by kLatencyLimits), queued, queued_bytes, unacknowledged, alerts_waiting, queries_waiting,
//   queries_running, offline_s (all now; the link adds the last), queries, queries_malformed, queries_forwarded,
//   queries_unanswered, answers_ignored (of the host: late, twice; the link adds it), replies, query_us,
//   slowest_query_us (max), query_type.NAME, query_thread.N, sent.TYPE, sent_bytes.TYPE, received.TYPE
using Numbers = std::map<std::string, std::uint64_t>;

struct Sources {
  const session::Report &session;
  const query::Counters &queries;
  const Traffic &traffic;
  std::size_t queries_waiting = 0;
  std::size_t queries_running = 0;
  std::uint64_t slowest_query_us = 0;
  std::uint64_t slowest_ack_us = 0;
  std::uint64_t alerts_waiting = 0;  // transitions that the cloud has not acknowledged
};

[[nodiscard]] Numbers numbers(const Sources &from);
// One flat object.
[[nodiscard]] std::string numbers_json(const Numbers &numbers);

}  // namespace aclk::report
