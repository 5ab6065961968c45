// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the tests with random sequences of events share: how many seeds, and numbers that are the same for a seed on
// every machine.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>

namespace aclk::test {

// ACLK_PROPERTY_SEEDS makes it fewer (under valgrind) or more.
inline unsigned seeds() {
  const char *const wish = std::getenv("ACLK_PROPERTY_SEEDS");
  return wish == nullptr ? 10'000U : static_cast<unsigned>(std::strtoul(wish, nullptr, 10));
}

// splitmix64
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t operator()() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t n) { return (*this)() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

// The first seed that fails, with what it says; empty = all passed.
inline std::string for_each_seed(const std::function<std::string(std::uint64_t)> &body) {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed)
    if (auto why = body(seed); !why.empty()) return "seed " + std::to_string(seed) + ": " + why;
  return {};
}

}  // namespace aclk::test
