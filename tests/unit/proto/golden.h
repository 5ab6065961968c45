// SPDX-License-Identifier: GPL-3.0-or-later
//
// The captured messages of tests/golden, and our structs in the form of their JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aclk::proto::test {

struct Captured {
  std::string file;     // without suffix: UpdateNodeInfo-1
  std::string message;  // UpdateNodeInfo
  std::string bytes;
  nlohmann::json json;
};

// Throws if a file cannot be read.
std::vector<Captured> captured();

// Field by field as tests/golden/README.md describes: field names of the protocol, default values left out, 64-bit
// integers as text, enums as numbers. Null JSON = does not decode. Throws for a message that was never captured.
nlohmann::json decoded_as_json(std::string_view message, std::string_view bytes);

}  // namespace aclk::proto::test
