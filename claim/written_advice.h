// SPDX-License-Identifier: GPL-3.0-or-later
//
// The next step after a claim that is written down has failed: what to change where it is written. (claim_answer.h has
// those for who has typed a command.) Pure.
#pragma once

#include <optional>
#include <string>

#include "claim/base/result.h"
#include "claim/claim_sources.h"
#include "claim/exit_code.h"

namespace aclk::claim {

// One clause without a semicolon; empty when the message of such an ending says it already. cause: why there was no
// answer of the cloud.
[[nodiscard]] std::string written_advice(ExitCode exit, std::optional<Errc> cause, const WrittenClaim &written);

}  // namespace aclk::claim
