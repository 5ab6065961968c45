// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/alerts/alert_sync.h"

#include <algorithm>
#include <utility>

namespace aclk::sync {

using namespace std::chrono_literals;
using mqtt::Delivery;
using proto::AlarmStatus;

namespace {

constexpr unsigned kPerSecond = 50;          // aclk/sync/README.md, "Alerts"
constexpr std::int64_t kLongestDelay = 600;  // s, of tell_after()
constexpr std::uint32_t kLogPage = 1000;     // entries of one reading
constexpr auto kAwaitCloud = 15s;

}  // namespace

std::chrono::seconds tell_after(AlarmStatus from, AlarmStatus to) {
  const auto unborn = [](AlarmStatus s) { return s == AlarmStatus::not_a_number || s == AlarmStatus::unknown; };
  const auto raised = [](AlarmStatus s) { return s == AlarmStatus::warning || s == AlarmStatus::critical; };
  if (from == AlarmStatus::removed) return to == AlarmStatus::unknown ? 600s : to == AlarmStatus::clear ? 10s : 0s;
  if (unborn(from)) return to == AlarmStatus::removed || unborn(to) ? 600s : to == AlarmStatus::clear ? 10s : 0s;
  if (from == AlarmStatus::clear) return to == AlarmStatus::removed || unborn(to) ? 600s : 0s;
  if (raised(from)) return unborn(to) ? 600s : to == AlarmStatus::removed || to == AlarmStatus::clear ? 10s : 0s;
  return 0s;
}

AlertSync::AlertSync(std::string machine_guid, StoredAlerts stored, ClockPair started)
    : machine_guid_(std::move(machine_guid)),
      started_(started),
      knowledge_(stored.log ? Knowledge::all : Knowledge::nothing),
      now_(started) {
  load(std::move(stored));
}

void AlertSync::load(StoredAlerts stored) {
  if (stored.log) {
    last_log_id_ = stored.log->last_log_id;
    streaming_ = stored.log->streaming ? Streaming::asked_before_restart : Streaming::never_asked;
    stage_ = stored.log->resync ? Stage::needed : Stage::unneeded;
  }
  for (const auto &a : stored.alerts)
    records_[a.alert_id].submitted = Submitted{.status = a.status, .version = a.when_s, .log_id = a.log_id};
  for (auto &t : stored.transitions) {
    const auto e = proto::decode_alarm_log_entry(t.alert.entry);
    const auto id = t.alert.alert_id;
    if (!e) {
      changes_.emplace_back(DropTransition{.machine_guid = machine_guid_, .alert_id = id, .slot = t.slot});
      continue;
    }
    t.alert.when_s = e->when;
    t.alert.status = e->status;
    if (t.slot == Slot::pending)
      pending_.insert(id);
    else
      queue_[t.order] = id;
    next_order_ = std::max(next_order_, t.order + 1);
    records_[id].at(t.slot) = Step{.alert = std::move(t.alert), .order = t.order, .due_s = t.due_s};
  }
}

// The one place where slots change: index and store follow.
void AlertSync::put(const std::string &id, Slot slot, std::optional<Step> step) {
  auto &place = records_[id].at(slot);
  if (place && slot != Slot::pending) queue_.erase(place->order);
  if (slot == Slot::pending) {
    if (step)
      pending_.insert(id);
    else
      pending_.erase(id);
  } else if (step) {
    queue_[step->order] = id;
  }
  if (step)
    changes_.emplace_back(
        PutTransition{.machine_guid = machine_guid_,
                      .transition = {.alert = step->alert, .slot = slot, .order = step->order, .due_s = step->due_s}});
  else if (place)
    changes_.emplace_back(DropTransition{.machine_guid = machine_guid_, .alert_id = id, .slot = slot});
  place = std::move(step);
  if (!place) emptied_.push_back(id);
}

std::uint64_t AlertSync::version() const {
  std::uint64_t v = 0;
  for (const auto &[id, r] : records_)
    if (r.submitted) v += r.submitted->version;
  return v;
}

// The cloud has it now. A removed alert is one that the cloud has no more.
void AlertSync::submit(const proto::Alert &alert) {
  const auto &id = alert.alert_id;
  auto &r = records_[id];
  if (alert.status == AlarmStatus::removed) {
    if (r.submitted) changes_.emplace_back(DropAlert{.machine_guid = machine_guid_, .alert_id = id});
    r.submitted.reset();
    emptied_.push_back(id);
    return;
  }
  r.submitted = Submitted{.status = alert.status, .version = alert.when_s, .log_id = alert.log_id};
  changes_.emplace_back(PutAlert{.machine_guid = machine_guid_, .alert = alert});
}

void AlertSync::put_log() {
  changes_.emplace_back(PutAlertLog{.machine_guid = machine_guid_,
                                    .log = {.last_log_id = last_log_id_,
                                            .streaming = streaming_ != Streaming::never_asked,
                                            .resync = stage_ != Stage::unneeded}});
}

// The cloud is not, or will not be, told of something: only a snapshot makes it right.
void AlertSync::missed() {
  if (stage_ == Stage::unneeded) stage_ = Stage::needed;
  if (stage_ == Stage::sending) stage_ = Stage::sending_old;
}

// Of an alert that is gone, and told, nothing is kept. Only at the end of tick(): nobody holds a record then.
void AlertSync::forget_empty() {
  for (const auto &id : emptied_) {
    const auto it = records_.find(id);
    if (it == records_.end() || it->second.submitted) continue;
    if (std::ranges::none_of(it->second.slots, [](const auto &s) { return s.has_value(); })) records_.erase(it);
  }
  emptied_.clear();
}

// By the wall clock. One that is further away than anything waits is due too: the clock was set back.
bool AlertSync::is_due(std::int64_t due_s, std::int64_t longest, ClockPair now) {
  return due_s <= now.wall_s() || due_s > now.wall_s() + longest;
}

// ------------------------------------------------------------------------------------------------------- the cloud

void AlertSync::online(ClockPair now) {
  connection_ = streaming() ? Connection::awaiting_cloud : Connection::online;
  await_until_ = now.at + kAwaitCloud;
  tick(now);
}

void AlertSync::offline() {
  connection_ = Connection::offline;
  tickets_.clear();
  for (const auto &[order, id] : queue_)
    if (auto &sent = records_[id].at(Slot::sent)) sent->flying = false;
  if (stage_ != Stage::unneeded && stage_ != Stage::needed) snapshot_again(now_.at);
}

void AlertSync::start_streaming(std::uint64_t version, ClockPair now) {
  if (connection_ == Connection::awaiting_cloud) connection_ = Connection::online;
  const auto before = std::exchange(streaming_, Streaming::asked);
  if (before == Streaming::never_asked && knowledge_ == Knowledge::all) put_log();
  compare(version, now);
  tick(now);
}

void AlertSync::checkpoint(std::uint64_t version, ClockPair now) {
  compare(version, now);
  tick(now);
}

// -------------------------------------------------------------------------------------------------------- the host

void AlertSync::log_changed(ClockPair now) {
  log_grown_ = true;
  tick(now);
}

void AlertSync::log(host::AlertLog log, ClockPair now) {
  reading_ = Reading::nothing;
  read_again_at_.reset();
  const auto before = std::exchange(last_log_id_, log.last_log_id);
  // The end is where a reading brings nothing new: a host may show less in one than it was asked for. Ids that begin
  // anew are lower.
  const bool more = log.last_log_id > before || (log.last_log_id < before && !log.entries.empty());
  log_grown_ = log_grown_ || more;
  if (knowledge_ != Knowledge::all) {
    knowledge_ = more ? Knowledge::nothing : Knowledge::end_of_log;
    return tick(now);
  }
  if (log.gap) missed();
  const bool news = log.gap || log.last_log_id != before || !log.entries.empty();
  for (auto &a : log.entries) learn(std::move(a));
  if (news) put_log();
  tick(now);
}

void AlertSync::log_failed(ReadFailure why, ClockPair now) {
  reading_ = Reading::nothing;
  const bool gone = why == ReadFailure::node_unknown;
  if (gone && knowledge_ != Knowledge::all) return begin({}, now);
  log_grown_ = !gone;  // of a node that is gone nothing comes until the host tells of it again
  read_again_at_ = now.at + kReadAgain;
}

void AlertSync::learn(proto::Alert alert) {
  if (alert.entry.empty()) return;
  const auto id = alert.alert_id;
  auto &r = records_[id];
  emptied_.push_back(id);  // if nothing comes of it
  std::uint64_t last_id = r.submitted ? r.submitted->log_id : 0;
  std::uint64_t last_when = r.submitted ? r.submitted->version : 0;
  for (const auto &s : r.slots)
    if (s) {
      last_id = std::max(last_id, s->alert.log_id);
      last_when = std::max(last_when, s->alert.when_s);
    }
  // After a gap ids may have begun anew: they tell nothing until a snapshot has come through.
  const bool ids = stage_ == Stage::unneeded && last_id != 0 && alert.log_id != 0;
  if (ids && alert.log_id <= last_id) return;
  // Newer in the log, but with an older time: the clock was set back, and the versions with it. Only a snapshot is
  // right.
  if (alert.when_s < last_when) return missed();
  auto due_s = static_cast<std::int64_t>(alert.when_s) + tell_after(alert.old_status, alert.status).count();
  if (alert.status == AlarmStatus::removed) due_s = std::max(due_s, started_.wall_s() + kSettles.count());
  if (const auto &old = r.at(Slot::pending)) due_s = std::min(due_s, old->due_s);
  put(id, Slot::pending, Step{.alert = std::move(alert), .due_s = due_s});
}

// ------------------------------------------------------------------------------------------------------ to the cloud

void AlertSync::promote(ClockPair now) {
  // What a snapshot is about to tell is not told a second time, and older, after it.
  if (stage_ != Stage::unneeded || knowledge_ != Knowledge::all) return;
  std::vector<std::string> due;
  for (const auto &id : pending_) {
    const auto at = records_.find(id)->second.at(Slot::pending)->due_s;
    if (is_due(at, kLongestDelay, now)) due.push_back(id);
  }
  // In the order of the log, as far as it is known.
  std::ranges::stable_sort(due, {},
                           [&](const auto &id) { return records_.find(id)->second.at(Slot::pending)->alert.log_id; });
  for (const auto &id : due) select(id);
}

void AlertSync::select(const std::string &id) {
  auto &r = records_.find(id)->second;
  auto step = *r.at(Slot::pending);
  put(id, Slot::pending, std::nullopt);
  const auto told = r.submitted ? r.submitted->log_id : 0;
  if (told != 0 && step.alert.log_id != 0 && step.alert.log_id <= told) return;  // a snapshot had it, or a later one
  if (streaming_ == Streaming::never_asked) {
    // Nobody listens yet. Versions are sums of seconds, which cannot tell what happens within one: a snapshot can.
    missed();
    return put_log();
  }
  const auto &sent = r.at(Slot::sent);
  const auto &waiting = r.at(Slot::waiting);
  const auto known = sent          ? sent->alert.status
                     : r.submitted ? r.submitted->status
                                   : AlarmStatus::removed;  // the cloud knows of no such alert
  if (step.alert.status == known) {
    if (waiting) put(id, Slot::waiting, std::nullopt);
    return;
  }
  step.order = waiting ? waiting->order : next_order_++;
  step.due_s = waiting ? waiting->due_s : 0;
  put(id, Slot::waiting, std::move(step));
}

void AlertSync::send(const std::string &id) {
  auto &sent = *records_.find(id)->second.at(Slot::sent);
  sent.flying = true;
  const auto ticket = next_ticket_++;
  tickets_[ticket] = id;
  actions_.emplace_back(SendTransition{.ticket = ticket, .entry = sent.alert.entry});
  ++in_window_;
}

void AlertSync::publish(ClockPair now) {
  if (!may_send() || frozen()) return;
  if (now.at - window_ >= 1s) {
    window_ = now.at;
    in_window_ = 0;
  }
  // What an earlier connection has published first, in that order: the cloud has a beginning of it, or none.
  std::vector<std::string> again;
  std::vector<std::string> fresh;
  for (const auto &[order, id] : queue_) {
    const auto &r = records_.find(id)->second;
    const auto &sent = r.at(Slot::sent);
    if (sent && sent->order == order && !sent->flying)
      again.push_back(id);
    else if (!sent && is_due(r.at(Slot::waiting)->due_s, kRefusedAgain, now))
      fresh.push_back(id);
  }
  for (const auto &id : again)
    if (in_window_ < kPerSecond) send(id);
  for (const auto &id : fresh) {
    if (in_window_ >= kPerSecond) return;
    auto step = *records_.find(id)->second.at(Slot::waiting);
    put(id, Slot::waiting, std::nullopt);
    step.order = next_order_++;
    step.due_s = 0;
    put(id, Slot::sent, std::move(step));
    send(id);
  }
}

void AlertSync::delivered(std::uint64_t ticket, Delivery how, ClockPair now) {
  if (ticket == snapshot_ticket_ && sending_snapshot()) return snapshot_delivered(how, now);
  const auto t = tickets_.find(ticket);
  if (t == tickets_.end()) return;
  const auto id = t->second;
  tickets_.erase(t);
  const auto record = records_.find(id);
  if (record == records_.end() || !record->second.at(Slot::sent)) return;  // a snapshot took its place
  auto &sent = record->second.at(Slot::sent);
  sent->flying = false;
  if (how == Delivery::lost) return;
  if (how == Delivery::acked || how == Delivery::too_big) {
    // One that no broker of this cloud can take must not keep those behind it for ever.
    submit(sent->alert);
    put(id, Slot::sent, std::nullopt);
    transitions_ += how == Delivery::acked ? 1 : 0;
  } else {
    // The broker does not have it: it waits again, unless a newer one does already.
    auto step = *sent;
    put(id, Slot::sent, std::nullopt);
    step.due_s = now.wall_s() + (how == Delivery::full ? kFullAgain : kRefusedAgain);
    if (!record->second.at(Slot::waiting)) put(id, Slot::waiting, std::move(step));
  }
  tick(now);
}

// ------------------------------------------------------------------------------------------------------------- time

void AlertSync::read(ClockPair now) {
  if (reading_ != Reading::nothing || (read_again_at_ && *read_again_at_ > now.at)) return;
  if (knowledge_ == Knowledge::end_of_log) {
    reading_ = Reading::alerts;
    actions_.emplace_back(ReadAlerts{});
  } else if (log_grown_ && stage_ != Stage::reading) {
    log_grown_ = false;
    reading_ = Reading::log;
    const bool whole = last_log_id_ == 0 && knowledge_ == Knowledge::nothing;
    actions_.emplace_back(ReadAlertLog{.after = last_log_id_, .limit = whole ? 0 : kLogPage});
  } else if (snapshot_possible(now) && (!snapshot_at_ || *snapshot_at_ <= now.at)) {
    snapshot_at_.reset();
    stage_ = Stage::reading;
    reading_ = Reading::alerts;
    actions_.emplace_back(ReadAlerts{});
  }
}

void AlertSync::tick(ClockPair now) {
  now_ = now;
  if (connection_ == Connection::awaiting_cloud && await_until_ <= now.at) connection_ = Connection::online;
  if (stage_ == Stage::needed && may_send()) stage_ = Stage::wanted;
  promote(now);
  publish(now);
  read(now);
  forget_empty();
}

std::optional<loop::Instant> AlertSync::next_due() const {
  std::optional<loop::Instant> due;
  if (connection_ == Connection::awaiting_cloud) due = await_until_;
  const auto at = [&](std::int64_t wall_s, std::int64_t longest) {
    if (is_due(wall_s, longest, now_)) return now_.at;
    return now_.at + std::chrono::microseconds(wall_s * 1'000'000 - now_.wall_us);
  };
  // As in read(): one reading after the other, none too early after a failure.
  const auto reading_at = read_again_at_.value_or(now_.at);
  const bool free = reading_ == Reading::nothing;
  if (free && (log_grown_ || knowledge_ == Knowledge::end_of_log))
    sooner(due, reading_at);
  else if (free && snapshot_possible(now_))
    sooner(due, std::max(reading_at, snapshot_at_.value_or(now_.at)));
  if (stage_ == Stage::unneeded && knowledge_ == Knowledge::all)
    for (const auto &id : pending_) sooner(due, at(records_.find(id)->second.at(Slot::pending)->due_s, kLongestDelay));
  if (may_send() && !frozen())
    for (const auto &[order, id] : queue_) {
      const auto &r = records_.find(id)->second;
      const auto &sent = r.at(Slot::sent);
      if (sent && sent->flying) continue;
      sooner(due, std::max(window_ + 1s, sent ? window_ : at(r.at(Slot::waiting)->due_s, kRefusedAgain)));
    }
  return due;
}

std::vector<AlertAction> AlertSync::take_actions() { return std::exchange(actions_, {}); }
std::vector<Change> AlertSync::take_changes() { return std::exchange(changes_, {}); }
std::vector<Comparison> AlertSync::take_comparisons() { return std::exchange(comparisons_, {}); }

AlertSync::View AlertSync::view() const {
  View v{.streaming = streaming(),
         .version = version(),
         .pending = pending_.size(),
         .selected = queue_.size(),
         .checkpoints = checkpoints_,
         .snapshots = snapshots_,
         .transitions = transitions_,
         .remembered = records_.size()};
  for (const auto &[id, r] : records_) v.submitted += r.submitted ? 1 : 0;
  return v;
}

}  // namespace aclk::sync
