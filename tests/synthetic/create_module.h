/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * netdata_aclk_create(), with times divided: what no host can order. */
#ifndef SYNTHETIC_CREATE_MODULE_H
#define SYNTHETIC_CREATE_MODULE_H

#include <netdata-aclk/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Divisors of 1 or more; see aclk/loop/clock.h. */
struct time_divisors {
  uint32_t deadlines;
  uint32_t pauses;
};

struct naclk_module *synthetic_create_module(const struct naclk_host *host, struct time_divisors divisors, char *error,
                                             size_t error_size);

#ifdef __cplusplus
}
#endif

#endif
