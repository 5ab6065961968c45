// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/reader.h"

#include <cerrno>

namespace aclk::host {

ReadDeadlines::Overdue ReadDeadlines::take_overdue(loop::Instant now) {
  Overdue out;
  for (auto &[id, r] : readings_) {
    if (r.due > now) continue;
    (r.interrupted ? out.fail : out.interrupt).push_back(id);
    r = {r.due + kGrace, true};
  }
  for (const auto id : out.fail) readings_.erase(id);
  return out;
}

std::optional<loop::Instant> ReadDeadlines::next() const {
  std::optional<loop::Instant> first;
  for (const auto &[id, r] : readings_)
    if (!first || r.due < *first) first = r.due;
  return first;
}

std::vector<RequestId> ReadDeadlines::all() const {
  std::vector<RequestId> out;
  for (const auto &[id, r] : readings_) out.push_back(id);
  return out;
}

Reader::Reader(uv_loop_t &loop, const Host &host, loop::WorkerPool &workers, loop::Inbox::Post post)
    : host_(host), workers_(workers), post_(std::move(post)), timer_(loop) {}

void Reader::stop() {
  stopped_ = true;
  waiting_.clear();
  for (const auto id : deadlines_.all()) {
    deadlines_.ended(id);
    host_.readings().give_up(id);
  }
  timer_.stop();
}

void Reader::when_there_is_room(std::function<void()> read) {
  if (stopped_) return;
  waiting_.push_back(std::move(read));
  go_on();
}

void Reader::go_on() {
  while (!waiting_.empty() && deadlines_.size() < kLaterAtOnce) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next();
  }
  arm();
}

void Reader::tick(loop::Instant now) {
  const auto overdue = deadlines_.take_overdue(now);
  for (const auto id : overdue.interrupt) host_.readings().interrupt(id);
  for (const auto id : overdue.fail)
    if (const auto pending = host_.readings().give_up(id)) pending->end(-ETIME, nullptr);
  go_on();
}

void Reader::arm() {
  const auto due = deadlines_.next();
  if (!due) return timer_.stop();
  timer_.start(std::chrono::ceil<std::chrono::milliseconds>(*due - loop::now()), [this] { tick(loop::now()); });
}

}  // namespace aclk::host
