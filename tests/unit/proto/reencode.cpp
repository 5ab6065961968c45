// SPDX-License-Identifier: GPL-3.0-or-later
//
// proto_reencode <MessageName>: reads one message, writes it as our codecs encode what they decoded. Another protobuf
// implementation then compares both (tests/integration/test_05_golden.py). Exits 1 if the message does not decode,
// 2 for a name that is not a message.
#include <cstdio>
#include <string>

#include "tests/unit/proto/codecs.h"

int main(int argc, char **argv) {
  const auto *const codec = argc == 2 ? aclk::proto::test::find(argv[1]) : nullptr;
  if (codec == nullptr) {
    std::fputs("usage: proto_reencode MessageName < in > out\n", stderr);
    return 2;
  }
  std::string in;
  char part[65536];
  for (std::size_t n = 0; (n = std::fread(part, 1, sizeof part, stdin)) > 0;) in.append(part, n);
  const auto out = codec->reencode(in);
  if (!out) {
    std::fprintf(stderr, "%s: %zu bytes do not decode\n", argv[1], in.size());
    return 1;
  }
  return std::fwrite(out->bytes.data(), 1, out->bytes.size(), stdout) == out->bytes.size() ? 0 : 1;
}
