// SPDX-License-Identifier: GPL-3.0-or-later
//
// The file that this process was started from is replaced, as an upgrade does, or removed: what to do, and when. Pure:
// what is seen of the file, with the time, goes in; what to do comes out.
//
// Agents start a plugin again only after pauses, and one that has ended in the wrong way never
// (plugin-api/external/README.md, "Exit and restart"). So the process becomes the new file with exec(): the same
// process id, the same pipes, and the agent sees nothing. Before that the new file is tried out, because a package's
// files are there before it is configured and before the libraries are that it needs.
//
//   state      waits for                                 leaves it when
//   own        another file in this one's place          it is there -> settling; nothing is -> missing
//   settling   no further change for 300 ms              -> trying
//   trying     the end of its trial, 10 s at most        good -> ready; else -> failed
//   failed     a change, or the time to try again        change -> settling; time -> trying
//   ready      the end of what must not be cut off       -> done, with the order to become it
//   missing    a file, for 3 s                           -> settling or own; time -> done, with the order to end
//   done       nothing                                   never
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace aclk::external {

// What is where this process's file was.
struct FileSeen {
  enum class Kind : std::uint8_t { own, other, missing, unknown };
  Kind kind = Kind::own;
  std::uint64_t print = 0;  // of another one: changes with the file, its owner and its mode
};

class ReplacementPolicy {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Orders {
    bool try_out = false;
    bool stop_trial = false;
    bool become = false;  // end the worker, then exec
    bool end = false;     // end the worker, then this process
    std::string info;     // lines for the log; empty = none
    std::string error;
  };

  [[nodiscard]] Orders on_look(Time now, const FileSeen &seen);
  // trouble: why it cannot be run; empty: it can.
  void on_trial_end(Time now, const std::string &trouble);
  // Look right before it. busy: something runs that must not be cut off.
  [[nodiscard]] Orders on_time(Time now, bool busy);
  // When to look and to call on_time; nullopt = only a change matters.
  [[nodiscard]] std::optional<Time> next() const;

 private:
  enum class State : std::uint8_t { own, settling, trying, failed, ready, missing, done };

  State state_ = State::own;
  Time at_{};
  std::uint64_t print_ = 0;
  unsigned failures_ = 0;
  std::string trouble_;  // of the last trial
  bool said_ = false;    // in the log
};

}  // namespace aclk::external
