// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/poll/versions_gate.h"

#include <array>
#include <iterator>
#include <utility>

namespace aclk::external {
namespace {

using namespace std::chrono_literals;

constexpr auto kOpen = 15s;
constexpr std::array<std::chrono::seconds, 3> kTellAgain{2s, 5s,
                                                         12s};  // an agent shows a transition that it saves later
constexpr auto kAlertsAnyway = 10s;
constexpr auto kContextsAnyway = 60s;

}  // namespace

bool VersionsGate::ask(unsigned epoch) {
  if (epoch_ != epoch) {
    epoch_ = epoch;
    offered_ = true;
    last_.reset();
    contexts_changed_ = true;
  }
  return offered_;
}

VersionsGate::Look VersionsGate::versions(const std::optional<Versions> &versions, Time now) {
  Look look;
  if (!versions) {
    // One that did answer before is away, or busy.
    offered_ = last_.has_value();
    contexts_changed_ = true;
    return look;
  }
  const auto before = std::exchange(last_, versions);
  if (!before || before->alerts != versions->alerts) alerts_open_until_ = now + kOpen;
  if (!before || before->contexts != versions->contexts || before->contexts_soft != versions->contexts_soft)
    contexts_changed_ = true;
  look.nodes = before && before->nodes != versions->nodes;
  look.contexts = before && before->contexts != versions->contexts;
  const bool open = look.nodes || now < alerts_open_until_;
  look.alerts = open || now >= alerts_looked_ + kAlertsAnyway;
  look.few = look.alerts && !open;
  if (look.alerts) alerts_looked_ = now;
  return look;
}

bool VersionsGate::contexts_same(Time now) {
  if (!tells()) return false;
  if (!contexts_changed_ && now < contexts_looked_ + kContextsAnyway) return true;
  contexts_changed_ = false;
  contexts_looked_ = now;
  return false;
}

void VersionsGate::alerts_changed(const std::string &node, Time now) {
  if (tells()) changes_.insert_or_assign(node, Change{now});
}

std::vector<std::string> VersionsGate::tell_again(Time now) {
  std::vector<std::string> out;
  for (auto it = changes_.begin(); it != changes_.end();) {
    auto &change = it->second;
    const auto before = change.told;
    while (change.told < kTellAgain.size() && now >= change.at + kTellAgain.at(change.told)) ++change.told;
    if (change.told != before) out.push_back(it->first);
    it = change.told == kTellAgain.size() ? changes_.erase(it) : std::next(it);
  }
  return out;
}

}  // namespace aclk::external
