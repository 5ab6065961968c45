// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/wire.h"

#include <cstdlib>
#include <cstring>

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

// Can stand on the wire and in a C string as it is.
bool clean(std::string_view s) {
  while (!s.empty()) {
    const auto n = s[0] == '\0' ? 0 : character(s);
    if (n == 0) return false;
    s.remove_prefix(n);
  }
  return true;
}

}  // namespace

char *Arena::text(const std::string &s) {
  if (clean(s)) return const_cast<char *>(s.c_str());  // protobuf-c does not write into what it packs
  static constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  char *const out = static_cast<char *>(pool_.allocate(s.size() * kReplacement.size() + 1, 1));
  char *end = out;
  for (std::string_view rest = s; !rest.empty();) {
    const auto n = character(rest);
    const auto good = n == 0 ? kReplacement : rest.substr(0, n);
    if (rest[0] != '\0') end += good.copy(end, good.size());
    rest.remove_prefix(n == 0 ? 1 : n);
  }
  *end = '\0';
  return out;
}

AclkWire__Timestamp *Arena::timestamp(std::int64_t us) {
  constexpr std::int64_t kSecond = 1'000'000;
  auto *const t = messages(1, aclk_wire__timestamp__init);
  const auto part = (us % kSecond + kSecond) % kSecond;  // nanos count upwards, before 1970 too
  t->seconds = us / kSecond - (us % kSecond < 0 ? 1 : 0);
  t->nanos = static_cast<std::int32_t>(part * 1'000);
  return t;
}

void Arena::capabilities(const std::vector<Capability> &from, std::size_t &n, AclkWire__Capability **&to) {
  n = from.size();
  to = list(n, aclk_wire__capability__init);
  for (std::size_t i = 0; i < n; ++i) {
    to[i]->name = text(from[i].name);
    to[i]->version = from[i].version;
    to[i]->enabled = from[i].enabled ? 1 : 0;
  }
}

std::string Reader::text(const char *s) {
  const std::string_view t = s == nullptr ? std::string_view() : std::string_view(s);
  if (clean(t)) return std::string(t);
  ok_ = false;
  return {};
}

std::int64_t micros(const AclkWire__Timestamp *t) {
  if (t == nullptr) return 0;
  constexpr std::int64_t kMaxSeconds = 9'000'000'000'000;  // about 285000 years; times 10^6 it fits
  if (t->seconds > kMaxSeconds || t->seconds < -kMaxSeconds) return 0;
  return t->seconds * 1'000'000 + t->nanos / 1'000;
}

void *Budget::take(void *self, std::size_t size) {
  auto &left = static_cast<Budget *>(self)->left_;
  if (size > left) return nullptr;
  left -= size;
  return std::malloc(
      size);  // NOLINT(cppcoreguidelines-no-malloc): freed by protobuf-c's own allocator, which is free()
}

void Budget::give(void * /*self*/, void *p) { std::free(p); }

}  // namespace aclk::proto::wire
