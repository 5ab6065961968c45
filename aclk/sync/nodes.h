// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does what NodeSync decides: publishes through the session, reads the host on a worker, stores ids. Loop thread only.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aclk/host/log.h"
#include "aclk/loop/timer.h"
#include "aclk/loop/worker_pool.h"
#include "aclk/sync/node_sync.h"
#include "aclk/sync/store.h"

namespace aclk::sync {

class Nodes {
 public:
  using PublishFn = std::function<void(cloud::Topic, std::string payload)>;

  Nodes(uv_loop_t &loop, const host::Host &host, const host::Log &log, loop::WorkerPool &workers, Store &store,
        std::string claim_id, PublishFn publish);
  ~Nodes() = default;
  Nodes(const Nodes &) = delete;
  Nodes &operator=(const Nodes &) = delete;

  void online(std::int64_t session_us);
  void offline();
  void send_node_instances();
  void node_created(std::string_view machine_guid, std::string_view node_id);
  // An event of the host (enum naclk_event_kind); kinds that are not about nodes are ignored.
  void host_event(std::uint32_t kind, std::string_view machine_guid);

  [[nodiscard]] const NodeSync &known() const { return sync_; }

 private:
  void run();
  void act(Action &action);
  template <class Fetch, class Ok, class Failed>
  void fetch(Fetch fetch, Ok ok, Failed failed);

  const host::Host &host_;
  const host::Log &log_;
  loop::WorkerPool &workers_;
  Store &store_;
  const std::string claim_id_;
  const PublishFn publish_;
  NodeSync sync_;
  loop::Timer timer_;
};

}  // namespace aclk::sync
