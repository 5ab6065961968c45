// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/synthetic/create_module.h"

#include "plugin-api/static/create_module.h"

naclk_module *synthetic_create_module(const naclk_host *host, time_divisors divisors, char *error, size_t error_size) {
  return aclk::create_module(host, {.deadlines = divisors.deadlines, .pauses = divisors.pauses}, error, error_size);
}
