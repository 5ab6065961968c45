// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/clock_skew.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace aclk::session {

std::optional<std::string> ClockSkew::heard(std::int64_t cloud_s, std::int64_t wall_us) {
  // Beyond this it is no clock; and nothing below can overflow.
  constexpr std::int64_t kMaxS = 253'402'300'799;  // the year 9999
  if (cloud_s <= 0 || cloud_s > kMaxS) return std::nullopt;
  // The cloud's second is on average half over.
  offset_ms_ = wall_us / 1'000 - (cloud_s * 1'000 + 500);
  if (std::abs(*offset_ms_) <= kWarnAboveMs) {
    warned_ = false;
    return std::nullopt;
  }
  if (warned_) return std::nullopt;
  warned_ = true;
  return fmt::format(
      "this machine's clock is {} s {} of the cloud's: set it (chrony or systemd-timesyncd do so by themselves), or "
      "certificates may look expired and what this node reports gets wrong times",
      std::abs(*offset_ms_) / 1'000, *offset_ms_ > 0 ? "ahead" : "behind");
}

}  // namespace aclk::session
