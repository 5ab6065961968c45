// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/charts/status_chart.h"

#include <fmt/format.h>

#include <algorithm>

namespace aclk::external {
namespace {

constexpr std::chrono::seconds kShortest{10};
// 2.x ends a plugin after 120 s of silence; half a minute leaves room for a machine that stutters.
constexpr std::chrono::seconds kSignOfLife{20};

}  // namespace

std::chrono::seconds chart_interval(std::chrono::seconds update_every) { return std::max(update_every, kShortest); }

StatusChart::StatusChart(std::chrono::seconds update_every) : every_(chart_interval(update_every)) {}

void StatusChart::set_online(bool online) {
  online_ = online;
  if (!online) was_offline_ = true;
}

std::optional<std::string> StatusChart::take(Time now) {
  if (now < next_) return std::nullopt;
  std::string out;
  if (silent_ || now < next_value_) {
    out = "\n";
    next_ = now + kSignOfLife;
  } else {
    if (!defined_)
      out = fmt::format(
          "CHART netdata.aclk_status \"\" \"ACLK/Cloud connection status\" connected aclk netdata.aclk_status line "
          "200000 {} \"\" aclk.plugin \"\"\nDIMENSION online \"\" absolute 1 1\n",
          every_.count());
    defined_ = true;
    out += fmt::format("BEGIN netdata.aclk_status\nSET online = {}\nEND\n", online_ && !was_offline_ ? 1 : 0);
    was_offline_ = !online_;
    next_value_ = now + every_;
    next_ = now + std::min(every_, kSignOfLife);
  }
  if (!silent_) next_ = std::min(next_, std::max(next_value_, now));
  return out;
}

}  // namespace aclk::external
