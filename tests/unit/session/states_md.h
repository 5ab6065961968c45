// SPDX-License-Identifier: GPL-3.0-or-later
//
// aclk/session/STATES.md as a text made from the table of states.h.
#pragma once

#include <string>

namespace aclk::test {

[[nodiscard]] std::string states_md();

}  // namespace aclk::test
