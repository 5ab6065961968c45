// SPDX-License-Identifier: GPL-3.0-or-later
//
// A cmd message of the cloud (aclk/query/cmd_request.h): whatever is answered has a place to go and an end.
#include "aclk/query/cmd_request.h"

#include "tests/fuzz/fuzz.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto cmd = query::parse_cmd(bytes);
  if (const auto *r = std::get_if<query::CmdRequest>(&cmd)) {
    require(r->callback_topic.starts_with('/'), "a reply topic begins with a slash");
    require(r->callback_topic.find_first_of(std::string_view("+#\0", 3)) == std::string::npos, "and has no wildcard");
    require(r->version >= 2, "version is at least 2");
    require(r->timeout.count() >= 0 && r->timeout <= query::kMaxTimeout, "the timeout is within bounds");
    require(r->http.target.starts_with('/'), "a target begins with a slash");
    require(r->http.target.size() <= query::kMaxTargetBytes, "and is within bounds");
    require(r->transaction.empty() || r->transaction.size() == 32, "a transaction has 32 digits");
  } else if (const auto *bad = std::get_if<query::BadRequest>(&cmd)) {
    require(bad->callback_topic.starts_with('/'), "also that of a refusal");
    require(!bad->why.empty(), "a refusal says why");
  } else {
    require(!std::get<query::Dropped>(cmd).lines.empty(), "what is dropped is logged");
  }
}
