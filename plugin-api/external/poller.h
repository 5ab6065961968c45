// SPDX-License-Identifier: GPL-3.0-or-later
//
// The thread that looks whether something changed in the agent, because an agent beside a plugin tells nobody
// (plugin-api/external/README.md, "Noticing changes"). One kept connection, 0.03 to 0.2 ms of the agent per look.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "plugin-api/external/agent.h"
#include "plugin-api/external/agent_log.h"
#include "plugin-api/external/poll_plan.h"
#include "plugin-api/external/versions_gate.h"
#include "plugin-api/external/watch.h"

namespace aclk::external {

class Poller {
 public:
  struct Calls {
    std::function<void(const Event &)> tell;  // netdata_aclk_notify
    std::function<void()> own_link;           // the agent's own link has come up: told once
  };

  // Starts at once. agent, log and what the calls use must outlive it.
  Poller(Agent &agent, AgentLog &log, PollIntervals intervals, Generation generation, Calls calls);
  // Interrupts what is under way and joins.
  ~Poller();
  // What somebody listens to (enum naclk_interest), as the module told. Any thread; never blocks for long.
  void listen(std::uint32_t kinds);
  Poller(const Poller &) = delete;
  Poller &operator=(const Poller &) = delete;

 private:
  void run();
  void look(PollPlan::Time now);
  [[nodiscard]] Result<bool> look_at(Subject subject, PollPlan::Time now);
  [[nodiscard]] Result<bool> look_at_alerts(PollPlan::Time now);
  [[nodiscard]] Result<bool> look_at_nodes();
  [[nodiscard]] Result<bool> look_at_contexts(PollPlan::Time now);
  [[nodiscard]] Result<bool> look_at_alert_logs(PollPlan::Time now);
  void went_away(const Error &why, PollPlan::Time now);
  void came_back();
  void watch_for_sleep();
  void hear(std::uint32_t kinds);
  [[nodiscard]] bool tell(const Events &events);  // were there any?

  Agent &agent_;
  AgentLog &log_;
  const Generation generation_;
  const Calls calls_;
  PollPlan plan_;
  Watch watch_;
  VersionsGate versions_;
  unsigned epoch_ = 0;
  unsigned failures_ = 0;  // in a row
  PollPlan::Time retry_at_{};
  std::chrono::nanoseconds slept_{};
  bool own_link_told_ = false;
  bool no_contexts_told_ = false;

  std::atomic<bool> stop_{false};
  const Interrupted stopped_{[this] { return stop_.load(); }};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<std::uint32_t> listened_to_;  // told, and not looked at yet
  std::thread thread_;                        // last: the others exist when it starts
};

}  // namespace aclk::external
