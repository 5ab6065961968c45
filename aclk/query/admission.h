// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which question runs when (aclk/query/README.md, "Scheduling", "Cancelling"): a bounded queue in front of a few
// places in the host. Pure: events and times in, actions out; it knows no thread, no socket and no clock.
//
//   arrived ──► waiting ──start──► running ──finished──► deliver
//      │           │                  ├── link was lost meanwhile ──► discard
//      │           │                  └── hook returned without an answer, and none came until after the deadline
//      │           │                                                                       ──► give_up
//      │           ├── its time is over ──► answer_timeout
//      │           ├── cancelled, or shut down ──► answer_cancelled
//      │           └── link lost ──► discard
//      └── queue full ──► answer_busy;  link down or shutting down ──► discard
//
// Every question ends with exactly one of deliver, discard, give_up, answer_timeout, answer_cancelled, answer_busy.
// Questions start in the order they arrived. Equal msg-ids are different questions: each has its own reply. A running
// question whose hook has not returned is never ended from here, only asked to stop (interrupt, at most once): its late
// reply is still a reply.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aclk/loop/clock.h"

namespace aclk::query {

// Rising with arrival; never used twice in one Admission.
using QueryId = std::uint64_t;

enum class Do : std::uint8_t {
  start,             // ask the host; finished() is due for it
  interrupt,         // tell the host that its answer is not wanted any more
  deliver,           // send the reply that was made of the host's answer
  discard,           // forget it, nothing is sent
  give_up,           // 504 unless its connection is gone: no answer came
  answer_timeout,    // error 6, without having run
  answer_cancelled,  // 499, without having run
  answer_busy,       // 503: too many are waiting
};

struct Action {
  Do what;
  QueryId id;
  bool operator==(const Action &) const = default;
};
using Actions = std::vector<Action>;

struct AdmissionLimits {
  unsigned running = 2;                   // at least 1 is used
  std::size_t waiting = 1024;             // questions
  std::size_t waiting_bytes = 32U << 20;  // of their messages
  // For questions that set no timeout: whoever asked has long gone by then.
  std::chrono::milliseconds default_timeout = std::chrono::seconds(120);
  // What a host that answers later has beyond the deadline, so that its own word is what is sent.
  std::chrono::milliseconds grace = std::chrono::seconds(2);
};

struct Arrival {
  std::string msg_id{};
  std::size_t bytes = 0;                 // of its message
  std::chrono::milliseconds timeout{0};  // 0 = the default
};

class Admission {
 public:
  explicit Admission(const AdmissionLimits &limits) : limits_(limits) {}

  // Returns the question's id, which the actions (now and later) name. It may have ended when this returns.
  [[nodiscard]] QueryId arrived(Arrival question, loop::Instant now, Actions &out);
  // The hook has returned without an answer to a started question: from now on its place is its own no longer than
  // until its deadline and the grace are over. Unknown ids are ignored.
  void returned(QueryId id);
  // A started question has its answer. Unknown ids are ignored.
  void finished(QueryId id, loop::Instant now, Actions &out);
  // All questions of this connection with this msg-id. False: there is none.
  bool cancel(std::string_view msg_id, loop::Instant now, Actions &out);
  void tick(loop::Instant now, Actions &out);
  void link_up() { accepting_ = true; }
  // Questions of the lost connection are never answered on a later one; their places stay taken until finished() or
  // give_up.
  void link_lost(Actions &out);
  // Everything is cancelled and answered; what arrives from now on is discarded, until link_up().
  void shutdown(Actions &out);

  // When tick() has something to do.
  [[nodiscard]] std::optional<loop::Instant> next_due() const;
  // When the asker stops waiting for it; of waiting and running questions.
  [[nodiscard]] std::optional<loop::Instant> deadline(QueryId id) const;
  [[nodiscard]] std::size_t running() const { return running_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct Question {
    std::string msg_id{};
    std::size_t bytes = 0;
    loop::Instant deadline{};
    std::uint64_t epoch = 0;  // the connection it came on
    bool interrupted = false;
  };
  using Waiting = std::map<QueryId, Question>;  // by id = by arrival

  void expire(loop::Instant now, Actions &out);
  void fill(Actions &out);
  Waiting::iterator leave_queue(Waiting::iterator it, Do why, Actions &out);
  void interrupt(QueryId id, Question &q, Actions &out);

  const AdmissionLimits limits_;
  Waiting waiting_;
  std::set<std::pair<loop::Instant, QueryId>> due_;  // of the waiting ones
  std::size_t waiting_bytes_ = 0;
  std::map<QueryId, Question> running_;
  std::set<std::pair<loop::Instant, QueryId>> overdue_;  // of the running ones whose hook has returned
  QueryId last_id_ = 0;
  std::uint64_t epoch_ = 0;
  bool accepting_ = false;
};

}  // namespace aclk::query
