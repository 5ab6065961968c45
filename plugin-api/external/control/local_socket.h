// SPDX-License-Identifier: GPL-3.0-or-later
//
// The worker's half of the plugin's local socket: HTTP on a listener that the supervisor has opened. A thread of its
// own, so nothing that a client does or leaves undone holds up the link.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "plugin-api/external/control/local_clients.h"

namespace aclk::external {

// Where aclk.plugin's local socket is. The supervisor, which makes it, and netdata-aclk, which asks it, go by the same
// list. Pure.

// In order of preference; the supervisor takes the first directory that it can write to:
//   [plugin:aclk] socket = /PATH    that and no other; "no" or "none": there is no socket; anything else as if not set
//   RUN/aclk.sock                   if the agent says where its run directory is (2.x)
//   /run/netdata/aclk.sock          for the agent of the system, which is the one whose library directory is
//                                   /var/lib/netdata: others would meet there
//   LIB/aclk.sock
[[nodiscard]] std::vector<std::filesystem::path> socket_places(std::string_view setting,
                                                               const std::filesystem::path &run_dir,
                                                               const std::filesystem::path &lib_dir);

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
