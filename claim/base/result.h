// SPDX-License-Identifier: GPL-3.0-or-later
//
// Errors are values. A fallible function returns Result<T>; the Error says what kind of trouble (for programs) and in
// one sentence what was tried, against whom, what came back and what to do (for people). No secrets in sentences.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace aclk {

enum class Errc : std::uint8_t {
  invalid_argument,
  not_found,
  io,       // files, SQLite
  parse,    // input that is not what it should be
  too_big,  // over a stated bound
  timeout,
  cancelled,  // somebody asked to stop
  dns,
  tcp,
  proxy,
  tls,
  http_status,  // an HTTP answer, but not the one wanted
  websocket,
  mqtt,
  crypto,
  unavailable,  // not now; asking again makes sense
  denied,
  unsupported,
};

struct Error {
  Errc code = Errc::io;
  std::string what;
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

}  // namespace aclk
