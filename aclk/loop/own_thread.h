// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a thread of ours does first, inside a process that may be somebody else's.
#pragma once

#include <pthread.h>

#include <csignal>

namespace aclk::loop {

// `name`: at most 15 bytes. Blocks SIGPIPE: a socket or pipe whose other end is gone is an error to handle, not a
// reason to die, whatever the host's signals are. Threads that this one starts inherit that.
inline void begin_own_thread(const char *name) {
  pthread_setname_np(pthread_self(), name);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace aclk::loop
