// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/keepalive.h"

#include <algorithm>

namespace aclk::mqtt {

std::chrono::milliseconds KeepAlive::answer_within() const {
  if (doubt_) return std::chrono::milliseconds(kLeastAnswer) / scale_.deadlines;
  return std::chrono::milliseconds(std::clamp(keepalive_, kLeastAnswer, kMostAnswer)) / scale_.deadlines;
}

loop::Instant KeepAlive::next() const {
  const auto said_enough = last_out_ + quiet();
  if (asked_) return std::min(asked() + answer_within(), said_enough);
  if (doubt_) return last_out_;
  return std::min(last_in_ + quiet(), said_enough);
}

KeepAlive::Todo KeepAlive::due(loop::Instant now) {
  if (asked_ && now >= asked() + answer_within()) return Todo::dead;
  const bool unheard = !asked_ && (doubt_ || now >= last_in_ + quiet());
  if (!unheard && now < last_out_ + quiet()) return Todo::nothing;
  if (!asked_) {
    asked_at_ = now;
    waits_ = true;
  }
  asked_ = true;
  last_out_ = now;
  return Todo::ping;
}

}  // namespace aclk::mqtt
