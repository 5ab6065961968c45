// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the log hears of attempts that fail and connections that are lost: the first failure of a kind in full, its
// repetition in short (claim/base/outage.h). Loop thread only.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "aclk/host/log.h"
#include "aclk/login/status.h"
#include "aclk/mqtt/connection.h"
#include "aclk/session/connection_state_machine.h"
#include "claim/base/outage.h"

namespace aclk::session {

// The lines about how a connection, or the way to one, ended; those that the documents name and the
// sentence. None when we ended it ourselves.
enum class Ended : std::uint8_t { attempt, connection };

struct Line {
  naclk_log_level level = NACLK_LOG_ERROR;
  std::string text;
};
[[nodiscard]] std::vector<Line> lines_of(const mqtt::ConnectionEnd &end, const Url &endpoint, Ended what);

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

}  // namespace aclk::session
