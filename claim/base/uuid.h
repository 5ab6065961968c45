// SPDX-License-Identifier: GPL-3.0-or-later
//
// UUIDs as text: lower case, dashes, 36 characters, as they are on the wire (proto/README.md, "Conventions").
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aclk {

// Accepts any case, with all dashes or none, surrounding white space cut; nullopt if it is not a UUID.
[[nodiscard]] std::optional<std::string> parse_uuid(std::string_view text);

// Of the 16 bytes of one; empty if they are not 16.
[[nodiscard]] std::string uuid_text(std::string_view bytes);

// Random version 4 (RFC 4122) from the operating system's generator.
[[nodiscard]] std::string random_uuid();

// Name-based version 5 (RFC 4122): the same namespace (a UUID) and name give the same UUID for ever.
[[nodiscard]] std::string named_uuid(std::string_view name_space, std::string_view name);

}  // namespace aclk
