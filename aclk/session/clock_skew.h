// SPDX-License-Identifier: GPL-3.0-or-later
//
// How far this machine's clock is from the cloud's, by the Date header of its answers. A wrong clock makes certificates
// look expired and puts every message of this node at a wrong time in the cloud; nobody looks for it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace aclk::session {

class ClockSkew {
 public:
  // Date has whole seconds, and the answer was some time on its way: less than this is no offset.
  static constexpr std::int64_t kWarnAboveMs = 5'000;

  // An answer with the cloud's time (epoch seconds) came at our wall clock's `wall_us`. Gives a sentence for the log
  // when the offset has become too large; once, until it has been good again.
  [[nodiscard]] std::optional<std::string> heard(std::int64_t cloud_s, std::int64_t wall_us);
  // Ours minus the cloud's, milliseconds; nullopt before the first answer.
  [[nodiscard]] std::optional<std::int64_t> offset_ms() const { return offset_ms_; }

 private:
  std::optional<std::int64_t> offset_ms_;
  bool warned_ = false;
};

}  // namespace aclk::session
