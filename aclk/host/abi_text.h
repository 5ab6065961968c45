// SPDX-License-Identifier: GPL-3.0-or-later
//
// Text on its way over the C ABI: views, valid for as long as what they were made of.
#pragma once

#include <netdata-aclk/plugin.h>

#include <string>
#include <string_view>

namespace aclk::host {

[[nodiscard]] inline naclk_str str(std::string_view s) { return {s.data(), s.size()}; }
[[nodiscard]] inline std::string_view view(naclk_str s) {
  return s.data == nullptr ? std::string_view{} : std::string_view(s.data, s.len);
}
[[nodiscard]] inline std::string text(naclk_str s) { return std::string(view(s)); }

}  // namespace aclk::host
