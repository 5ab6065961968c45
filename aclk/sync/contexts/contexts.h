// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does what the ContextSync of each node decides: publishes, reads the host, keeps the store. However many
// nodes there are, half of what can be read at once reads them and sixteen messages are on their way at a time. Loop
// thread only.
#pragma once

#include <uv.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aclk/host/log.h"
#include "aclk/host/reader.h"
#include "aclk/loop/loop.h"
#include "aclk/sync/contexts/context_sync.h"
#include "aclk/sync/nodes/node_sync.h"
#include "aclk/sync/store/write_behind_store.h"
#include "proto/commands.h"

namespace aclk::sync {

class Contexts {
 public:
  using Done = std::function<void(mqtt::Delivery)>;
  using PublishFn = std::function<void(proto::MessageType, std::string payload, Done)>;

  Contexts(uv_loop_t &loop, const host::Log &log, host::Reader &reader, WriteBehindStore &store, const NodeSync &nodes,
           PublishFn publish);
  ~Contexts() = default;
  Contexts(const Contexts &) = delete;
  Contexts &operator=(const Contexts &) = delete;

  void online(std::size_t max_payload);
  void offline();
  void checkpoint(const proto::ContextsCheckpoint &m);
  void stop_streaming(const proto::StopStreamingContexts &m);
  // An event of the host (enum naclk_event_kind); others than NACLK_EVENT_CONTEXTS are ignored.
  void host_event(std::uint32_t kind, std::string_view machine_guid);
  // Does the cloud want to hear of the contexts of any node?
  [[nodiscard]] bool wanted() const;

 private:
  struct Entry {
    Entry(const host::Log &log, const std::string &claim_id, std::string id, std::uint64_t number, StoredContexts hub,
          std::int64_t last_created_us)
        : node_id(id),
          life(number),
          sync(claim_id, std::move(id), std::move(hub), last_created_us),
          lines(log, "lines about the contexts of a node") {}
    std::string node_id;
    std::uint64_t life;  // no two entries have the same: what was asked for one is not given to another
    ContextSync sync;
    host::BudgetedLog lines;  // what the cloud causes
    std::optional<loop::Instant> due;
  };
  struct Reading {
    std::string guid;
    std::uint64_t life = 0;  // of the entry that asked
  };

  // The entry of a node that the cloud speaks of; nullptr with a line in the log when there is none.
  Entry *find(std::string_view claim_id, std::string_view node_id, std::string_view what, std::string *guid);
  // The entry that asked, if it is still there.
  Entry *asked_by(const Reading &r);
  // Entries of nodes that are not known any more, or not by this id.
  void forget_strangers();
  void run(const std::string &guid, Entry &e);
  void read_next();
  void read(const Reading &what);
  void arm();

  const host::Log &log_;
  host::Reader &reader_;
  WriteBehindStore &store_;
  const NodeSync &nodes_;
  const PublishFn publish_;
  std::map<std::string, Entry, std::less<>> entries_;  // by machine guid
  std::uint64_t lives_ = 0;
  // Over disconnections too: a ContextSync that has asked waits for its answer.
  std::deque<Reading> to_read_;
  std::size_t reading_ = 0;
  std::size_t flying_ = 0;
  std::optional<std::size_t> max_payload_;  // nullopt = offline
  bool ever_asked_ = false;
  host::BudgetedLog refused_log_{log_, "refused messages about contexts"};
  loop::Timer timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // results of publishing may outlive this object
};

}  // namespace aclk::sync
