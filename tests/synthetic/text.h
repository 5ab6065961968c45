/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Texts of one value while it is shown to a visitor: a block on the stack, filled from the front. */
#ifndef SYNTHETIC_TEXT_H
#define SYNTHETIC_TEXT_H

#include <netdata-aclk/plugin.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/synthetic/random.h"

struct text_block {
  size_t used;
  char bytes[4096]; /* all texts of an alert together are below 2 KiB */
};

/* printf into the block. A text that does not fit is cut; none of ours is that long. */
struct naclk_str text_put(struct text_block *block, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A version-4 UUID that belongs to (kind, a, b). */
struct naclk_str text_uuid(struct text_block *block, uint64_t seed, uint64_t kind, uint64_t a, uint64_t b);

#endif
