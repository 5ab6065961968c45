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
#include <string_view>

#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {

// What a worker's exit status means to the supervisor.
enum WorkerExit : int {
  kExitStopped = 0,          // it was asked to stop
  kExitFailed = 1,           // it cannot work now (said why in the log): start it again, later and later
  kExitOwnLink = 10,         // the agent has a link of its own: leave it alone
  kExitBuiltInLink = 15,     // the agent has none now, but brings its own when it is claimed itself: 2.x
  kExitProtected = 11,       // the agent wants bearer tokens
  kExitNoWebServer = 12,     // the agent runs no web server
  kExitBadSetting = 13,      // an own setting is unusable: [plugin:aclk] agent url
  kExitUnknownMachine = 14,  // no machine GUID: not started by an agent, and none in its directory
};

// Why there is no worker, for the log; empty for statuses after which it is started again.
[[nodiscard]] constexpr std::string_view reason_to_rest(int status) {
  switch (status) {
    case kExitOwnLink:
      return "the agent has a link to the cloud of its own; this plugin leaves it alone";
    case kExitBuiltInLink:
      return "this agent has a link to the cloud built in (netdata 2.x always has); this plugin is for agents without "
             "one, and leaves it alone: claim the agent itself";
    case kExitProtected:
      return "the agent gives its data only for bearer tokens, which only its own link gets: set [web] bearer token "
             "protection = no in netdata.conf";
    case kExitNoWebServer:
      return kNoWebServer;
    case kExitBadSetting:
      return "[plugin:aclk] agent url in netdata.conf is not usable: write http://HOST:PORT or unix:/PATH, or remove "
             "it";
    case kExitUnknownMachine:
      return "the machine GUID of the agent is not known: neither NETDATA_REGISTRY_UNIQUE_ID nor "
             "registry/netdata.public.unique.id in its lib directory tells it";
    default:
      return {};
  }
}

// Decides.
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

  struct IdentitySeen {
    bool wants_worker = false;  // the node is claimed and the link enabled
    bool changed = false;       // what it is made of is not what the worker was started with
  };
  [[nodiscard]] Orders on_identity(Time now, IdentitySeen seen);
  // The order to start has been carried out, or not.
  void on_started(Time now);
  [[nodiscard]] Orders on_start_failed(Time now, const std::string &why);
  // As waitpid() gives it.
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
