// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/poll/poller.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <utility>

#include "aclk/loop/loop.h"
#include "claim/base/hash.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kMaxPause{5};
constexpr std::size_t kFewAlertLogs = 8;

// Time the machine has slept since it was booted.
std::chrono::nanoseconds time_asleep() {
  timespec boot{};
  timespec awake{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  clock_gettime(CLOCK_MONOTONIC, &awake);
  return std::chrono::seconds(boot.tv_sec - awake.tv_sec) + std::chrono::nanoseconds(boot.tv_nsec - awake.tv_nsec);
}

tl::unexpected<Error> pass_on(Error e) { return tl::unexpected<Error>(std::move(e)); }

// A node that went away while it was looked at, or an answer that makes no sense, is no reason to give up the round.
bool ends_round(Errc code) { return code != Errc::not_found && code != Errc::parse && code != Errc::too_big; }

}  // namespace

Poller::Poller(AgentClient &agent, PolledAnswers &answers, AgentLog &log, PollIntervals intervals, Calls calls)
    : agent_(agent),
      answers_(answers),
      log_(log),
      calls_(std::move(calls)),
      plan_(intervals),
      epoch_(agent.epoch()),
      slept_(time_asleep()),
      thread_([this] { run(); }) {}

Poller::~Poller() {
  {
    const std::lock_guard lock(mutex_);
    stop_.store(true);
  }
  wake_.notify_all();
  thread_.join();
}

void Poller::run() {
  loop::begin_own_thread("ACLK_POLL");
  while (!stop_.load()) {
    const auto now = Clock::now();
    try {
      watch_for_sleep();
      if (now >= retry_at_) look(now);
    } catch (const std::exception &e) {
      went_away({Errc::io, e.what()}, now);
    }
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, std::max(retry_at_, plan_.next()), [&] { return stop_.load() || listened_to_; });
    if (const auto kinds = std::exchange(listened_to_, std::nullopt)) hear(*kinds);
  }
}

void Poller::listen(std::uint32_t kinds) {
  {
    const std::lock_guard lock(mutex_);
    listened_to_ = kinds;
  }
  wake_.notify_all();
}

void Poller::hear(std::uint32_t kinds) {
  for (const auto s : {Subject::nodes, Subject::child_facts}) plan_.listened_to(s, (kinds & NACLK_INTEREST_NODES) != 0);
  for (const auto s : {Subject::contexts, Subject::child_contexts})
    plan_.listened_to(s, (kinds & NACLK_INTEREST_CONTEXTS) != 0);
  plan_.listened_to(Subject::alerts, (kinds & NACLK_INTEREST_ALERTS) != 0);
}

void Poller::look(PollSchedule::Time now) {
  answers_.drop_old(now);
  for (const auto subject :
       {Subject::nodes, Subject::child_facts, Subject::alerts, Subject::contexts, Subject::child_contexts}) {
    if (!plan_.due(subject, now)) continue;
    const auto changed = look_at(subject, now);
    if (!changed) {
      if (changed.error().code != Errc::cancelled) went_away(changed.error(), now);
      return;
    }
    plan_.done(subject, now, *changed ? Look::changed : Look::same, children());
  }
  came_back();
}

Result<bool> Poller::look_at(Subject subject, PollSchedule::Time now) {
  switch (subject) {
    case Subject::nodes:
      return look_at_nodes(now);
    case Subject::contexts:
      return look_at_contexts(now);
    case Subject::child_facts:
      return look_at_child_facts(now);
    case Subject::child_contexts:
      return look_at_child_contexts(now);
    case Subject::alerts:
      break;
  }
  return look_at_alerts(now);
}

std::size_t Poller::children() const {
  return static_cast<std::size_t>(std::ranges::count_if(watch_.nodes(), [](const auto &n) { return n.local == 0; }));
}

Result<bool> Poller::look_at_each(const std::vector<std::string> &nodes, const char *target, const AsBefore &as_before,
                                  const Saw &saw) {
  std::vector<AgentClient::Wanted> wanted;
  wanted.reserve(nodes.size());
  for (const auto &node : nodes) wanted.push_back({node, target});
  Result<bool> changed = false;
  ACLK_CHECK(agent_.get_each_text(wanted, stopped_, [&](std::size_t i, const Result<std::string> &text) {
    if (!text && ends_round(text.error().code)) {
      changed = pass_on(text.error());
      return false;
    }
    if (!text) return true;
    const auto hash = Hash().add(*text).value();
    if (as_before && as_before(nodes[i], hash)) return true;
    auto document = agent_.json(wanted[i], *text);
    if (document && saw(nodes[i], hash, std::move(*document))) changed = true;
    return true;
  }));
  return changed;
}

bool Poller::tell(const Events &events) {
  for (const auto &e : events) calls_.tell(e);
  return !events.empty();
}

Result<bool> Poller::look_at_nodes(PollSchedule::Time now) {
  auto read = agent_.get_json({}, "/api/v1/info", stopped_);
  if (!read) return pass_on(read.error());
  const auto info = std::make_shared<const nlohmann::json>(std::move(*read));
  if (read_facts(*info).own_link && !own_link_told_) {
    own_link_told_ = true;
    calls_.own_link();
  }
  const auto events = watch_.on_nodes(read_mirrored_hosts(*info, agent_.machine_guid()));
  if (!events.empty()) {
    answers_.node_info.drop_all();  // a name is part of the list, and of the facts that are read
    answers_.nodes.announce(agent_.machine_guid(), info, now);
  }
  bool changed = tell(events);
  changed |= saw_info(agent_.machine_guid(), 0, info, now);
  return changed;
}

