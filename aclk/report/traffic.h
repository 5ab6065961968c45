// SPDX-License-Identifier: GPL-3.0-or-later
//
// What goes over the link, in figures: by type of message how many, how many bytes, when last, and the last one as it
// was; each of them as a line of JSON in a file, when [cloud] conversation log = yes wants that (claim/README.md,
// "Settings in netdata.conf"); and the numbers that the statistics charts are made of. Bounded. Loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "aclk/mqtt/outbox.h"
#include "aclk/query/access_log.h"
#include "aclk/session/connection_manager.h"
#include "claim/base/c_own.h"
#include "proto/message_types.h"

namespace aclk::report {

// Types that only a broken or hostile cloud names are counted together under this.
inline constexpr std::string_view kOtherTypes = "(other)";

// Of one type, in one direction.
struct TypeTraffic {
  std::uint64_t count = 0;      // sent: handed to the connection; received: all
  std::uint64_t bytes = 0;      // of the payloads
  std::uint64_t confirmed = 0;  // sent: by a PUBACK
  std::uint64_t failed = 0;     // sent: refused by the broker, no room, or the connection ended before its PUBACK
  std::int64_t last_us = 0;     // epoch
  std::size_t last_bytes = 0;   // of the last one
  std::string last;             // the last one, if it is not above the limit; of a query reply its beginning
};

// All types.
class Traffic {
 public:
  static constexpr std::size_t kMaxTypes = 32;            // per direction
  static constexpr std::size_t kMaxKept = 256U << 10;     // bytes of one message
  static constexpr std::size_t kMaxKeptReply = 2U << 10;  // its heads; the body is whatever somebody asked for
  using Types = std::map<std::string, TypeTraffic, std::less<>>;

  void sending(std::string_view type, std::string_view payload, std::int64_t now_us);
  // Once for each sending().
  void ended(std::string_view type, mqtt::Delivery how);
  void received(std::string_view type, std::string_view payload, std::int64_t now_us);

  [[nodiscard]] const Types &sent() const { return sent_; }
  [[nodiscard]] const Types &received() const { return received_; }

 private:
  Types sent_;
  Types received_;
};

// GET /api/v1/aclk/what-is-sent: {"since-utc","sent":[{…}],"received":[{…}]}. Messages in clear; a message that was
// too long to be kept is null.
[[nodiscard]] std::string traffic_json(const Traffic &traffic, std::int64_t since_s);
// One line for ConversationLog: a JSON object and a line feed. A query is text, a reply its heads.
[[nodiscard]] std::string conversation_line(proto::Direction direction, std::string_view type, std::string_view payload,
                                            std::int64_t now_us);

// One thread. Writes with write(2), no buffer: what was said last before a crash is there.
class ConversationLog {
 public:
  static constexpr std::size_t kMaxBytes = 16U << 20;  // then FILE becomes FILE.1, which replaces the one before

  explicit ConversationLog(std::filesystem::path file, std::size_t max_bytes = kMaxBytes)
      : file_(std::move(file)), max_bytes_(max_bytes) {}

  // The file is opened with the first line, mode 0640, and again when it was moved or removed (logrotate). False when
  // the line could not be written: it is lost.
  bool write(std::string_view line);
  [[nodiscard]] const std::filesystem::path &file() const { return file_; }

 private:
  bool open();

  const std::filesystem::path file_;
  const std::size_t max_bytes_;
  Fd fd_;
  std::size_t bytes_ = 0;
};

// The statistics charts (aclk/report/README.md, "Statistics charts"): numbers by name.
//
// Those marked "now" are what is so at the moment, those marked "max" the largest since they were last asked for; all
// others only rise while the link lives:
//   online (now, 0 or 1), connects, bytes_in, bytes_out, pubacks, latency_us (sum), slowest_ack_us (max),
//   latency.N (PUBACKs by kLatencyLimits), queued, queued_bytes, unacknowledged, alerts_waiting, queries_waiting,
//   queries_running, offline_s (all now; the link adds the last), queries, queries_malformed, queries_forwarded,
//   queries_unanswered, answers_ignored (of the host: late, twice; the link adds it), replies, query_us,
//   slowest_query_us (max), query_type.NAME, query_thread.N, sent.TYPE, sent_bytes.TYPE, received.TYPE
using Numbers = std::map<std::string, std::uint64_t>;

// What they are taken from.
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
