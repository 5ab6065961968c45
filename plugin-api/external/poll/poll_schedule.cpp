// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/poll/poll_schedule.h"

#include <algorithm>

namespace aclk::external {

std::size_t alert_budget(const std::vector<naclk_node> &nodes) {
  constexpr std::size_t kAll = 64;
  constexpr std::size_t kMost = 512;
  const auto live =
      std::count_if(nodes.begin(), nodes.end(), [](const naclk_node &n) { return n.live != 0 && n.local == 0; });
  return std::clamp((static_cast<std::size_t>(live) + 1) / 2, kAll, kMost);
}

PollSchedule::Time PollSchedule::next() const {
  return std::min({of(Subject::alerts).at, of(Subject::nodes).at, of(Subject::contexts).at});
}

void PollSchedule::done(Subject subject, Time now, bool changed) {
  constexpr unsigned kQuietLooks = 12;
  constexpr unsigned kMaxFactor = 3;
  constexpr unsigned kUnheardFactor = 6;
  auto &s = of(subject);
  s.quiet = changed ? 0 : std::min(s.quiet + 1, kQuietLooks * kMaxFactor);
  auto factor = std::min(kMaxFactor, 1 + s.quiet / kQuietLooks);
  if (!s.listened_to) factor = subject == Subject::nodes ? kMaxFactor : kUnheardFactor;
  if (subject == Subject::alerts) factor = 1;
  const auto interval = subject == Subject::alerts  ? intervals_.alerts
                        : subject == Subject::nodes ? intervals_.nodes
                                                    : intervals_.contexts;
  s.at = now + interval * factor;
}

void PollSchedule::listened_to(Subject subject, bool yes) {
  auto &s = of(subject);
  if (yes && !s.listened_to) {
    s.at = {};
    s.quiet = 0;
  }
  s.listened_to = yes;
}

std::vector<std::string> PollSchedule::pick(Subject subject, const std::vector<naclk_node> &nodes, std::size_t budget,
                                            Which which) {
  std::vector<std::string> out;
  std::vector<const naclk_node *> others;
  for (const auto &n : nodes) {
    if (n.local != 0)
      out.emplace_back(text(n.machine_guid));
    else if (n.live != 0 || which == Which::all)
      others.push_back(&n);
  }
  auto &cursor = of(subject).cursor;
  const auto count = std::min(budget, others.size());
  for (std::size_t i = 0; i < count; ++i) out.emplace_back(text(others[(cursor + i) % others.size()]->machine_guid));
  if (!others.empty()) cursor = (cursor + count) % others.size();
  return out;
}

}  // namespace aclk::external
