// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages in clear text (proto/message_types.h), behind what-is-sent and the conversation log: first byte = which
// message. Nothing, or one JSON object on one line.
#include "proto/message_types.h"

#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {

void fuzz(std::string_view bytes) {
  const auto &row = proto::kMessageTypes[choose(bytes, proto::kMessageTypes.size())];
  const auto text = proto::message_json(row.name, bytes);
  if (text.empty()) return;
  require(text.find('\n') == std::string::npos, "it is one line");
  const auto j = nlohmann::json::parse(text, nullptr, false);
  require(j.is_object(), "it is a JSON object");
}

}  // namespace aclk::fuzz
