/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * splitmix64 (Steele, Lea, Flood 2014): every value of the made-up database is a hash of the seed and of what the
 * value is for, so that any part can be made again without remembering it. */
#ifndef SYNTHETIC_RANDOM_H
#define SYNTHETIC_RANDOM_H

#include <stdint.h>

/* The next number of the sequence that *state stands at. */
static inline uint64_t random_next(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* The number of (kind, a, b) under a seed. `kind` keeps things of different kinds apart. */
static inline uint64_t random_of(uint64_t seed, uint64_t kind, uint64_t a, uint64_t b) {
  uint64_t s = seed;
  s = random_next(&s) ^ kind;
  s = random_next(&s) ^ a;
  s = random_next(&s) ^ b;
  return random_next(&s);
}

#endif
