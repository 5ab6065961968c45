// SPDX-License-Identifier: GPL-3.0-or-later
//
// What all answers of the cloud's HTTPS requests have in common: JSON within bounds, and what the cloud says and orders
// when it refuses a request (aclk/session/README.md, "Errors of the cloud"). Pure; any bytes may come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "claim/base/result.h"

namespace aclk::login {

// Real answers have a depth of 3 and some tens of values. With these bounds the worst text costs some 10 MB for a
// moment, and no recursion anywhere is deep.
inline constexpr int kMaxJsonDepth = 16;
inline constexpr std::size_t kMaxJsonValues = 100'000;

// An answer that is a JSON object.
struct JsonObject {
  nlohmann::json root;            // an object; of a key that is there twice the last value
  std::vector<std::string> keys;  // of the root, as they came, repeated if they were
  [[nodiscard]] bool has_twice(std::string_view key) const;
  // The value if it is there and a string, else nullptr.
  [[nodiscard]] const std::string *string(const char *key) const;
};

// Any bytes in. Errors: parse, too_big (over a bound above). Sentences quote nothing of the text: it may be secret.
[[nodiscard]] Result<JsonObject> parse_json_object(std::string_view text);

inline constexpr std::size_t kMaxNotes = 8;  // for the log, of one answer

// A longer wait than a day is a mistake of somebody; asking once a day costs nothing.
inline constexpr std::uint32_t kMaxRetryDelaySeconds = 24 * 3600;

// What the cloud says and orders.
struct CloudError {
  std::string code;                            // errorCode, empty if absent; these three are fit for a log line
  std::string message_key;                     // errorMsgKey
  std::string message;                         // errorMessage
  bool non_retryable = false;                  // errorNonRetryable
  std::optional<std::uint32_t> retry_after_s;  // errorRetryDelaySeconds if above 0, at most kMaxRetryDelaySeconds
  std::vector<std::string> log;                // lines for the log, at error, that users know
};

// Orders are followed also when the descriptive strings are not there. A body that is no such JSON, or orders of the
// wrong type, have no effect at all, but may have a line for the log.
[[nodiscard]] CloudError parse_cloud_error(std::string_view body);

// Seconds to wait by a Retry-After header, as a number or a date; a date is read against the Date of the same answer,
// so that our clock does not matter. nullopt if there is none, it is not understood, or not in the future.
[[nodiscard]] std::optional<std::uint32_t> parse_retry_after(std::string_view retry_after, std::string_view date);

// A Date header as epoch seconds.
[[nodiscard]] std::optional<std::int64_t> parse_date(const std::string &date);

}  // namespace aclk::login
