// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/backoff.h"

#include <algorithm>
#include <limits>

namespace aclk::login {
namespace {

constexpr std::int64_t kCapMs = std::chrono::milliseconds(Backoff::kMaxDelay).count();

// base^exponent seconds in milliseconds, as far as the cap.
std::int64_t power_ms(std::uint32_t base, std::uint32_t exponent) {
  std::int64_t ms = 1000;
  if (base <= 1) return ms;
  for (; exponent > 0 && ms < kCapMs; --exponent) ms = std::min<std::int64_t>(ms * base, kCapMs);
  return ms;
}

// NaN fails both comparisons and becomes 0.
double unit(double jitter) { return jitter > 0 ? (jitter < 1 ? jitter : 1) : 0; }

}  // namespace

std::chrono::milliseconds Backoff::after_takeover(std::uint32_t n, double jitter) {
  constexpr std::int64_t kFirstMs = 60'000;
  const auto doublings = std::min(std::max(n, 1U) - 1, 8U);
  const auto ms = kFirstMs << doublings;
  const auto spread = static_cast<std::int64_t>(unit(jitter) * static_cast<double>(ms) / 2);
  return std::chrono::milliseconds(std::min(ms + spread, kCapMs));
}

std::chrono::milliseconds Backoff::next(double jitter) {
  const auto n = attempts_;
  if (attempts_ < std::numeric_limits<std::uint32_t>::max()) ++attempts_;
  if (n == 0) return std::chrono::milliseconds(0);

  // A base of 2^32 and a first power: still far from overflow.
  const auto power = power_ms(limits_.base, n - 1);
  const auto min_ms = limits_.min_s <= kMaxDelay.count() ? std::int64_t{limits_.min_s} * 1000 : 0;
  const auto max_ms = limits_.max_s == 0 ? kCapMs : std::min(std::int64_t{limits_.max_s} * 1000, kCapMs);
  const auto part = [&](std::int64_t spread) {
    return std::min(static_cast<std::int64_t>(unit(jitter) * static_cast<double>(spread)), spread - 1);
  };
  const auto delay = std::max(power, min_ms) + part(std::max<std::int64_t>(1000, power / 2));
  if (delay < max_ms) return std::chrono::milliseconds(delay);
  // All who have come this far would otherwise go on in step for ever.
  return std::chrono::milliseconds(max_ms - part(std::max<std::int64_t>(max_ms / 20, 1)));
}

}  // namespace aclk::login
