// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/base64.h"

#include <openssl/evp.h>

namespace aclk::login {
namespace {

constexpr std::size_t kMaxInput = 1U << 20;  // OpenSSL counts in int

unsigned char *out(std::string &s) { return reinterpret_cast<unsigned char *>(s.data()); }
const unsigned char *in(std::string_view s) { return reinterpret_cast<const unsigned char *>(s.data()); }

}  // namespace

std::string base64_encode(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxInput) return {};
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that OpenSSL appends
  const int n = EVP_EncodeBlock(out(text), in(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(n));
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > 2 * kMaxInput) return std::nullopt;
  if (text.empty()) return std::string();
  std::string bytes(text.size() / 4 * 3, '\0');
  const int n = EVP_DecodeBlock(out(bytes), in(text), static_cast<int>(text.size()));
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (n < 0 || static_cast<std::size_t>(n) != bytes.size()) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  // EVP_DecodeBlock forgives white space around, padding inside and stray bits at the end: compare with the only right
  // spelling.
  if (base64_encode(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace aclk::login
