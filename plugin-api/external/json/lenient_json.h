// SPDX-License-Identifier: GPL-3.0-or-later
//
// JSON from the agent, taken as it comes: documents that are at times no JSON, because texts of the health
// configuration, host names and more are printed without escaping (plugin-api/external/API.md, "Alerts"), and members
// of any type: it prints numbers as strings here, booleans as strings there, and null where it knows nothing ("Identity
// and node info" there). Pure; any bytes may come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "claim/base/result.h"

namespace aclk::external {

// Makes JSON of what is nearly JSON, for documents that are not in the layout of printed_json.h. Inside strings: a
// quote after which nothing follows that can follow a string (a comma and a value, a colon, a closing bracket, a line
// end) is escaped; a backslash before a character that JSON does not know as an escape is doubled; so is one before the
// quote that ends a line's value; bare control characters and broken UTF-8 are escaped or replaced. Outside: nan, inf
// and other unknown words become null. What is valid already stays as it is.
[[nodiscard]] std::string repair_json(std::string_view text);

inline constexpr std::size_t kMaxJsonDepth = 64;
// Four times what the largest agents print: 25 000 charts of one node have as many. Memory for it: about 200 MB.
inline constexpr std::size_t kMaxJsonValues = 1'000'000;

// A document in the layout of 1.x as printed_json.h reads it; any other as strict JSON, and if that fails, once more
// after repair_json. Errors: parse (also for an empty text and for nesting above kMaxJsonDepth), too_big (more than
// kMaxJsonValues). `name` is what the document is, for the sentence. `lost`: gets the elements of it that could not be
// read, for people.
[[nodiscard]] Result<nlohmann::json> parse_agent_json(std::string_view text, std::string_view name,
                                                      std::vector<std::string> *lost = nullptr);

// Counted outside strings, without building anything.
struct JsonExtent {
  std::size_t depth = 0;   // deepest nesting of brackets
  std::size_t values = 0;  // at most so many; members count as one
};
[[nodiscard]] JsonExtent json_extent(std::string_view text);

inline constexpr std::size_t kMaxField = 64U << 10;  // a longer text is cut: nothing here is that long honestly

// Members, whatever their type is. Strings as they are, numbers and booleans as text; "" for null, a missing member,
// objects and arrays.
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
