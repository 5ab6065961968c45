// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/uuid.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "claim/base/text.h"

namespace aclk {
namespace {

using UuidBytes = std::array<unsigned char, 16>;

std::string format(const UuidBytes &b) { return uuid_text({reinterpret_cast<const char *>(b.data()), b.size()}); }

void stamp(UuidBytes &b, unsigned version) {
  b[6] = static_cast<unsigned char>((b[6] & 0x0fU) | (version << 4));
  b[8] = static_cast<unsigned char>((b[8] & 0x3fU) | 0x80U);
}

std::optional<UuidBytes> parse(std::string_view t) {
  t = trimmed(t);
  const bool dashed = t.size() == 36;
  if (!dashed && t.size() != 32) return std::nullopt;
  UuidBytes out{};
  std::size_t n = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (dashed && (i == 8 || i == 13 || i == 18 || i == 23)) {
      if (t[i] != '-') return std::nullopt;
      continue;
    }
    const int v = hex_digit(t[i]);
    if (v < 0) return std::nullopt;
    out[n / 2] = static_cast<unsigned char>(n % 2 == 0 ? v << 4 : out[n / 2] | v);
    ++n;
  }
  return out;
}

}  // namespace

std::string uuid_text(std::string_view bytes) {
  if (bytes.size() != std::tuple_size_v<UuidBytes>) return {};
  auto text = hex(bytes);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

std::optional<std::string> parse_uuid(std::string_view text) {
  const auto b = parse(text);
  if (!b) return std::nullopt;
  return format(*b);
}

std::string random_uuid() {
  UuidBytes b{};
  // Without a working generator nothing here is safe to go on with: keys come from the same source.
  if (RAND_bytes(b.data(), static_cast<int>(b.size())) != 1) std::abort();
  stamp(b, 4);
  return format(b);
}

std::string named_uuid(std::string_view name_space, std::string_view name) {
  const auto ns = parse(name_space).value_or(UuidBytes{});
  std::string data(reinterpret_cast<const char *>(ns.data()), ns.size());
  data += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned len = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &len, EVP_sha1(), nullptr) != 1) std::abort();
  UuidBytes b{};
  std::copy_n(digest.begin(), b.size(), b.begin());
  stamp(b, 5);
  return format(b);
}

}  // namespace aclk
