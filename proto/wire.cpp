// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/wire.h"

namespace aclk::proto::wire {
namespace {

// Bytes of the well-formed UTF-8 character at the start of s (Unicode 15, table 3-7); 0 = there is none.
std::size_t character(std::string_view s) {
  const auto b = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return b(i) >= 0x80 && b(i) <= 0xbf; };
  const unsigned c = b(0);
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return tail(1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    const unsigned low = c == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = c == 0xed ? 0x9f : 0xbf;
    return b(1) >= low && b(1) <= high && tail(2) ? 3 : 0;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    const unsigned low = c == 0xf0 ? 0x90 : 0x80;
    const unsigned high = c == 0xf4 ? 0x8f : 0xbf;
    return b(1) >= low && b(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

char *Arena::text(std::string_view s) {
  auto &out = texts_.emplace_back();
  out.reserve(s.size());
  while (!s.empty()) {
    const auto n = character(s);
    if (n == 0) {
      out += "\xef\xbf\xbd";
      s.remove_prefix(1);
    } else {
      if (s[0] != '\0') out += s.substr(0, n);  // would end the C string
      s.remove_prefix(n);
    }
  }
  return out.data();
}

AclkWire__Timestamp *Arena::timestamp(std::int64_t us) {
  auto &t = times_.emplace_back();
  aclk_wire__timestamp__init(&t);
  t.seconds = us / 1'000'000;
  t.nanos = static_cast<std::int32_t>(us % 1'000'000 * 1'000);
  return &t;
}

void Arena::capabilities(const std::vector<Capability> &from, std::size_t &n, AclkWire__Capability **&to) {
  n = from.size();
  to = array(n, aclk_wire__capability__init);
  for (std::size_t i = 0; i < n; ++i) {
    to[i]->name = text(from[i].name);
    to[i]->version = from[i].version;
    to[i]->enabled = from[i].enabled ? 1 : 0;
  }
}

std::int64_t micros(const AclkWire__Timestamp *t) {
  if (t == nullptr) return 0;
  // Any 64-bit number may stand on the wire; a time outside the years that fit is no time.
  constexpr std::int64_t kMax = 9'000'000'000'000;
  if (t->seconds > kMax || t->seconds < -kMax) return 0;
  return t->seconds * 1'000'000 + t->nanos / 1'000;
}

std::vector<Capability> capabilities(std::size_t n, AclkWire__Capability *const *c) {
  std::vector<Capability> out;
  out.reserve(n);
  for (std::size_t i = 0; i < n; ++i) out.push_back({str(c[i]->name), c[i]->version, c[i]->enabled != 0});
  return out;
}

}  // namespace aclk::proto::wire
