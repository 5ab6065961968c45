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

// Both are statements, and return from the function they stand in: the error of a Result that is none, in a function
// whose error type it converts to. What follows has the value.
//
//   ACLK_TRY(const auto text, read_file(file));    `text` is the std::string itself
//   ACLK_CHECK(disk.sync(dir));                    of a Result<void>, or where the value does not matter
//
// NOLINTBEGIN(cppcoreguidelines-macro-usage,bugprone-macro-parentheses): no function can return from its caller, and a
// declaration is not to be put into parentheses.
#define ACLK_TRY_JOIN_(a, b) a##b
#define ACLK_TRY_NAME_(line) ACLK_TRY_JOIN_(aclk_tried_, line)
#define ACLK_TRY(declaration, ...)                                                                   \
  auto ACLK_TRY_NAME_(__LINE__) = (__VA_ARGS__);                                                     \
  if (!ACLK_TRY_NAME_(__LINE__)) return tl::unexpected(std::move(ACLK_TRY_NAME_(__LINE__)).error()); \
  declaration = std::move(*ACLK_TRY_NAME_(__LINE__))
#define ACLK_CHECK(...)                                                                                           \
  do {                                                                                                            \
    if (auto aclk_checked = (__VA_ARGS__); !aclk_checked) return tl::unexpected(std::move(aclk_checked).error()); \
  } while (false)
// NOLINTEND(cppcoreguidelines-macro-usage,bugprone-macro-parentheses)
