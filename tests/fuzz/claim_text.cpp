// SPDX-License-Identifier: GPL-3.0-or-later
//
// Texts that ask for a claim or answer one (claim/): first byte = claim.conf, the split files, the environment, the
// body of the cloud's answer; and the kinds of failures (claim/base/log_budget.h).
#include <algorithm>
#include <string>

#include "claim/base/log_budget.h"
#include "claim/claim_request.h"
#include "claim/claim_sources.h"
#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

void usable(const std::vector<claim::WrittenClaim> &written_claims) {
  for (const auto &w : written_claims) {
    require(!w.token.empty() && !w.source.empty(), "a written claim has a token and a source");
    for (const auto &room : claim::split_rooms(w.rooms)) require(!room.empty(), "no room is empty");
    if (const auto token = claim::checked_token(w.token))
      require(std::ranges::all_of(*token, [](char c) { return c > ' ' && c < 0x7f; }), "a token that is used is plain");
  }
}

}  // namespace

void fuzz(std::string_view bytes) {
  const auto nothing = [](const char *) -> std::optional<std::string> { return std::nullopt; };
  claim::ClaimFiles files;
  files.claim_conf.path = "/etc/claim.conf";
  files.token.path = "/lib/token";
  switch (choose(bytes, 5)) {
    case 0:
      files.claim_conf.text = bytes;
      return usable(claim::written_claims(files, nothing));
    case 1:
      files.token.text = bytes.substr(0, bytes.size() / 2);
      files.rooms.text = bytes.substr(bytes.size() / 2);
      return usable(claim::written_claims(files, nothing));
    case 2:
      return usable(claim::written_claims(files, [&](const char *) { return std::optional(std::string(bytes)); }));
    case 3: {
      const auto status = bytes.empty() ? 422 : 400 + static_cast<unsigned char>(bytes[0]);
      const auto outcome = claim::judge_answer(status, bytes);
      require(outcome.claimed() || !outcome.reason.empty(), "a failure has a reason");
      require(outcome.reason.size() < 512, "that is short");
      return;
    }
    default: {
      const auto kind = kind_of(bytes);
      require(kind.size() <= 512 + bytes.size(), "a kind is bounded");
      require(kind_of(kind).size() <= kind.size(), "and no longer when taken again");
    }
  }
}

}  // namespace aclk::fuzz
