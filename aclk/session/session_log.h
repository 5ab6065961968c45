// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is logged of a session: of attempts that fail and connections that are lost the first failure of a kind in
// full, its repetition in short (claim/base/log_budget.h); and what a broker can make a link say, only so often. Loop
// thread only.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aclk/host/log.h"
#include "aclk/login/status.h"
#include "aclk/mqtt/connection.h"
#include "aclk/session/connection_state_machine.h"
#include "claim/base/log_budget.h"

namespace aclk::session {

// What has ended: a connection, or an attempt to have one.
enum class Ended : std::uint8_t { attempt, connection };

struct Line {
  naclk_log_level level = NACLK_LOG_ERROR;
  std::string text;
};
// The lines about an end: those that the documents name, and the sentence. None when we ended it ourselves.
[[nodiscard]] std::vector<Line> lines_of(const mqtt::ConnectionEnd &end, const Url &endpoint, Ended what);

// Attempts that fail, and connections that are lost.
class OutageLog {
 public:
  using Tell = Outage::Tell;

  // `clock` is asked when something is logged, or counted.
  explicit OutageLog(const host::Log &log, std::function<Outage::Moment()> clock = moment)
      : log_(log), clock_(std::move(clock)) {}

  // On the way of an attempt. Information is written once in an outage; errors wait for what becomes of the attempt.
  void note(const std::string &line);
  void note_error(std::string line) { held_.push_back(std::move(line)); }

  // The HTTPS half went well: its errors are of no consequence, and logged once.
  void logged_in();
  // An attempt failed. Gives what is to be logged of it; `lines` is the first part of that.
  [[nodiscard]] Tell failed(login::Status status, const std::string &sentence, const std::vector<Line> &lines);
  // The same of a connection that was online: always in full.
  [[nodiscard]] Tell lost(login::Status status, const std::string &sentence, const std::vector<Line> &lines);
  // The rest: the status, or the summary with the time of the next attempt.
  void conclude(Tell tell, const std::string &sentence, login::Status status, const Step &next);
  // Online: how long it took, if there was trouble.
  void connected();

  void status(login::Status status);

 private:
  static Outage::Moment moment();  // now

  void say(const std::vector<Line> &lines);

  const host::Log &log_;
  std::function<Outage::Moment()> clock_;
  Outage outage_;
  std::vector<std::string> held_;
};

// What a broker can make a link say, as often as it likes (aclk/host/log.h).
class PeerLog {
 public:
  explicit PeerLog(const host::Log &log) : log_(log) {}

  // A PUBLISH while we leave.
  void shutting_down(loop::Instant now);
  // One on a topic that does not say what it is.
  void no_type(std::string_view topic, loop::Instant now);
  // PUBACK >= 0x80: with reason 0x97 (quota) and a resync, one for each message of thousands.
  void refused(std::string_view what, int reason, loop::Instant now);
  // Larger than what the server's CONNACK allows.
  void too_big(std::string_view what, loop::Instant now);

 private:
  const host::Log &log_;
  // Each kind has its own: a flood of one must not hide another.
  host::BudgetedLog shutting_down_{log_, "messages that came while shutting down"};
  host::BudgetedLog no_type_{log_, "messages of no type"};
  host::BudgetedLog refused_{log_, "messages that the broker does not take"};
  host::BudgetedLog too_big_{log_, "messages too big for the server"};
};

}  // namespace aclk::session
