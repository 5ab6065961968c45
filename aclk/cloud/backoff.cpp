// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/cloud/backoff.h"

#include <algorithm>
#include <limits>

namespace aclk::cloud {
namespace {

constexpr std::int64_t kCapMs = std::chrono::milliseconds(Backoff::kMaxDelay).count();

// base^exponent seconds in milliseconds, as far as the cap.
std::int64_t power_ms(std::uint32_t base, std::uint32_t exponent) {
  std::int64_t ms = 1000;
  if (base <= 1) return ms;
  for (; exponent > 0 && ms < kCapMs; --exponent) ms = std::min<std::int64_t>(ms * base, kCapMs);
  return ms;
}

}  // namespace

std::chrono::milliseconds Backoff::next(double jitter) {
  const auto n = attempts_;
  if (attempts_ < std::numeric_limits<std::uint32_t>::max()) ++attempts_;
  if (n == 0) return std::chrono::milliseconds(0);

  // A base of 2^32 and a first power: still far from overflow.
  auto delay = power_ms(limits_.base, n - 1);
  const auto spread = std::max<std::int64_t>(1000, delay / 2);
  // NaN fails both comparisons and becomes 0.
  const double j = jitter > 0 ? (jitter < 1 ? jitter : 1) : 0;
  delay += std::min(static_cast<std::int64_t>(j * static_cast<double>(spread)), spread - 1);

  const auto min_ms = limits_.min_s <= kMaxDelay.count() ? std::int64_t{limits_.min_s} * 1000 : 0;
  const auto max_ms = limits_.max_s == 0 ? kCapMs : std::min(std::int64_t{limits_.max_s} * 1000, kCapMs);
  return std::chrono::milliseconds(std::min(std::max(delay, min_ms), max_ms));
}

}  // namespace aclk::cloud
