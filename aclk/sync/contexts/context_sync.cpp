// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/contexts/context_sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aclk/loop/clock.h"
#include "claim/base/hash.h"

namespace aclk::sync {

using namespace std::chrono_literals;
using mqtt::Delivery;
using proto::MessageType;

namespace {

// aclk/sync/README.md, "Contexts"
constexpr auto kStartedCollecting = 5s;
constexpr auto kOtherChange = 65s;
constexpr std::size_t kMaxPerMessage = 5000;

constexpr auto kAwaitCheckpoint = 15s;
constexpr auto kReadAgain = 5s;
constexpr auto kRefusedAgain = 65s;

// Of the fields around the contexts, and of one context beside its texts.
constexpr std::size_t kEnvelope = 160;
constexpr std::size_t kNumbers = 64;

std::uint64_t print_of(const proto::ContextUpdated &c) {
  return Hash().add(c.title).add(c.units).add(c.family).add(c.chart_type).add(c.priority).value();
}

StoredContext hub_copy(const proto::ContextUpdated &c, std::uint64_t version) {
  return {version, c.first_entry, c.last_entry, print_of(c)};
}

bool differs(const StoredContext &hub, const proto::ContextUpdated &c) { return hub != hub_copy(c, hub.version); }

std::size_t bytes_of(const std::string &id, const std::optional<proto::ContextUpdated> &c) {
  std::size_t n = kNumbers + id.size();
  if (c) n += c->title.size() + c->units.size() + c->family.size() + c->chart_type.size();
  return n;
}

proto::ContextUpdated versioned(const proto::ContextUpdated &c, std::uint64_t version) {
  auto out = c;
  out.version = version;
  return out;
}

}  // namespace

ContextSync::ContextSync(std::string claim_id, std::string node_id, StoredContexts hub, std::int64_t last_created_us)
    : claim_id_(std::move(claim_id)),
      node_id_(std::move(node_id)),
      hub_(std::move(hub)),
      last_created_us_(last_created_us) {}

std::uint64_t ContextSync::hash() const {
  std::uint64_t h = 0;
  for (const auto &[id, c] : hub_) h += c.version + c.last_s - c.first_s;
  return h;
}

std::uint64_t ContextSync::next_version(const std::string &id, ClockPair now) const {
  const auto it = hub_.find(id);
  const auto last = it == hub_.end() ? 0 : it->second.version;
  return std::max(static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall_s(), 0)), last) + 1;
}

void ContextSync::put(const std::string &id, const std::optional<StoredContext> &value) {
  if (value) {
    hub_.insert_or_assign(id, *value);
    changes_.emplace_back(PutContext{node_id_, id, *value});
  } else {
    hub_.erase(id);
    changes_.emplace_back(DropContext{node_id_, id});
  }
}

void ContextSync::online(std::size_t max_payload, ClockPair now) {
  online_ = true;
  max_payload_ = max_payload;
  too_long_.clear();
  if (streaming_) expecting_ = now.at + kAwaitCheckpoint;
}

void ContextSync::offline() {
  online_ = false;
  expecting_.reset();
  checkpoint_.reset();
  // What was on its way may have arrived or not. The hub copies say that it has; if not, the next checkpoint shows it.
  flying_ = false;
  in_flight_.clear();
  message_.reset();
}

void ContextSync::checkpoint(std::uint64_t hash, ClockPair now) {
  if (!online_) return;
  expecting_.reset();
  streaming_ = false;  // until it is answered
  checkpoint_ = hash;
  stale_ = true;
  tick(now);
}

bool ContextSync::stop_streaming() {
  const bool was = streaming_ || checkpoint_;
  streaming_ = false;
  checkpoint_.reset();
  expecting_.reset();
  queue_.clear();  // the next checkpoint reads everything anew
  return was;
}

void ContextSync::changed() { stale_ = true; }

