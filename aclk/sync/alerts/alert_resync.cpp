// SPDX-License-Identifier: GPL-3.0-or-later
//
// The part of AlertSync that compares with the cloud, and makes it right with a snapshot (aclk/sync/README.md,
// "Alerts").
#include <algorithm>
#include <string_view>
#include <utility>

#include "aclk/sync/alerts/alert_sync.h"

namespace aclk::sync {

using mqtt::Delivery;
using proto::AlarmStatus;

namespace {
constexpr std::uint64_t kNoComparison = 1;  // a version that is none
}

void AlertSync::submit_all(std::vector<proto::Alert> alerts) {
  std::set<std::string_view> listed;
  for (const auto &a : alerts) listed.insert(a.alert_id);
  for (auto &[id, r] : records_) {
    if (!r.submitted || listed.contains(id)) continue;
    r.submitted.reset();
    emptied_.push_back(id);
    changes_.emplace_back(DropAlert{.machine_guid = machine_guid_, .alert_id = id});
  }
  for (const auto &a : alerts) submit(a);
}

void AlertSync::compare(std::uint64_t version, ClockPair /*now*/) {
  using Outcome = Comparison::Outcome;
  if (version == kNoComparison) {
    comparisons_.push_back({.outcome = Outcome::skipped, .cloud = version, .local = this->version()});
    return;
  }
  if (knowledge_ != Knowledge::all) {
    asked_ = version;
    return;
  }
  ++checkpoints_;
  const auto local = this->version();
  const bool known = version == local || acknowledged_by(version);
  if (known && stage_ == Stage::unneeded) {
    comparisons_.push_back({.outcome = Outcome::equal, .cloud = version, .local = local});
    return;
  }
  if (!known) forget_unanswered();
  comparisons_.push_back({.outcome = Outcome::snapshot, .cloud = version, .local = local});
  // Remembered: what is sent from now on changes the cloud's version, but does not make it right.
  if (stage_ == Stage::unneeded || stage_ == Stage::needed) stage_ = Stage::wanted;
  put_log();
}

// Does the cloud have a beginning of what was published and not acknowledged? Then that much of it has arrived.
bool AlertSync::acknowledged_by(std::uint64_t version) {
  auto v = this->version();
  std::vector<std::string> arrived;
  for (const auto &[order, id] : queue_) {
    const auto &r = records_.find(id)->second;
    const auto &sent = r.at(Slot::sent);
    if (!sent || sent->order != order) continue;
    if (r.submitted) v -= r.submitted->version;
    if (sent->alert.status != AlarmStatus::removed) v += sent->alert.when_s;
    if (!sent->flying) arrived.push_back(id);  // those on their way now are acknowledged by themselves
    if (v != version) continue;
    for (const auto &a : arrived) {
      submit(records_.find(a)->second.at(Slot::sent)->alert);
      put(a, Slot::sent, std::nullopt);
      ++transitions_;
    }
    return true;
  }
  return false;
}

// The cloud has something else than any beginning of what was published, so what is stored here is not what was sent
// last (a disk was full, a file came from a backup): what it has as published may be older than what the cloud has.
void AlertSync::forget_unanswered() {
  std::vector<std::string> unanswered;
  for (const auto &[order, id] : queue_) {
    const auto &sent = records_.find(id)->second.at(Slot::sent);
    if (sent && sent->order == order && !sent->flying) unanswered.push_back(id);
  }
  for (const auto &id : unanswered) put(id, Slot::sent, std::nullopt);
}

void AlertSync::alerts(std::vector<proto::Alert> alerts, ClockPair now) {
  reading_ = Reading::nothing;
  read_again_at_.reset();
  std::erase_if(alerts, [](const proto::Alert &a) { return a.entry.empty() || a.status == AlarmStatus::removed; });
  if (knowledge_ != Knowledge::all) return begin(std::move(alerts), now);
  if (stage_ != Stage::reading) return tick(now);  // the connection ended meanwhile
  const bool known = std::ranges::any_of(records_, [](const auto &r) { return r.second.submitted.has_value(); });
  if (alerts.empty() && known && now.at < started_.at + kSettles) {
    snapshot_again(now.at + kReadAgain);
    return tick(now);
  }
  snapshot(std::move(alerts), now);
}

void AlertSync::alerts_failed(ReadFailure why, ClockPair now) {
  reading_ = Reading::nothing;
  const bool gone = why == ReadFailure::node_unknown;
  if (gone && knowledge_ != Knowledge::all) return begin({}, now);
  if (gone && stage_ == Stage::reading) {
    actions_.emplace_back(ReadStoredAlerts{});
    return;
  }
  if (stage_ == Stage::reading) snapshot_again(now.at + kReadAgain);
  read_again_at_ = now.at + kReadAgain;
}

void AlertSync::stored_alerts(std::vector<proto::Alert> alerts, ClockPair now) {
  // What is damaged in the store cannot be sent.
  std::erase_if(alerts,
                [](const proto::Alert &a) { return a.entry.empty() || !proto::decode_alarm_log_entry(a.entry); });
  if (stage_ == Stage::reading) snapshot(std::move(alerts), now);
}

// Nothing was known of this node: it is as it is, and the cloud's first version is compared with that.
void AlertSync::begin(std::vector<proto::Alert> alerts, ClockPair now) {
  knowledge_ = Knowledge::all;
  submit_all(std::move(alerts));
  put_log();
  if (asked_) compare(*std::exchange(asked_, std::nullopt), now);
  tick(now);
}

void AlertSync::snapshot(std::vector<proto::Alert> alerts, ClockPair now) {
  // From here on everything that was on its way is in the snapshot, and only a snapshot will do: also after a crash,
  // when nobody knows whether this one has arrived.
  for (auto &[id, r] : records_)
    for (const auto slot : {Slot::pending, Slot::waiting, Slot::sent})
      if (r.at(slot)) put(id, slot, std::nullopt);
  stage_ = Stage::sending;
  put_log();
  snapshot_ = std::move(alerts);
  snapshot_ticket_ = next_ticket_++;
  SendSnapshot s{.ticket = snapshot_ticket_, .entries = {}};
  s.entries.reserve(snapshot_.size());
  for (const auto &a : snapshot_) s.entries.push_back(a.entry);
  actions_.emplace_back(std::move(s));
  tick(now);
}

void AlertSync::snapshot_again(loop::Instant at) {
  stage_ = Stage::wanted;
  snapshot_at_ = at;
  snapshot_.clear();
}

void AlertSync::snapshot_delivered(Delivery how, ClockPair now) {
  if (how == Delivery::lost) return snapshot_again(now.at);
  if (how != Delivery::acked) {
    snapshot_again(now.at + std::chrono::seconds(how == Delivery::full ? kFullAgain : kRefusedAgain));
    return tick(now);
  }
  stage_ = stage_ == Stage::sending_old ? Stage::needed : Stage::unneeded;
  snapshot_at_.reset();
  ++snapshots_;
  submit_all(std::exchange(snapshot_, {}));
  put_log();
  tick(now);
}

// Nothing selected is left, but what the broker has refused: the snapshot has that too.
bool AlertSync::drained(ClockPair now) const {
  return std::ranges::all_of(queue_, [&](const auto &q) {
    const auto &r = records_.find(q.second)->second;
    return !r.at(Slot::sent) && !is_due(r.at(Slot::waiting)->due_s, kRefusedAgain, now);
  });
}

bool AlertSync::snapshot_possible(ClockPair now) const {
  return stage_ == Stage::wanted && connection_ == Connection::online && knowledge_ == Knowledge::all &&
         (!streaming() || drained(now));
}

}  // namespace aclk::sync
