// SPDX-License-Identifier: GPL-3.0-or-later
//
// The query string of a request to an agent, read as agents read it (plugin-api/external/API.md, "URLs and errors") and
// written anew, so that whoever decides on it and the agent that gets it cannot understand two different things.
//
// How 1.37.1 reads one: it decodes the whole text once, %XX and '+' alike, splits it at each '&', an escaped one
// included, drops what '=' an item begins with, and takes what stands before the next '=' as the name. Names are exact
// in case and blanks. Of equal names the last counts, without a value none. A number is the digits that a value
// begins with, behind a '-'; whatever else it begins with makes it 0, and what is too large is cut to the lower bits.
//
// Read here is only what leaves no doubt; for the rest there is a sentence. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"

namespace aclk {

class QueryString {
 public:
  struct Parameter {
    std::string name;   // decoded
    std::string value;  // decoded
    std::string text;   // name=value as it is written
  };

  // Text without the question mark. In what is written complete escapes stay, what may not stand in a query becomes an
  // escape, numbers have neither escapes nor leading zeros, and items of nothing are gone.
  // Errors:
  //   parse: a broken escape, or a NUL
  //   invalid_argument: two readings are possible: an escaped '&', an escaped '=' where name and value part, no name,
  //     a name with an escape in it; of a parameter that decides how much work an answer is (times, counts, the
  //     charts): twice, behind a ';', and for numbers: nothing, not only digits (times may be negative), too large
  [[nodiscard]] static Result<QueryString> parse(std::string_view text);

  [[nodiscard]] std::string text() const;
  // The value of a parameter that has one.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;
  // The same of one that parse() knows as a number.
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
  // In place of the one that is there, else at the end.
  void set_number(std::string_view name, std::int64_t value);

 private:
  std::vector<Parameter> parameters_;
};

}  // namespace aclk
