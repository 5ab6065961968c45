// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why an answer of the cloud cannot be used: what users are shown, and the sentence behind it.
#pragma once

#include <string>
#include <utility>

#include "aclk/login/status.h"
#include "claim/base/result.h"

namespace aclk::login {

struct LoginError {
  Status status = Status::https_unknown_error;
  Error error;
};

template <class T>
using Verdict = tl::expected<T, LoginError>;

[[nodiscard]] inline tl::unexpected<LoginError> refuse(Status status, Errc code, std::string what) {
  return tl::unexpected<LoginError>(LoginError{status, Error{code, std::move(what)}});
}

}  // namespace aclk::login
