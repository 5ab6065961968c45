// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/admission.h"

#include <algorithm>

namespace aclk::query {

QueryId Admission::arrived(Arrival question, loop::Instant now, Actions &out) {
  const QueryId id = ++last_id_;
  if (!accepting_) {
    out.push_back({Do::discard, id});
    return id;
  }
  expire(now, out);
  fill(out);
  const auto allowed = question.timeout.count() > 0 ? question.timeout : limits_.default_timeout;
  const auto bytes = question.bytes;
  Question q{.msg_id = std::move(question.msg_id), .bytes = bytes, .deadline = now + allowed, .epoch = epoch_};
  const bool starts_now = waiting_.empty() && running_.size() < std::max(limits_.running, 1U);
  if (!starts_now && (waiting_.size() >= limits_.waiting || bytes > limits_.waiting_bytes - waiting_bytes_)) {
    out.push_back({Do::answer_busy, id});
    return id;
  }
  due_.emplace(q.deadline, id);
  waiting_bytes_ += bytes;
  waiting_.emplace(id, std::move(q));
  fill(out);
  return id;
}

void Admission::returned(QueryId id) {
  const auto it = running_.find(id);
  if (it != running_.end()) overdue_.emplace(it->second.deadline + limits_.grace, id);
}

void Admission::finished(QueryId id, loop::Instant now, Actions &out) {
  const auto it = running_.find(id);
  if (it == running_.end()) return;
  out.push_back({it->second.epoch == epoch_ ? Do::deliver : Do::discard, id});
  overdue_.erase({it->second.deadline + limits_.grace, id});
  running_.erase(it);
  expire(now, out);
  fill(out);
}

bool Admission::cancel(std::string_view msg_id, loop::Instant now, Actions &out) {
  expire(now, out);
  bool found = false;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if (it->second.msg_id == msg_id) {
      found = true;
      it = leave_queue(it, Do::answer_cancelled, out);
    } else {
      ++it;
    }
  }
  for (auto &[id, q] : running_) {
    if (q.epoch != epoch_ || q.msg_id != msg_id) continue;
    found = true;
    interrupt(id, q, out);
  }
  fill(out);
  return found;
}

void Admission::tick(loop::Instant now, Actions &out) {
  expire(now, out);
  fill(out);
}

void Admission::link_lost(Actions &out) {
  accepting_ = false;
  ++epoch_;
  for (auto it = waiting_.begin(); it != waiting_.end();) it = leave_queue(it, Do::discard, out);
  for (auto &[id, q] : running_) interrupt(id, q, out);
}

void Admission::shutdown(Actions &out) {
  accepting_ = false;
  for (auto it = waiting_.begin(); it != waiting_.end();) it = leave_queue(it, Do::answer_cancelled, out);
  for (auto &[id, q] : running_) interrupt(id, q, out);
}

std::optional<loop::Instant> Admission::next_due() const {
  if (due_.empty() && overdue_.empty()) return std::nullopt;
  if (due_.empty()) return overdue_.begin()->first;
  if (overdue_.empty()) return due_.begin()->first;
  return std::min(due_.begin()->first, overdue_.begin()->first);
}

std::optional<loop::Instant> Admission::deadline(QueryId id) const {
  if (const auto w = waiting_.find(id); w != waiting_.end()) return w->second.deadline;
  if (const auto r = running_.find(id); r != running_.end()) return r->second.deadline;
  return std::nullopt;
}

void Admission::expire(loop::Instant now, Actions &out) {
  while (!due_.empty() && due_.begin()->first <= now)
    leave_queue(waiting_.find(due_.begin()->second), Do::answer_timeout, out);
  while (!overdue_.empty() && overdue_.begin()->first <= now) {
    out.push_back({Do::give_up, overdue_.begin()->second});
    running_.erase(overdue_.begin()->second);
    overdue_.erase(overdue_.begin());
  }
}

void Admission::fill(Actions &out) {
  while (!waiting_.empty() && running_.size() < std::max(limits_.running, 1U)) {
    const auto it = waiting_.begin();
    running_.emplace(it->first, it->second);
    leave_queue(it, Do::start, out);
  }
}

Admission::Waiting::iterator Admission::leave_queue(Waiting::iterator it, Do why, Actions &out) {
  out.push_back({why, it->first});
  due_.erase({it->second.deadline, it->first});
  waiting_bytes_ -= it->second.bytes;
  return waiting_.erase(it);
}

void Admission::interrupt(QueryId id, Question &q, Actions &out) {
  if (q.interrupted) return;
  q.interrupted = true;
  out.push_back({Do::interrupt, id});
}

}  // namespace aclk::query
