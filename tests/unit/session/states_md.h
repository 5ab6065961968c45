// SPDX-License-Identifier: GPL-3.0-or-later
//
// aclk/session/STATES.md as a text made from the table of states.h.
#pragma once

#include <string>
#include <string_view>

#include "aclk/session/states.h"

namespace aclk::test {

[[nodiscard]] std::string states_md();
// What happened, for people.
[[nodiscard]] std::string_view event_text(session::Event event);

}  // namespace aclk::test
