// SPDX-License-Identifier: GPL-3.0-or-later
//
// What all fuzz targets use. A target is a file with one function, fuzz(): it takes any bytes and calls require() for
// what must hold whatever they are; sanitizers see the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace aclk::fuzz {

// Ends the run with the input as the finding.
inline void require(bool holds, const char *what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// The first byte chooses one of `n` parsers, the rest is for it. Nothing chosen from nothing: 0 of an empty text.
inline std::size_t choose(std::string_view &bytes, std::size_t n) {
  if (bytes.empty()) return 0;
  const auto chosen = static_cast<unsigned char>(bytes[0]) % n;
  bytes.remove_prefix(1);
  return chosen;
}

// The target. Called once for each input.
void fuzz(std::string_view bytes);

}  // namespace aclk::fuzz
