// SPDX-License-Identifier: GPL-3.0-or-later
//
// What so many bytes cost whoever carries them from memory to a TLS connection, whatever the program: CPU time, the
// best of several rounds.
#pragma once

#include <chrono>
#include <cstddef>

namespace aclk::load {

struct LowerBounds {
  std::chrono::nanoseconds copy{};     // memcpy to memory that was used before
  std::chrono::nanoseconds encrypt{};  // AES-256-GCM, records of 16 KB
  std::chrono::nanoseconds write{};    // write() into a TCP connection on loopback, 16 KB at a time
  std::chrono::nanoseconds read{};     // and read() out of it
  std::chrono::nanoseconds deflate{};  // gzip as the module does it, of text as the agent's JSON is
};

// At least 1 byte. Blocks for about a second.
[[nodiscard]] LowerBounds measure_lower_bounds(std::size_t bytes);

}  // namespace aclk::load
