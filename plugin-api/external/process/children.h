// SPDX-License-Identifier: GPL-3.0-or-later
//
// The processes that the supervisor starts, each this executable once more with private arguments: the worker, the one
// that makes a claim, the trial of a new file; and what they report through their pipes. Parsers are pure.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "claim/claim_retry.h"
#include "plugin-api/external/charts/charts.h"
#include "plugin-api/external/config/environment.h"

namespace aclk::external {

// One of them. It gets no pipe of the agent: its stdin and stdout are /dev/null, its stderr is ours. The kernel sends
// it SIGTERM when the supervisor dies.
struct Child {
  pid_t pid = -1;
  Fd status;  // read end of its status pipe, not blocking
};

// Call from a process of one thread. `program`: argv[0], used if /proc is not there. socket, plugin_status: descriptors
// that it inherits beside the pipe, or -1.
[[nodiscard]] Result<Child> start_worker(const Options &own, const char *program, int socket, int plugin_status);

// The process that claims what is written down, in the same way; `status`: the read end of its lines.
[[nodiscard]] Result<Child> start_claimer(const Options &own, const char *program);

// `file` asked for its version, to see whether it can be run; `status`: the read end of its stderr, which also
// has why it cannot.
[[nodiscard]] Result<Child> start_trial(const char *file);

// What a worker reports to its supervisor through their pipe: '0' and '1', whether the link is up; charts for the
// agent; what comes of looking for that agent; that it answers at the local socket from now on. Each message is one
// write of at most PIPE_BUF bytes, so that it comes whole or not at all.
//
// The bytes of a chart; empty if they would be too many for one write.
[[nodiscard]] std::string chart_message(const ChartText &chart);
// The agent is looked for, in vain so far: why. A sentence that is too long loses its end.
[[nodiscard]] std::string looking_message(std::string_view trouble);
// It was found.
[[nodiscard]] std::string found_message(std::string_view place, std::string_view version);
inline constexpr std::string_view kServingMessage = "S";

// The supervisor's end.
class WorkerPipe {
 public:
  struct WorkerPipeEvents {
    std::function<void(bool online)> online;
    std::function<void(const ChartText &)> chart;
    std::function<void(const std::string &trouble)> looking;
    std::function<void(const std::string &place, const std::string &version)> found;
    std::function<void()> serving;
  };
  explicit WorkerPipe(WorkerPipeEvents events) : events_(std::move(events)) {}

  // In any pieces. What is no message is skipped.
  void feed(std::string_view bytes);
  // Another worker: half a message of the one before means nothing.
  void reset() { text_.clear(), kind_ = '\0'; }

 private:
  void message();

  WorkerPipeEvents events_;
  std::string text_;
  char kind_ = '\0';  // of the text that is being read; '\0': none is
};

// Which charts the agent knows: a definition is said once, and again when it has changed or could not be written.
class WrittenCharts {
 public:
  // What to write, in one go; then said().
  [[nodiscard]] std::string text(const ChartText &chart) const {
    return said_.contains(chart.definition) ? chart.values : chart.definition + chart.values;
  }
  void said(const ChartText &chart) { said_.insert(chart.definition); }

 private:
  std::set<std::string, std::less<>> said_;
};

// The process that makes a claim which is written down (claim/claim_retry.h): this executable once more, because
// asking the cloud takes up to a minute and the supervisor has to answer the agent. What it has to say it writes to a
// pipe, and the supervisor, who knows what has been said before, to the log.
inline constexpr int kClaimAgain = 75;  // its exit status for "later"

// What the process does, with the write end of its pipe. Returns its exit status.
[[nodiscard]] int claim_what_is_written(const Environment &env, int lines_fd);

// The lines, on the supervisor's side; in any pieces.
class ClaimLines {
 public:
  explicit ClaimLines(claim::LogClaim line) : line_(std::move(line)) {}
  void feed(std::string_view bytes);
  // Another process: half a line of the one before means nothing.
  void reset() { text_.clear(); }

 private:
  claim::LogClaim line_;
  std::string text_;
};

}  // namespace aclk::external
