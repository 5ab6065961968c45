// SPDX-License-Identifier: GPL-3.0-or-later
//
// The thread that looks whether something changed in the agent, because an agent announces none to a plugin
// (plugin-api/external/README.md, "Noticing changes"). 0.03 to 0.2 ms of the agent per look.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "plugin-api/external/agent/agent_client.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/hooks/polled_answers.h"
#include "plugin-api/external/poll/change_detector.h"
#include "plugin-api/external/poll/poll_schedule.h"
#include "plugin-api/external/poll/versions_gate.h"

namespace aclk::external {

class Poller {
 public:
  struct Calls {
    std::function<void(const Event &)> tell;  // netdata_aclk_notify
    std::function<void()> own_link;           // the agent's own link has come up: called once
  };

  // Starts at once. agent, answers, log and what the calls use must outlive it. What it has read when it tells of a
  // change is in `answers` then.
  Poller(AgentClient &agent, PolledAnswers &answers, AgentLog &log, PollIntervals intervals, Calls calls);
  // Interrupts what is under way and joins.
  ~Poller();
  // What somebody listens to (enum naclk_interest), as the module told. Any thread; never blocks for long.
  void listen(std::uint32_t kinds);
  Poller(const Poller &) = delete;
  Poller &operator=(const Poller &) = delete;

 private:
  void run();
  void look(PollSchedule::Time now);
  [[nodiscard]] Result<bool> look_at(Subject subject, PollSchedule::Time now);
  [[nodiscard]] Result<bool> look_at_alerts(PollSchedule::Time now);
  [[nodiscard]] Result<bool> look_at_nodes(PollSchedule::Time now);
  [[nodiscard]] Result<bool> look_at_child_facts(PollSchedule::Time now);
  // text: see ChangeDetector::on_info.
  [[nodiscard]] bool saw_info(const std::string &node, std::uint64_t text,
                              const std::shared_ptr<const nlohmann::json> &info, PollSchedule::Time now);
  [[nodiscard]] Result<bool> look_at_contexts(PollSchedule::Time now);
  [[nodiscard]] Result<bool> look_at_child_contexts(PollSchedule::Time now);
  [[nodiscard]] bool saw_contexts(const std::string &node, const nlohmann::json &contexts, PollSchedule::Time now);
  [[nodiscard]] Result<bool> look_at_alert_logs(PollSchedule::Time now, std::size_t budget);
  [[nodiscard]] Result<bool> look_at_alert_logs_of(const std::vector<std::string> &nodes, PollSchedule::Time now);
  // One document of each of these nodes, side by side; a node that has none now is left out. `as_before`: a text of
  // which nothing has to be made; may be empty. saw: was there a change? `text`: the hash of the document's text.
  using AsBefore = std::function<bool(const std::string &node, std::uint64_t text)>;
  using Saw = std::function<bool(const std::string &node, std::uint64_t text, nlohmann::json document)>;
  [[nodiscard]] Result<bool> look_at_each(const std::vector<std::string> &nodes, const char *target,
                                          const AsBefore &as_before, const Saw &saw);
  [[nodiscard]] std::size_t children() const;
  void went_away(const Error &why, PollSchedule::Time now);
  void came_back();
  void watch_for_sleep();
  void hear(std::uint32_t kinds);
  [[nodiscard]] bool tell(const Events &events);  // were there any?

  AgentClient &agent_;
  PolledAnswers &answers_;
  AgentLog &log_;
  const Calls calls_;
  PollSchedule plan_;
  ChangeDetector watch_;
  VersionsGate versions_;
  unsigned epoch_ = 0;
  unsigned failures_ = 0;  // in a row
  PollSchedule::Time retry_at_{};
  std::chrono::nanoseconds slept_{};
  std::size_t contexts_left_ = 0;  // children whose contexts may have changed, by what the versions say
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
