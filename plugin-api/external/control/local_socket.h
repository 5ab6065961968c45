// SPDX-License-Identifier: GPL-3.0-or-later
//
// The worker's half of the plugin's local socket: HTTP on a listener that the supervisor has opened. A thread of its
// own, so nothing that a client does or leaves undone holds up the link.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "plugin-api/external/control/local_clients.h"

namespace aclk::external {

class LocalSocket {
 public:
  using Serve = LocalClients::Serve;

  // listener: not blocking; stays the caller's. serve: called on the socket's thread, one at a time. Fails when there
  // can be no thread.
  [[nodiscard]] static Result<std::unique_ptr<LocalSocket>> start(int listener, Serve serve);
  // Ends the thread, after the call of serve() that runs. Who waits for an answer then gets none.
  ~LocalSocket();
  LocalSocket(const LocalSocket &) = delete;
  LocalSocket &operator=(const LocalSocket &) = delete;

 private:
  LocalSocket(int listener, Serve serve);
  void run();

  const int listener_;
  LocalClients clients_;
  const Fd wake_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace aclk::external
