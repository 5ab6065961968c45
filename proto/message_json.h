// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any of the messages as JSON, for people who want to see what goes over the line. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aclk::proto {

// Longer messages are not unpacked.
inline constexpr std::size_t kMaxClear = 1U << 20;

// One compact object with the fields by their names on the wire; absent ones are left out where the wire tells, times
// are seconds and nanoseconds, enumerations their names. Empty if `type` (a message's name) is unknown or the bytes
// are not such a message.
[[nodiscard]] std::string message_json(std::string_view type, std::string_view bytes);

}  // namespace aclk::proto
