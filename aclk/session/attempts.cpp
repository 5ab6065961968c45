// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/attempts.h"

#include <utility>

namespace aclk::session {

void Attempts::begin(std::int64_t wall_s, loop::Instant now) {
  Attempt a;
  a.number = ++begun_;
  a.began_s = wall_s;
  list_.push_back(std::move(a));
  if (list_.size() > kKept) list_.pop_front();
  since_ = now;
  running_ = true;
}

void Attempts::online(std::string sentence, loop::Instant now) {
  if (!running_ || list_.back().was_online) return;
  auto &a = list_.back();
  a.took = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
  a.stage = ConnectionState::online;
  a.status = login::Status::connected;
  a.sentence = std::move(sentence);
  a.was_online = true;
  since_ = now;
}

void Attempts::ended(ConnectionState stage, login::Status status, std::string sentence, loop::Instant now) {
  if (!std::exchange(running_, false)) return;
  auto &a = list_.back();
  a.status = status;
  a.sentence = std::move(sentence);
  if (a.was_online) {
    a.online_for = std::chrono::duration_cast<std::chrono::seconds>(now - since_);
  } else {
    a.took = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
    a.stage = stage;
  }
}

}  // namespace aclk::session
