// SPDX-License-Identifier: GPL-3.0-or-later
//
// Texts of the ABI, and who owns them while an answer of the agent is kept and shown.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cstring>
#include <memory>
#include <memory_resource>
#include <string_view>

namespace aclk::external {

[[nodiscard]] constexpr naclk_str view(std::string_view s) { return {s.data(), s.size()}; }
[[nodiscard]] inline std::string_view text(naclk_str s) {
  return s.data == nullptr ? std::string_view{} : std::string_view(s.data, s.len);
}

// Owns the texts that structs of the ABI point at.
class Texts {
 public:
  // A copy of it, valid as long as this object or a copy of this object: those share what is kept, and only one thread
  // may add to them at a time.
  [[nodiscard]] naclk_str keep(std::string_view text) {
    if (text.empty()) return {};
    auto *const to = static_cast<char *>(memory_->allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

 private:
  std::shared_ptr<std::pmr::monotonic_buffer_resource> memory_ =
      std::make_shared<std::pmr::monotonic_buffer_resource>();
};

}  // namespace aclk::external