void ContextSync::reading_failed(ClockPair now) {
  reading_ = false;
  stale_ = true;
  read_again_at_ = now.at + kReadAgain;
}

void ContextSync::reading(std::vector<proto::ContextUpdated> contexts, ClockPair now) {
  reading_ = false;
  read_again_at_.reset();
  // A checkpoint that came after this reading was asked for is served by it too: retention moves slowly. One that
  // finds a message on its way waits for what becomes of it.
  if (checkpoint_ && flying_) {
    stale_ = true;
  } else if (checkpoint_) {
    const auto theirs = *std::exchange(checkpoint_, std::nullopt);
    streaming_ = true;
    if (theirs == hash()) {
      compare(contexts, now);
    } else {
      notes_.push_back(
          fmt::format("received version hash {} for host '{}', does not match our version hash {}. Sending "
                      "snapshot of all contexts.",
                      theirs, hostname_.empty() ? node_id_ : hostname_, hash()));
      snapshot(std::move(contexts), now);
    }
  } else if (streaming_) {
    compare(contexts, now);
  }
  tick(now);
}

void ContextSync::compare(const std::vector<proto::ContextUpdated> &contexts, ClockPair now) {
  std::set<std::string_view> listed;
  for (const auto &c : contexts) {
    const auto hub = hub_.find(c.id);
    listed.insert(c.id);
    if (hub != hub_.end() && !differs(hub->second, c)) {
      queue_.erase(c.id);
      continue;
    }
    const bool started = c.last_entry == 0 && (hub == hub_.end() || hub->second.last_s != 0);
    const auto due = now.at + (started ? std::chrono::seconds(kStartedCollecting) : kOtherChange);
    auto [q, fresh] = queue_.try_emplace(c.id, Queued{due, std::nullopt});
    if (!fresh) q->second.due = std::min(q->second.due, due);
    q->second.context = c;
  }
  std::erase_if(queue_, [&](const auto &q) { return !listed.contains(q.first) && !hub_.contains(q.first); });
  for (const auto &[id, hub] : hub_) {
    if (listed.contains(id)) continue;
    // Gone; if it was queued for another reason, that reason's time is not kept: it may come back.
    auto [q, fresh] = queue_.try_emplace(id, Queued{now.at + kOtherChange, std::nullopt});
    if (!fresh && q->second.context) q->second = {now.at + kOtherChange, std::nullopt};
  }
}

void ContextSync::snapshot(std::vector<proto::ContextUpdated> contexts, ClockPair now) {
  queue_.clear();
  proto::ContextsSnapshot m;
  m.claim_id = claim_id_;
  m.node_id = node_id_;
  std::size_t bytes = kEnvelope;
  auto before = hub_;
  for (auto &c : contexts) {
    const auto id = c.id;
    std::optional<proto::ContextUpdated> context(std::move(c));
    const auto size = bytes_of(id, context);
    if (bytes + size <= max_payload_) {
      bytes += size;
      const auto copy = hub_copy(*context, next_version(id, now));
      m.contexts.push_back(versioned(*context, copy.version));
      put(id, copy);
    } else {
      // The cloud's copy is what the snapshot has; the others follow as updates.
      put(id, std::nullopt);
      queue_[id] = {now.at, context};
    }
    const auto old = before.find(id);
    in_flight_.push_back({id, old == before.end() ? std::nullopt : std::optional(old->second), std::move(context)});
    if (old != before.end()) before.erase(old);
  }
  for (const auto &[id, old] : before) {
    put(id, std::nullopt);
    in_flight_.push_back({id, old, std::nullopt});
  }
  m.version = hash();
  flying_ = true;
  message_ = ContextMessage{MessageType::contexts_snapshot, proto::encode(m)};
}

