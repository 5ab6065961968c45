// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/report/statistics.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace aclk::report {

Numbers numbers(const Sources &from) {
  const auto &s = from.session;
  const auto &q = from.queries;
  Numbers n{{"online", s.online ? 1 : 0},
            {"connects", s.connects},
            {"bytes_in", s.totals.bytes_in},
            {"bytes_out", s.totals.bytes_out},
            {"pubacks", s.totals.pubacks},
            {"latency_us", s.totals.latency_us},
            {"slowest_ack_us", from.slowest_ack_us},
            {"queued", s.queued},
            {"queued_bytes", s.queued_bytes},
            {"unacknowledged", s.pending_pubacks},
            {"alerts_waiting", from.alerts_waiting},
            {"queries_waiting", from.queries_waiting},
            {"queries_running", from.queries_running},
            {"queries", q.received},
            {"queries_malformed", q.malformed},
            {"queries_forwarded", q.forwarded},
            {"queries_unanswered", q.unanswered},
            {"replies", q.replies},
            {"query_us", q.host_us},
            {"slowest_query_us", from.slowest_query_us},
            {"query_type.other", q.types.other},
            {"query_type.info", q.types.info},
            {"query_type.data", q.types.data},
            {"query_type.alarms", q.types.alarms},
            {"query_type.alarm_log", q.types.alarm_log},
            {"query_type.chart", q.types.chart},
            {"query_type.charts", q.types.charts}};
  for (std::size_t i = 0; i < s.totals.latency.size(); ++i) n[fmt::format("latency.{}", i)] = s.totals.latency.at(i);
  for (std::size_t i = 0; i < q.per_thread.size(); ++i) n[fmt::format("query_thread.{}", i)] = q.per_thread[i];
  for (const auto &[type, t] : from.traffic.sent()) {
    n["sent." + type] = t.count;
    n["sent_bytes." + type] = t.bytes;
  }
  for (const auto &[type, t] : from.traffic.received()) n["received." + type] = t.count;
  return n;
}

std::string numbers_json(const Numbers &numbers) {
  return nlohmann::json(numbers).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace aclk::report
