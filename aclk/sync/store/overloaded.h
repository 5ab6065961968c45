// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lambdas as one function object: splits a variant by type.
#pragma once

namespace aclk::sync {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;  // clang 14 does not deduce aggregates

}  // namespace aclk::sync
