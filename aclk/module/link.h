// SPDX-License-Identifier: GPL-3.0-or-later
//
// One identity's link with everything that belongs to it, wired on one loop: session, nodes, queries, store. Made, run
// and destroyed on the link's thread; only `post` crosses threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "aclk/host/log.h"
#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/loop/worker_pool.h"
#include "aclk/module/settings.h"
#include "aclk/report/state.h"
#include "aclk/report/traffic.h"
#include "aclk/session/connection_history.h"
#include "aclk/session/connection_state_machine.h"

namespace aclk::module {

// The threads in hooks of the host, over all links: those that a link has left behind, because a hook hung. What is
// asked of the host, but for queries, is asked by one link at a time: by `turn`.
struct HookThreads {
  std::shared_ptr<loop::Turn> turn = std::make_shared<loop::Turn>();
  loop::WorkerPool::Stragglers host;
  loop::WorkerPool::Stragglers queries;

  // Any thread.
  [[nodiscard]] bool any() { return host.any() || queries.any(); }
  [[nodiscard]] bool wait_until_none(std::chrono::steady_clock::time_point until) {
    return host.wait_until_none(until) && queries.wait_until_none(until);
  }
};

// What one link has from the one before it, and from whoever made the module.
struct Inherited {
  loop::TimeScale scale;
  std::shared_ptr<session::Drops> drops;  // connections that fell; the link's thread only
  HookThreads *hooks = nullptr;           // lives longer than any link
};

class Link {
 public:
  // Fails when the key does not load or the URL is unusable.
  [[nodiscard]] static Result<std::unique_ptr<Link>> make(const host::Host &host, const host::Log &log,
                                                          Settings settings, Inherited inherited);
  ~Link();  // waits for hooks of the host that still run
  Link(const Link &) = delete;
  Link &operator=(const Link &) = delete;

  // Any thread: runs a function on the loop while the link lives.
  [[nodiscard]] loop::Inbox::Post poster() const;
  // Connects, and serves until stop() has gone through.
  void run();
  // After run(): waits for hooks that have not come back; those that have not by then are left behind, and the
  // destructor does not wait for them. True: none was.
  [[nodiscard]] bool leave_hooks(std::chrono::milliseconds at_most);

  // These on the loop thread, that is from posted functions.
  void stop(session::Stop kind);
  void host_event(std::uint32_t kind, const std::string &machine_guid);
  [[nodiscard]] report::LinkState state() const;
  [[nodiscard]] const report::Traffic &traffic() const;
  // The largest values (see report::Numbers) begin anew with each call.
  [[nodiscard]] report::Numbers take_numbers();

 private:
  struct Impl;
  explicit Link(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::module
