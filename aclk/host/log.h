// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lines for the agent's logs, through the host that owns them. Users grep for "ACLK": it is in every line.
// Any thread. Callers never pass secrets. A debug line is not made where the host throws it away; one whose parts cost
// something is given as a callable. Whatever others wrote that is in a line: it stays one line, and nothing in it acts
// on a terminal.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <concepts>
#include <string_view>
#include <utility>

#include "aclk/host/host.h"
#include "aclk/loop/clock.h"
#include "claim/base/log_budget.h"
#include "claim/base/text.h"

namespace aclk::host {

class Log {
 public:
  explicit Log(const Host &host) : host_(host) {}

  template <class... A>
  void debug(fmt::format_string<A...> f, A &&...a) const {
    if (host_.wants_debug()) write(NACLK_LOG_TRACE, NACLK_LOG_DEBUG, fmt::format(f, std::forward<A>(a)...));
  }
  // `line` gives the whole line.
  template <std::invocable F>
  void debug(F &&line) const {
    if (host_.wants_debug()) write(NACLK_LOG_TRACE, NACLK_LOG_DEBUG, std::forward<F>(line)());
  }
  template <class... A>
  void info(fmt::format_string<A...> f, A &&...a) const {
    write(NACLK_LOG_DAEMON, NACLK_LOG_INFO, fmt::format(f, std::forward<A>(a)...));
  }
  template <class... A>
  void notice(fmt::format_string<A...> f, A &&...a) const {
    write(NACLK_LOG_DAEMON, NACLK_LOG_NOTICE, fmt::format(f, std::forward<A>(a)...));
  }
  template <class... A>
  void warning(fmt::format_string<A...> f, A &&...a) const {
    write(NACLK_LOG_DAEMON, NACLK_LOG_WARNING, fmt::format(f, std::forward<A>(a)...));
  }
  template <class... A>
  void error(fmt::format_string<A...> f, A &&...a) const {
    write(NACLK_LOG_DAEMON, NACLK_LOG_ERROR, fmt::format(f, std::forward<A>(a)...));
  }
  void access(naclk_log_level level, std::string_view line) const { write(NACLK_LOG_ACCESS, level, line); }

 private:
  void write(naclk_log_source source, naclk_log_level level, std::string_view line) const {
    const auto *const mark = line.find("ACLK") == std::string_view::npos ? "ACLK: " : "";
    const auto one = one_line(line);
    host_.log(source, level, mark + printable(one, one.size()));
  }
  const Host &host_;
};

// Lines that a peer can cause as often as it likes: the first of each window are written, the others counted
// (claim/base/log_budget.h) and named with the next one that is written. One thread.
class BudgetedLog {
 public:
  static constexpr unsigned kLines = 20;
  static constexpr std::chrono::seconds kWindow{10};

  // `what` in the plural, with static storage: "12 more WHAT were not logged".
  BudgetedLog(const Log &log, std::string_view what, unsigned lines = kLines)
      : log_(log), what_(what), budget_(lines, kWindow) {}

  // May this one be written? Says first how many were not.
  [[nodiscard]] bool allow(loop::Instant now) {
    if (!budget_.allow(now)) return false;
    if (const auto silent = budget_.take_silent(); silent > 0) log_.error("{} more {} were not logged", silent, what_);
    return true;
  }

 private:
  const Log &log_;
  std::string_view what_;
  LogBudget budget_;
};

}  // namespace aclk::host
