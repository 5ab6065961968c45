// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading members of the agent's JSON whatever their type is: it prints numbers as strings here, booleans as strings
// there, and null where it knows nothing (plugin-api/external/API.md, "Identity and node info", "Alerts").
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace aclk::external {

inline constexpr std::size_t kMaxField = 64U << 10;  // a longer text is cut: nothing here is that long honestly

// Strings as they are, numbers and booleans as text; "" for null, a missing member, objects and arrays.
[[nodiscard]] std::string text_of(const nlohmann::json &object, const char *key);
// The first of `keys` that has a text.
[[nodiscard]] std::string text_of(const nlohmann::json &object, const char *key, const char *otherwise);

// Numbers, and strings that begin with one; nullopt for everything else, not a number and infinite included.
[[nodiscard]] std::optional<double> number_of(const nlohmann::json &object, const char *key);
[[nodiscard]] std::int64_t int_of(const nlohmann::json &object, const char *key, std::int64_t otherwise = 0);
[[nodiscard]] std::uint64_t uint_of(const nlohmann::json &object, const char *key, std::uint64_t otherwise = 0);

// true, "true", "yes", "on", a number that is not 0.
[[nodiscard]] bool bool_of(const nlohmann::json &object, const char *key, bool otherwise = false);

// A member that is an object or an array; a shared empty one of that kind otherwise.
[[nodiscard]] const nlohmann::json &object_of(const nlohmann::json &object, const char *key);
[[nodiscard]] const nlohmann::json &array_of(const nlohmann::json &object, const char *key);

}  // namespace aclk::external
