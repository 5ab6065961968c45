// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why an answer of the cloud cannot be used: what users are shown, and the sentence behind it.
#pragma once

#include <string>
#include <utility>

#include "aclk/cloud/status.h"
#include "claim/base/result.h"

namespace aclk::cloud {

struct Refusal {
  Status status = Status::https_unknown_error;
  Error error;
};

template <class T>
using Verdict = tl::expected<T, Refusal>;

[[nodiscard]] inline tl::unexpected<Refusal> refuse(Status status, Errc code, std::string what) {
  return tl::unexpected<Refusal>(Refusal{status, Error{code, std::move(what)}});
}

}  // namespace aclk::cloud