void ContextSync::update(ClockPair now) {
  proto::ContextsUpdated m;
  m.claim_id = claim_id_;
  m.node_id = node_id_;
  std::size_t bytes = kEnvelope;
  for (auto q = queue_.begin(); q != queue_.end() && m.context_updates.size() < kMaxPerMessage;) {
    auto &[id, queued] = *q;
    if (queued.due > now.at || too_long_.contains(id)) {
      ++q;
      continue;
    }
    const auto size = bytes_of(id, queued.context);
    if (size + kEnvelope > max_payload_) {
      too_long_.insert(id);
      notes_.push_back(
          fmt::format("context '{}' of node '{}' needs {} bytes, the broker takes {} in a message: the "
                      "cloud does not learn of it",
                      id.substr(0, 128), node_id_, size + kEnvelope, max_payload_));
      ++q;
      continue;
    }
    if (bytes + size > max_payload_) break;
    bytes += size;
    const auto old = hub_.find(id);
    const auto before = old == hub_.end() ? std::nullopt : std::optional(old->second);
    const auto version = next_version(id, now);
    if (queued.context) {
      m.context_updates.push_back(versioned(*queued.context, version));
      put(id, hub_copy(*queued.context, version));
    } else {
      auto &gone = m.context_updates.emplace_back();
      gone.id = id;
      gone.version = version;
      gone.first_entry = before ? before->first_s : 0;
      gone.last_entry = before ? before->last_s : 0;
      gone.deleted = true;
      put(id, std::nullopt);
    }
    in_flight_.push_back({id, before, std::move(queued.context)});
    q = queue_.erase(q);
  }
  if (m.context_updates.empty()) return;
  m.version_hash = hash();
  last_created_us_ = loop::next_rising(std::max<std::int64_t>(now.wall_us, 0), last_created_us_);
  changes_.emplace_back(PutLastTime{node_id_, last_created_us_});
  m.created_at_us = static_cast<std::uint64_t>(last_created_us_);
  flying_ = true;
  message_ = ContextMessage{MessageType::contexts_updated, proto::encode(m)};
}

void ContextSync::take_back(loop::Instant due) {
  for (auto &s : in_flight_) {
    put(s.id, s.before);
    queue_.try_emplace(s.id, Queued{due, std::move(s.context)});
  }
}

void ContextSync::delivered(Delivery how, ClockPair now) {
  if (!flying_) return;
  flying_ = false;
  if (how == Delivery::too_big) {
    max_payload_ = std::max<std::size_t>(max_payload_ / 2, 1);
    take_back(now.at);
  } else if (how == Delivery::refused || how == Delivery::full) {
    take_back(now.at + kRefusedAgain);
  }
  in_flight_.clear();
  if (how != Delivery::lost) tick(now);
}

void ContextSync::tick(ClockPair now) {
  if (expecting_ && *expecting_ <= now.at) {
    expecting_.reset();
    stale_ = true;
  }
  const bool interested = online_ && (checkpoint_ ? !flying_ : streaming_ && !expecting_);
  if (interested && stale_ && !reading_ && (!read_again_at_ || *read_again_at_ <= now.at)) {
    stale_ = false;
    reading_ = true;
    read_requested_ = true;
  }
  if (may_update() && !flying_ && !checkpoint_) update(now);
}

std::optional<loop::Instant> ContextSync::next_due() const {
  std::optional<loop::Instant> due = expecting_;
  if (!online_) return due;
  if (stale_ && !reading_ && read_again_at_ && (checkpoint_ || streaming_)) sooner(due, *read_again_at_);
  if (may_update() && !flying_ && !checkpoint_)
    for (const auto &[id, q] : queue_)
      if (!too_long_.contains(id)) sooner(due, q.due);
  return due;
}

bool ContextSync::take_read_request() { return std::exchange(read_requested_, false); }
std::optional<ContextMessage> ContextSync::take_message() { return std::exchange(message_, std::nullopt); }
std::vector<Change> ContextSync::take_changes() { return std::exchange(changes_, {}); }
std::vector<std::string> ContextSync::take_notes() { return std::exchange(notes_, {}); }

}  // namespace aclk::sync
