// SPDX-License-Identifier: GPL-3.0-or-later
//
// Text, structs and results on their way over the C ABI. Views are valid for as long as what they were made of.
#pragma once

#include <netdata-aclk/plugin.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "claim/base/result.h"

namespace aclk::host {

[[nodiscard]] inline naclk_str str(std::string_view s) { return {s.data(), s.size()}; }
[[nodiscard]] inline std::string_view view(naclk_str s) {
  return s.data == nullptr ? std::string_view{} : std::string_view(s.data, s.len);
}
[[nodiscard]] inline std::string text(naclk_str s) { return std::string(view(s)); }

// The other side may have been compiled with a shorter or longer struct: what lies inside both counts.
template <class T>
[[nodiscard]] T take(const T *p) {
  T t{};
  std::memcpy(&t, p, std::min(p->size, sizeof t));
  return t;
}

// 0 or a negated errno of a hook that was to give `what` ("its nodes").
[[nodiscard]] Result<void> check(int rc, std::string_view what);

}  // namespace aclk::host
