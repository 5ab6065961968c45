// SPDX-License-Identifier: GPL-3.0-or-later
//
// JSON from outside, within bounds. For the parsers of this folder.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"

namespace aclk::login {

// Real answers have a depth of 3 and some tens of values. With these bounds the worst text costs some 10 MB for a
// moment, and no recursion anywhere is deep.
inline constexpr int kMaxJsonDepth = 16;
inline constexpr std::size_t kMaxJsonValues = 100'000;

struct JsonObject {
  nlohmann::json root;            // an object; of a key that is there twice the last value
  std::vector<std::string> keys;  // of the root, as they came, repeated if they were
  [[nodiscard]] bool has_twice(std::string_view key) const;
  // The value if it is there and a string, else nullptr.
  [[nodiscard]] const std::string *string(const char *key) const;
};

// Any bytes in. Errors: parse, too_big (over a bound above). Sentences quote nothing of the text: it may be secret.
[[nodiscard]] Result<JsonObject> parse_json_object(std::string_view text);

}  // namespace aclk::login
