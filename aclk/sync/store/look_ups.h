// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of the things that the cloud asks for by name are looked up in the host: each once at a time, a bounded number
// of them, and not again at once when it was not there. A cloud that asks without end costs no work without end. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "aclk/loop/clock.h"

namespace aclk::sync {

class LookUps {
 public:
  static constexpr std::size_t kMaxUnderWay = 256;
  static constexpr std::size_t kMaxMissing = 1024;
  // As long as what was not there is taken for not there.
  static constexpr std::chrono::seconds kMissingFor{60};

  // True: look it up, and say ended(). False: it is under way, was not there a moment ago, or too many are under way.
  [[nodiscard]] bool begin(const std::string &name, loop::Instant now) {
    if (const auto it = missing_.find(name); it != missing_.end()) {
      if (now < it->second) return false;
      missing_.erase(it);
    }
    return under_way_.size() < kMaxUnderWay && under_way_.insert(name).second;
  }

  enum class End : std::uint8_t { may_be_asked_again, not_there };
  void ended(const std::string &name, End how, loop::Instant now) {
    under_way_.erase(name);
    if (how == End::may_be_asked_again) return;
    if (missing_.size() >= kMaxMissing) std::erase_if(missing_, [now](const auto &m) { return m.second <= now; });
    if (missing_.size() >= kMaxMissing) missing_.erase(missing_.begin());
    missing_[name] = now + kMissingFor;
  }

 private:
  std::set<std::string, std::less<>> under_way_;
  std::map<std::string, loop::Instant, std::less<>> missing_;  // until when
};

}  // namespace aclk::sync
