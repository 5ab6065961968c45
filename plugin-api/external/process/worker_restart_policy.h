// SPDX-License-Identifier: GPL-3.0-or-later
//
// Decides about the worker: when to start it, stop it, start it again, and when all is over. Pure: events with the
// time go in, what to do comes out. The supervisor does it.
//
//   state      waits for                          leaves it when
//   resting    a reason to work                   the identity asks for a worker -> start; quit -> gone
//   running    its end                            it dies -> waiting; identity changed -> ending; quit -> ending
//   waiting    the time to start (backoff, or a   time -> start; identity changed -> start or resting; quit -> gone
//              look whether a reason not to work
//              still holds)
//   ending     its end, 2.8 s at most, then       it dies -> start, resting or gone, as wanted by then; SIGKILL and
//              SIGKILL                            still there 200 ms later while leaving -> gone
//   gone       nothing                            never
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace aclk::external {

class WorkerRestartPolicy {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class State : std::uint8_t { resting, running, waiting, ending, gone };

  struct Orders {
    bool start = false;
    int signal = 0;  // for the worker; 0 = none
    bool exit = false;
    std::string info;  // lines for the log; empty = none
    std::string error;
  };

  // wanted: the node is claimed and the link enabled. changed: what it is made of is not what the worker was started
  // with.
  [[nodiscard]] Orders on_identity(Time now, bool wanted, bool changed);
  // The order to start has been carried out, or not.
  void on_started(Time now);
  [[nodiscard]] Orders on_start_failed(Time now, const std::string &why);
  // As waitpid() tells it.
  [[nodiscard]] Orders on_worker_end(Time now, int wait_status);
  // The agent or a person wants the plugin gone.
  [[nodiscard]] Orders on_quit(Time now);
  [[nodiscard]] Orders on_time(Time now);

  // When on_time has something to do; nullopt = only events matter.
  [[nodiscard]] std::optional<Time> next() const;
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool has_worker() const { return state_ == State::running || state_ == State::ending; }
  // There is no worker, although one is wanted: the reason, as it was logged.
  [[nodiscard]] std::string why_waiting() const { return state_ == State::waiting ? why_ : std::string(); }
  // The last worker found the agent's own link: the agent has the chart as well.
  [[nodiscard]] bool left_alone() const { return left_alone_; }

 private:
  [[nodiscard]] Orders start();
  [[nodiscard]] Orders end_worker(Time now);
  [[nodiscard]] std::chrono::seconds next_backoff(Time now);

  State state_ = State::resting;
  bool wanted_ = false;
  bool leaving_ = false;
  bool left_alone_ = false;
  bool killed_ = false;  // SIGKILL was sent
  Time started_{};
  Time at_{};  // waiting: when to start; ending: when to kill, then when to give up
  unsigned deaths_ = 0;
  std::string why_;
  int last_rest_ = 0;  // status of the last reason to rest, so that it is logged once
};

}  // namespace aclk::external
