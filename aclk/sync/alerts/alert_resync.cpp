// SPDX-License-Identifier: GPL-3.0-or-later
//
// The part of AlertSync that compares with the cloud, and makes it right with a snapshot (aclk/sync/README.md,
// "Alerts").
#include <algorithm>
#include <string_view>
#include <utility>

#include "aclk/sync/alerts/alert_rules.h"
#include "aclk/sync/alerts/alert_sync.h"

namespace aclk::sync {

using mqtt::Delivery;
using proto::AlarmStatus;

namespace {
constexpr std::uint64_t kNoComparison = 1;  // a version that is none
}

void AlertSync::submit_all(std::vector<StoredAlert> alerts) {
  std::set<std::string_view> listed;
  for (const auto &a : alerts) listed.insert(a.alert_id);
  for (auto &[id, r] : records_) {
    if (!r.submitted || listed.contains(id)) continue;
    r.submitted.reset();
    emptied_.push_back(id);
    changes_.emplace_back(DropAlert{machine_guid_, id});
  }
  for (auto &a : alerts) {
    records_[a.alert_id].submitted = Submitted{static_cast<AlarmStatus>(a.status), a.version, a.log_id};
    changes_.emplace_back(PutAlert{machine_guid_, std::move(a)});
  }
}

void AlertSync::compare(std::uint64_t version, ClockPair /*now*/) {
  using Outcome = Comparison::Outcome;
  if (version == kNoComparison) {
    comparisons_.push_back({Outcome::skipped, version, this->version()});
    return;
  }
  if (beginning_) {
    asked_ = version;
    return;
  }
  ++checkpoints_;
  const auto local = this->version();
  const bool known = version == local || acknowledged_by(version);
  if (known && !kept_.resync) {
    comparisons_.push_back({Outcome::equal, version, local});
    return;
  }
  if (!known) forget_unanswered();
  comparisons_.push_back({Outcome::snapshot, version, local});
  // Remembered: what is sent from now on changes the cloud's version, but does not make it right.
  kept_.resync = true;
  put_log();
  if (stage_ == Stage::none) stage_ = Stage::wanted;
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
    if (sent->status != AlarmStatus::removed) v += sent->when_s;
    if (!sent->flying) arrived.push_back(id);  // those on their way now are acknowledged by themselves
    if (v != version) continue;
    for (const auto &a : arrived) {
      submit(a, *records_.find(a)->second.at(Slot::sent));
      put(a, Slot::sent, std::nullopt);
      ++transitions_;
    }
    return true;
  }
  return false;
}

// The cloud has something else than any beginning of what was published, so these books are not what was told last (a
// disk was full, a file came from a backup): what they hold as published may be older than what the cloud has.
void AlertSync::forget_unanswered() {
  std::vector<std::string> unanswered;
  for (const auto &[order, id] : queue_) {
    const auto &sent = records_.find(id)->second.at(Slot::sent);
    if (sent && sent->order == order && !sent->flying) unanswered.push_back(id);
  }
  for (const auto &id : unanswered) put(id, Slot::sent, std::nullopt);
}

std::vector<StoredAlert> AlertSync::stored_of(std::vector<host::Alert> alerts) const {
  std::vector<StoredAlert> out;
  out.reserve(alerts.size());
  for (auto &a : alerts) {
    if (a.variable || a.entry.status == AlarmStatus::removed || a.alert_id.empty()) continue;
    StoredAlert s{a.alert_id, static_cast<std::uint32_t>(a.entry.status), a.entry.when, a.log_id, {}};
    s.entry = kept_entry(machine_guid_, std::move(a));
    out.push_back(std::move(s));
  }
  return out;
}

void AlertSync::alerts(std::vector<host::Alert> alerts, ClockPair now) {
  reading_ = false;
  read_again_at_.reset();
  auto stored = stored_of(std::move(alerts));
  if (beginning_) return begin(std::move(stored), now);
  if (stage_ != Stage::reading) return tick(now);  // the connection ended meanwhile
  const bool known = std::ranges::any_of(records_, [](const auto &r) { return r.second.submitted.has_value(); });
  if (stored.empty() && known && now.at < started_.at + kSettles) {
    snapshot_again(now.at + kReadAgain);
    return tick(now);
  }
  snapshot(std::move(stored), now);
}

void AlertSync::alerts_failed(bool gone, ClockPair now) {
  reading_ = false;
  if (beginning_ && gone) return begin({}, now);
  if (gone && stage_ == Stage::reading) {
    actions_.emplace_back(ReadStoredAlerts{});
    return;
  }
  if (stage_ == Stage::reading) snapshot_again(now.at + kReadAgain);
  read_again_at_ = now.at + kReadAgain;
}

void AlertSync::stored_alerts(std::vector<StoredAlert> alerts, ClockPair now) {
  if (stage_ == Stage::reading) snapshot(std::move(alerts), now);
}

// Nothing was known of this node: it is as it is, and the cloud's first version is compared with that.
void AlertSync::begin(std::vector<StoredAlert> alerts, ClockPair now) {
  beginning_ = false;
  submit_all(std::move(alerts));
  put_log();
  if (asked_) compare(*std::exchange(asked_, std::nullopt), now);
  tick(now);
}

void AlertSync::snapshot(std::vector<StoredAlert> alerts, ClockPair now) {
  // From here on everything that was on its way is in the snapshot, and only a snapshot will do: also after a crash,
  // when nobody knows whether this one has arrived.
  for (auto &[id, r] : records_)
    for (const auto slot : {Slot::pending, Slot::waiting, Slot::sent})
      if (r.at(slot)) put(id, slot, std::nullopt);
  kept_.resync = true;
  put_log();
  missed_again_ = false;
  snapshot_ = std::move(alerts);
  stage_ = Stage::sending;
  snapshot_ticket_ = next_ticket_++;
  SendSnapshot s{snapshot_ticket_, {}};
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
  stage_ = Stage::none;
  snapshot_at_.reset();
  ++snapshots_;
  submit_all(std::exchange(snapshot_, {}));
  kept_.resync = std::exchange(missed_again_, false);
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
  return stage_ == Stage::wanted && online_ && !expecting_ && !beginning_ && (!streaming_ || drained(now));
}

}  // namespace aclk::sync
