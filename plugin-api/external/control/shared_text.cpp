// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/shared_text.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "claim/base/hash.h"

namespace aclk::external {
namespace {

constexpr int kLooks = 100;

struct Head {
  std::uint64_t length = 0;
  std::uint64_t hash = 0;  // of the text: what was read is whole
};

std::uint64_t hash_of(std::string_view text) {
  Hash h;
  h.add(text);
  return h.value();
}

}  // namespace

SharedText SharedText::make() { return SharedText(::memfd_create("aclk-plugin-word", MFD_CLOEXEC)); }

void SharedText::write(std::string_view text) const {
  if (!fd_) return;
  if (text.size() > kMaxText) text = {};
  const Head head{text.size(), hash_of(text)};
  std::string all(sizeof head, '\0');
  std::memcpy(all.data(), &head, sizeof head);
  all += text;
  (void)!::pwrite(fd_.get(), all.data(), all.size(), 0);
}

std::string SharedText::read() const {
  if (!fd_) return {};
  for (int look = 0; look < kLooks; ++look) {
    std::string all(sizeof(Head) + kMaxText, '\0');
    const auto n = ::pread(fd_.get(), all.data(), all.size(), 0);
    Head head;
    if (n < static_cast<ssize_t>(sizeof head)) return {};
    std::memcpy(&head, all.data(), sizeof head);
    if (head.length > static_cast<std::uint64_t>(n) - sizeof head) continue;
    auto text = all.substr(sizeof head, head.length);
    if (hash_of(text) == head.hash) return text;
  }
  return {};
}

}  // namespace aclk::external
