// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/outbox.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace aclk::mqtt {
namespace {

// Bytes of an MQTT "variable byte integer".
std::size_t varint_size(std::size_t n) { return n < 128 ? 1 : n < 16'384 ? 2 : n < 2'097'152 ? 3 : 4; }

void finish(Outgoing &m, Delivery how, int reason) {
  if (auto done = std::exchange(m.done, nullptr)) done(how, reason);
}

}  // namespace

// A PUBLISH with its full topic, packet id and one alias property: the largest form it can take (MQTT 5, 3.3).
std::size_t Outbox::packet_size(const Outgoing &m) const {
  const std::size_t rest = 2 + m.topic.size() + 2 + 1 + (m.alias == Alias::wanted ? 3U : 0U) + m.payload.size();
  return 1 + varint_size(rest) + rest;
}

void Outbox::open(const MqttLimits &limits) { limits_ = limits; }

bool Outbox::push(Outgoing message) {
  if (limits_ && packet_size(message) > limits_->max_packet) {
    finish(message, Delivery::too_big, 0);
    return false;
  }
  const auto size = message.payload.size();
  const bool room =
      waiting_count_ < bounds_.max_messages && size <= bounds_.max_bytes - std::min(bounds_.max_bytes, waiting_bytes_);
  if (!room && message.priority != Priority::control) {
    finish(message, Delivery::full, 0);
    return false;
  }
  ++waiting_count_;
  waiting_bytes_ += size;
  waiting_[static_cast<std::size_t>(message.priority)].push_back(std::move(message));
  return true;
}

std::optional<Publish> Outbox::next() {
  while (limits_ && !handed_) {
    if (flying_.size() >= std::min<std::size_t>(bounds_.window, limits_->receive_max)) return std::nullopt;
    auto *const q = std::find_if(waiting_.begin(), waiting_.end(), [](const auto &d) { return !d.empty(); });
    if (q == waiting_.end()) return std::nullopt;
    const auto size = q->front().payload.size();
    if (!flying_.empty() && flying_bytes_ + size > bounds_.window_bytes) return std::nullopt;
    if (!leaving_.empty() && unsent_bytes_ + size > bounds_.unsent_bytes) return std::nullopt;
    auto m = std::move(q->front());
    q->pop_front();
    --waiting_count_;
    waiting_bytes_ -= size;
    if (packet_size(m) > limits_->max_packet) {  // pushed before the limit was known
      finish(m, Delivery::too_big, 0);
      continue;
    }
    Publish p;
    p.ticket = ++tickets_;
    p.topic = m.topic;
    alias_is_new_ = false;
    if (m.alias == Alias::wanted) {
      if (const auto a = aliases_.find(m.topic); a != aliases_.end()) {
        p.alias = a->second;
        p.topic.clear();
      } else if (aliases_.size() < limits_->alias_max) {
        p.alias = static_cast<std::uint16_t>(aliases_.size() + 1);
        alias_is_new_ = true;
      }
    }
    p.payload = std::exchange(m.payload, {});
    handed_.emplace(Handed{p.ticket, std::move(m), size});
    if (alias_is_new_) aliases_.emplace(handed_->message.topic, p.alias);
    return p;
  }
  return std::nullopt;
}

void Outbox::published(std::uint64_t ticket, int mid, loop::Instant now) {
  if (!handed_ || handed_->ticket != ticket) return;
  auto m = std::move(handed_->message);
  const auto bytes = handed_->bytes;
  handed_.reset();
  ++publishes_;
  unsent_bytes_ += bytes;
  leaving_.push_back({publishes_, mid, now, bytes});
  if (mid == 0) return finish(m, Delivery::acked, 0);
  flying_bytes_ += bytes;
  order_.emplace_back(mid, now);
  flying_.insert_or_assign(mid, Flying{std::move(m), bytes, now, std::nullopt});
}

void Outbox::sent(std::uint64_t publishes, loop::Instant now) {
  moved_ = now;
  while (!leaving_.empty() && leaving_.front().publish <= publishes) {
    const auto &l = leaving_.front();
    if (const auto it = flying_.find(l.mid); it != flying_.end() && it->second.since == l.since) it->second.left = now;
    unsent_bytes_ -= l.bytes;
    leaving_.pop_front();
  }
}

void Outbox::failed(std::uint64_t ticket, Delivery why) {
  if (!handed_ || handed_->ticket != ticket) return;
  auto m = std::move(handed_->message);
  handed_.reset();
  if (alias_is_new_) aliases_.erase(m.topic);  // the broker never heard of it
  finish(m, why, 0);
}

bool Outbox::puback(int mid, int reason, loop::Instant now, std::chrono::microseconds *latency) {
  const auto it = flying_.find(mid);
  if (it == flying_.end()) return false;
  last_ack_ = now;
  if (latency != nullptr) *latency = std::chrono::duration_cast<std::chrono::microseconds>(now - it->second.since);
  auto m = std::move(it->second.message);
  flying_bytes_ -= it->second.bytes;
  flying_.erase(it);
  const auto stale = [this](const auto &o) {
    const auto f = flying_.find(o.first);
    return f == flying_.end() || f->second.since != o.second;
  };
  while (!order_.empty() && stale(order_.front())) order_.pop_front();
  const bool taken = reason < 0x80;
  if (taken) ++acked_;
  finish(m, taken ? Delivery::acked : Delivery::refused, reason);
  return true;
}

const Outbox::Flying *Outbox::oldest() const {
  // Entries whose PUBACK has come, or whose id was used again since, are passed over.
  for (const auto &[mid, since] : order_) {
    const auto it = flying_.find(mid);
    if (it != flying_.end() && it->second.since == since) return &it->second;
  }
  return nullptr;
}

std::optional<loop::Instant> Outbox::ack_deadline(std::chrono::milliseconds within) const {
  const auto *const f = oldest();
  if (f == nullptr) return std::nullopt;
  if (!f->left) return std::max(f->since, moved_) + within;
  const auto since = last_ack_ ? std::max(*f->left, *last_ack_) : *f->left;
  return std::min(since + within, *f->left + within * kLatestFactor);
}

void Outbox::lost() {
  std::vector<Outgoing> gone;
  for (const auto &[mid, since] : order_) {
    const auto it = flying_.find(mid);
    if (it == flying_.end() || it->second.since != since) continue;
    gone.push_back(std::move(it->second.message));
    flying_.erase(it);
  }
  if (handed_) gone.push_back(std::move(handed_->message));
  for (auto &q : waiting_) {
    for (auto &m : q) gone.push_back(std::move(m));
    q.clear();
  }
  handed_.reset();
  order_.clear();
  leaving_.clear();
  flying_.clear();
  flying_bytes_ = unsent_bytes_ = waiting_count_ = waiting_bytes_ = 0;
  aliases_.clear();
  limits_.reset();
  for (auto &m : gone) finish(m, Delivery::lost, 0);
}

}  // namespace aclk::mqtt
