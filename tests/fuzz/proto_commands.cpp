// SPDX-License-Identifier: GPL-3.0-or-later
//
// Commands of the cloud (proto/commands.h): first byte = which one. What decodes, decodes the same after encoding.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/proto/codecs.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  using proto::test::kInbound;
  const auto &codec = kInbound[choose(bytes, kInbound.size())];
  const auto again = codec.reencode(bytes);
  require(!again || again->stable, "a command means the same after encoding");
}
