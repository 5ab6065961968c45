// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages of an agent, which only tests decode: first byte = which one. What decodes, decodes the same after encoding,
// unless the budget of memory, which follows the length, got smaller with it.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/proto/codecs.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  using proto::test::kOutbound;
  const auto &codec = kOutbound[choose(bytes, kOutbound.size())];
  const auto again = codec.reencode(bytes);
  require(!again || again->stable || again->bytes.size() < bytes.size(), "a message means the same after encoding");
}
