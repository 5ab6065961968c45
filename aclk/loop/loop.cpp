// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/loop/loop.h"

#include <cstdio>
#include <cstdlib>

namespace aclk::loop {

Loop::Loop() {
  if (uv_loop_init(&loop_) != 0) std::abort();  // only out of memory or descriptors at start
}

Loop::~Loop() {
  drain();
  if (uv_loop_close(&loop_) != 0) {
    uv_print_all_handles(&loop_, stderr);
    std::abort();
  }
}

void Loop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }

void Loop::stop() { uv_stop(&loop_); }

void Loop::drain() {
  for (int i = 0; i < 16; ++i) uv_run(&loop_, UV_RUN_NOWAIT);
}

}  // namespace aclk::loop
