// SPDX-License-Identifier: GPL-3.0-or-later
//
// What netdata_aclk_create() does, for programs of this repository that bring a time scale (tests/time_scale). Not
// exported.
#pragma once

#include <cstddef>

#include <netdata-aclk/plugin.h>

#include "aclk/loop/clock.h"

namespace aclk {

[[nodiscard]] naclk_module *create_module(const naclk_host *host, loop::TimeScale scale, char *error,
                                          std::size_t error_size) noexcept;

}  // namespace aclk
