// SPDX-License-Identifier: GPL-3.0-or-later
//
// gzip of whole bodies; what comes back has kHeadRoom to spare. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aclk::query {

// nullopt: no memory for it.
[[nodiscard]] std::optional<std::string> gzip(std::string_view data);

// nullopt: not one gzip member, damaged, or more than max_bytes inside. Never allocates more than max_bytes.
[[nodiscard]] std::optional<std::string> gunzip(std::string_view data, std::size_t max_bytes);

// What the trailer of a gzip member says about the size inside (modulo 4 GiB); unchecked. 0 if it is too short for one.
[[nodiscard]] std::uint32_t gzip_size_inside(std::string_view data);

}  // namespace aclk::query