Result<bool> Poller::look_at_child_facts(PollSchedule::Time now) {
  // Each child's has the list of all children, and most of the time not a byte of it has changed.
  return look_at_each(
      plan_.pick_children(Subject::child_facts, watch_.nodes()), "/api/v1/info",
      [&](const std::string &node, std::uint64_t text) { return watch_.knows_info(node, text); },
      [&](const std::string &node, std::uint64_t text, nlohmann::json info) {
        return saw_info(node, text, std::make_shared<const nlohmann::json>(std::move(info)), now);
      });
}

bool Poller::saw_info(const std::string &node, std::uint64_t text, const std::shared_ptr<const nlohmann::json> &info,
                      PollSchedule::Time now) {
  const auto events = watch_.on_info(node, print_of_info(*info), text);
  for (const auto &e : events)
    (e.kind == NACLK_EVENT_NODE_INFO ? answers_.node_info : answers_.collectors).announce(node, info, now);
  return tell(events);
}

bool Poller::saw_contexts(const std::string &node, const nlohmann::json &contexts, PollSchedule::Time now) {
  auto list = std::make_shared<const ContextList>(read_contexts(contexts));
  const auto events = watch_.on_contexts(node, fingerprint(list->items));
  if (!events.empty()) answers_.contexts.announce(node, std::move(list), now);
  return tell(events);
}

Result<bool> Poller::look_at_contexts(PollSchedule::Time now) {
  if (versions_.contexts_same(now)) return false;
  contexts_left_ = children();
  const auto contexts = agent_.get_json({}, "/api/v1/contexts", stopped_);
  if (!contexts && ends_round(contexts.error().code)) return pass_on(contexts.error());
  // The local node is there; what is not is the call, which came with 1.36.
  if (!contexts && contexts.error().code == Errc::not_found && !no_contexts_told_) {
    no_contexts_told_ = true;
    log_.warning(
        "this agent does not tell its contexts (netdata does since 1.36): the cloud gets alerts, and answers to its "
        "queries, but no list of charts");
  }
  return contexts && saw_contexts(agent_.machine_guid(), *contexts, now);
}

Result<bool> Poller::look_at_child_contexts(PollSchedule::Time now) {
  if (versions_.tells() && contexts_left_ == 0) return false;
  const auto nodes = plan_.pick_children(Subject::child_contexts, watch_.nodes());
  contexts_left_ -= std::min(contexts_left_, nodes.size());
  return look_at_each(nodes, "/api/v1/contexts", {},
                      [&](const std::string &node, std::uint64_t, const nlohmann::json &contexts) {
                        return saw_contexts(node, contexts, now);
                      });
}

Result<bool> Poller::look_at_alerts(PollSchedule::Time now) {
  if (!versions_.ask(agent_.epoch())) return look_at_alert_logs(now, alert_budget(watch_.nodes()));
  const auto document = agent_.get_json({}, "/api/v2/versions", stopped_);
  if (!document && document.error().code == Errc::cancelled) return pass_on(document.error());
  const bool offered = document && !object_of(*document, "versions").empty();
  const auto look = versions_.versions(offered ? std::optional(read_versions(*document)) : std::nullopt, now);
  if (look.nodes) plan_.make_due(Subject::nodes);
  if (look.contexts)
    for (const auto s : {Subject::contexts, Subject::child_contexts}) plan_.make_due(s);
  if (look.alerts) return look_at_alert_logs(now, look.few ? kFewAlertLogs : alert_budget(watch_.nodes()));
  bool told = false;
  for (const auto &node : versions_.tell_again(now)) told |= tell({{NACLK_EVENT_ALERTS, node}});
  return told;
}

Result<bool> Poller::look_at_alert_logs(PollSchedule::Time now, std::size_t budget) {
  bool changed = false;
  for (const auto &node : versions_.tell_again(now)) changed |= tell({{NACLK_EVENT_ALERTS, node}});
  const auto &nodes = watch_.nodes();
  const auto some = plan_.pick_for_alerts(nodes, budget);
  ACLK_TRY(const auto grown, look_at_alert_logs_of(some, now));
  if (!grown) return changed;
  auto others = plan_.pick_for_alerts(nodes, nodes.size() - std::min(some.size(), nodes.size()));
  std::erase_if(others, [&](const auto &node) { return std::ranges::find(some, node) != some.end(); });
  return look_at_alert_logs_of(others, now).map([](bool) { return true; });
}

Result<bool> Poller::look_at_alert_logs_of(const std::vector<std::string> &nodes, PollSchedule::Time now) {
  return look_at_each(nodes, "/api/v1/alarms?active", {},
                      [&](const std::string &node, std::uint64_t, const nlohmann::json &alarms) {
                        if (!tell(watch_.on_alert_log(node, uint_of(alarms, "latest_alarm_log_unique_id"))))
                          return false;
                        versions_.alerts_changed(node, now);
                        return true;
                      });
}

void Poller::went_away(const Error &why, PollSchedule::Time now) {
  ++failures_;
  retry_at_ = now + std::min(std::chrono::seconds(failures_), kMaxPause);
  if (failures_ == 3) log_.warning(fmt::format("the agent does not answer ({}); asking again each 5 s", why.what));
}

void Poller::came_back() {
  retry_at_ = {};
  if (failures_ >= 3) log_.info("the agent answers again");
  failures_ = 0;
  const auto epoch = agent_.epoch();
  if (epoch == epoch_) return;
  epoch_ = epoch;
  answers_.drop_all();  // may be of the agent that was there before
  (void)tell(watch_.on_return());
}

void Poller::watch_for_sleep() {
  constexpr std::chrono::seconds kNap{2};
  const auto slept = time_asleep();
  if (slept - slept_ > kNap) calls_.tell({NACLK_EVENT_RESUMED, {}});
  slept_ = slept;
}

}  // namespace aclk::external
