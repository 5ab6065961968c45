// SPDX-License-Identifier: GPL-3.0-or-later
//
// An independent reader of one frame from a client, byte by byte as RFC 6455, 5.2 has it. For tests of the writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace aclk::test {

struct ClientFrame {
  std::string payload;     // unmasked
  std::uint32_t mask = 0;  // as on the wire
  std::size_t length = 0;  // of the whole frame
};

// nullopt: incomplete, not final, not binary, reserved bits, not masked, or a length that is not in its shortest form.
inline std::optional<ClientFrame> read_client_frame(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 6 || bytes[0] != 0x82 || (bytes[1] & 0x80U) == 0) return std::nullopt;
  std::uint64_t size = bytes[1] & 0x7fU;
  std::size_t at = 2;
  if (size >= 126) {
    const std::size_t more = size == 126 ? 2 : 8;
    if (bytes.size() < at + more) return std::nullopt;
    size = 0;
    for (std::size_t i = 0; i < more; ++i) size = size * 256 + bytes[at++];
    if (size < (more == 2 ? 126U : 65'536U)) return std::nullopt;
  }
  if (bytes.size() < at + 4 || bytes.size() - at - 4 < size) return std::nullopt;
  ClientFrame f;
  const auto mask = bytes.subspan(at, 4);
  for (const auto b : mask) f.mask = f.mask * 256 + b;
  at += 4;
  for (std::size_t i = 0; i < size; ++i) f.payload += static_cast<char>(bytes[at + i] ^ mask[i % 4]);
  f.length = at + static_cast<std::size_t>(size);
  return f;
}

}  // namespace aclk::test
