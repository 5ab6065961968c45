// SPDX-License-Identifier: GPL-3.0-or-later
//
// libFuzzer's door to a target.
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  aclk::fuzz::fuzz({reinterpret_cast<const char *>(data), size});
  return 0;
}
