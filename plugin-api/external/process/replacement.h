// SPDX-License-Identifier: GPL-3.0-or-later
//
// Watches this process's own file and tries out the one that has come into its place: the hands of
// replacement_policy.h. One thread; descriptors are for poll().
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "claim/file_watch.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/process/child.h"
#include "plugin-api/external/process/own_file.h"
#include "plugin-api/external/process/replacement_policy.h"

namespace aclk::external {

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
  // In each turn. busy: something runs that must not be cut off.
  [[nodiscard]] Order on_time(Time now, bool busy);
  [[nodiscard]] Time next() const;

 private:
  void obey(const ReplacementPolicy::Orders &orders, Time now);
  void stop_trial();
  std::string trial_words();

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
