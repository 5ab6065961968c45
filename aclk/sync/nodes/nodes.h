// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does what NodeSync decides: publishes through the session, reads the host, stores ids. Loop thread only.
#pragma once

#include <uv.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "aclk/host/log.h"
#include "aclk/host/reader.h"
#include "aclk/loop/loop.h"
#include "aclk/loop/worker_pool.h"
#include "aclk/sync/nodes/node_sync.h"
#include "aclk/sync/store/write_behind_store.h"

namespace aclk::sync {

class Nodes {
 public:
  using LostFn = std::function<void()>;  // empty, or called when the connection ended before the broker had it
  using PublishFn = std::function<void(proto::MessageType, std::string payload, LostFn lost)>;
  using ListedFn = std::function<void(const std::vector<host::Node> &)>;

  // `listed`: the host has shown its nodes; called after each listing.
  // `workers`: for the hook store_node_id.
  Nodes(uv_loop_t &loop, const host::Host &host, const host::Log &log, host::Reader &reader, loop::WorkerPool &workers,
        WriteBehindStore &store, PublishFn publish, ListedFn listed);
  ~Nodes() = default;
  Nodes(const Nodes &) = delete;
  Nodes &operator=(const Nodes &) = delete;

  // Lists the nodes for the first time.
  void start();
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
  void tell_host();
  [[nodiscard]] std::string called(const std::string &guid) const;
  // Reads the host; `ok` or `failed` is called with what comes of it.
  template <class R, class Ok, class Failed>
  void read(R reading, Ok ok, Failed failed);
  void read_next();
  void read_ended();
  void read_facts(const std::string &guid);
  void read_collectors(const std::string &guid);

  const host::Host &host_;
  const host::Log &log_;
  host::Reader &reader_;
  loop::WorkerPool &workers_;
  WriteBehindStore &store_;
  const PublishFn publish_;
  const ListedFn listed_;
  NodeSync sync_;
  host::BudgetedLog unknown_log_{log_, "node ids for nobody here"};
  // Node ids for a host that keeps them itself, by machine guid: given one after the other, the newest of each.
  std::map<std::string, std::string> to_tell_;
  bool telling_ = false;
  // Facts and collectors of nodes, to be read.
  std::deque<std::function<void()>> to_read_;
  std::size_t reading_ = 0;
  loop::Timer timer_;
  std::shared_ptr<char> alive_ =
      std::make_shared<char>();  // what became of a message may be reported after this is gone
};

}  // namespace aclk::sync
