// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/poll/poll_schedule.h"

#include <algorithm>

namespace aclk::external {
namespace {

constexpr unsigned kQuietLooks = 12;
constexpr unsigned kMaxFactor = 3;

}  // namespace

std::size_t alert_budget(const std::vector<naclk_node> &nodes) {
  constexpr std::size_t kAll = 64;
  constexpr std::size_t kMost = 512;
  const auto live =
      std::count_if(nodes.begin(), nodes.end(), [](const naclk_node &n) { return n.live != 0 && n.local == 0; });
  return std::clamp((static_cast<std::size_t>(live) + 1) / 2, kAll, kMost);
}

PollSchedule::Time PollSchedule::next() const {
  auto first = Time::max();
  for (const auto &s : states_) first = std::min(first, s.at);
  return first;
}

PollSchedule::Pace PollSchedule::pace(Subject subject, std::size_t children) const {
  constexpr unsigned kUnheardFactor = 6;
  constexpr std::chrono::milliseconds kChildWithin{25'000};
  constexpr std::chrono::milliseconds kLeast{1'000};  // between two looks at some of many children
  constexpr std::size_t kMost = 32;                   // children in a look: 800 are each seen within 25 s
  if (subject == Subject::alerts) return {.every = intervals_.alerts};
  const bool facts = subject == Subject::nodes || subject == Subject::child_facts;
  const auto &s = of(subject);
  auto factor = std::min(kMaxFactor, 1 + s.quiet / kQuietLooks);
  if (!s.listened_to) factor = facts ? kMaxFactor : kUnheardFactor;
  const std::size_t few = facts ? 4 : 8;
  Pace p{.every = (facts ? intervals_.nodes : intervals_.contexts) * factor, .children = few};
  const auto many = static_cast<std::int64_t>(children);
  if (!s.listened_to || many * p.every <= static_cast<std::int64_t>(few) * kChildWithin) return p;
  p.every = std::clamp<std::chrono::milliseconds>(kChildWithin * static_cast<std::int64_t>(few) / many,
                                                  std::min(kLeast, p.every), p.every);
  const auto share = (many * p.every + kChildWithin - std::chrono::milliseconds(1)) / kChildWithin;
  p.children = std::clamp(static_cast<std::size_t>(share), few, kMost);
  return p;
}

void PollSchedule::done(Subject subject, Time now, Look look, std::size_t children) {
  auto &s = of(subject);
  s.quiet = look == Look::changed ? 0 : std::min(s.quiet + 1, kQuietLooks * kMaxFactor);
  s.at = now + pace(subject, children).every;
}

void PollSchedule::listened_to(Subject subject, bool yes) {
  auto &s = of(subject);
  if (yes && !s.listened_to) {
    s.at = {};
    s.quiet = 0;
  }
  s.listened_to = yes;
}

std::vector<std::string> PollSchedule::next_of(Subject subject, const std::vector<const naclk_node *> &from,
                                               std::size_t budget) {
  std::vector<std::string> out;
  auto &cursor = of(subject).cursor;
  const auto count = std::min(budget, from.size());
  for (std::size_t i = 0; i < count; ++i) out.emplace_back(text(from[(cursor + i) % from.size()]->machine_guid));
  if (!from.empty()) cursor = (cursor + count) % from.size();
  return out;
}

std::vector<std::string> PollSchedule::pick_for_alerts(const std::vector<naclk_node> &nodes, std::size_t budget) {
  std::vector<std::string> out;
  std::vector<const naclk_node *> live;
  for (const auto &n : nodes) {
    if (n.local != 0)
      out.emplace_back(text(n.machine_guid));
    else if (n.live != 0)
      live.push_back(&n);
  }
  for (auto &guid : next_of(Subject::alerts, live, budget)) out.push_back(std::move(guid));
  return out;
}

std::vector<std::string> PollSchedule::pick_children(Subject subject, const std::vector<naclk_node> &nodes) {
  std::vector<const naclk_node *> children;
  for (const auto &n : nodes)
    if (n.local == 0) children.push_back(&n);
  return next_of(subject, children, pace(subject, children.size()).children);
}

}  // namespace aclk::external
