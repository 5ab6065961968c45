// SPDX-License-Identifier: GPL-3.0-or-later
//
// A 64-bit FNV-1a over fields, to notice that something changed; the same on every machine and in every version. Not
// for strangers' data that must not collide.
#pragma once

#include <cstdint>
#include <string_view>

namespace aclk {

class Hash {
 public:
  Hash &add(std::string_view field) {
    for (const char c : field) step(static_cast<unsigned char>(c));
    step(0xff);  // no byte of UTF-8: "ab","c" is not "a","bc"
    return *this;
  }
  Hash &add(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8) step(static_cast<unsigned char>(number >> shift));
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  void step(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace aclk
