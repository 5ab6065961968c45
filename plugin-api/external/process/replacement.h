// SPDX-License-Identifier: GPL-3.0-or-later
//
// The file that this process was started from is replaced, as an upgrade does, or removed: what to do, and when.
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
//
// ReplacementPolicy decides that and is pure; OwnFile looks, and Replacement carries it out. One thread.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "claim/file_watch.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/process/children.h"

namespace aclk::external {

// What is where this process's file was.
struct FileSeen {
  enum class Kind : std::uint8_t { own, other, missing, unknown };
  Kind kind = Kind::own;
  std::uint64_t print = 0;  // of another one: changes with the file, its owner and its mode
};

// Whether something runs that must not be cut off.
enum class Interruption : std::uint8_t { allowed, not_now };

// Decides. Pure: what is seen of the file, with the time, goes in; what to do comes out.
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
  // Look right before it.
  [[nodiscard]] Orders on_time(Time now, Interruption interruption);
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

// The file that this process was started from.
class OwnFile {
 public:
  // program: argv[0]. nullopt: what runs there is not known to be that file (valgrind, a loader, no /proc, a name that
  // was looked for in PATH); then nobody has to look.
  [[nodiscard]] static std::optional<OwnFile> find(const char *program);

  // As the agent named it: its links are followed anew each time.
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }
  // Where its links lead now: a change there is what the kernel reports.
  [[nodiscard]] std::filesystem::path real_path() const;
  [[nodiscard]] FileSeen look() const;

 private:
  OwnFile(std::filesystem::path path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}

  std::filesystem::path path_;
  // The inode of a file that runs is not used for another one.
  dev_t device_;
  ino_t inode_;
};

// Watches this process's own file and tries out the one that has come into its place. Descriptors are for poll().
class Replacement {
 public:
  using Time = ReplacementPolicy::Time;
  enum class Order : std::uint8_t { none, become, end };

  // program: argv[0].
  Replacement(const char *program, AgentLog &log);
  ~Replacement() { stop_trial(); }
  Replacement(const Replacement &) = delete;
  Replacement &operator=(const Replacement &) = delete;

  // The file to become.
  [[nodiscard]] const char *file() const { return own_ ? own_->path().c_str() : ""; }
  // -1: there is nothing to watch, or no way to.
  [[nodiscard]] int fd() const { return watch_ ? watch_->fd() : -1; }
  // fd() is readable.
  void take();
  // SIGCHLD.
  void on_child(Time now);
  // In each turn.
  [[nodiscard]] Order on_time(Time now, Interruption interruption);
  [[nodiscard]] Time next() const;

 private:
  void obey(const ReplacementPolicy::Orders &orders, Time now);
  void stop_trial();
  std::string trial_output();

  AgentLog &log_;
  const std::optional<OwnFile> own_;
  const std::filesystem::path real_;
  const std::string name_;
  const std::array<std::string_view, 1> names_;
  std::optional<claim::FileWatch> watch_;
  ReplacementPolicy policy_;
  Child trial_;
  Time look_at_{};
};

}  // namespace aclk::external
