// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is sent to the cloud about the contexts of one node (aclk/sync/README.md, "Contexts"). Pure: it takes what
// happened and when, and gives out messages, changes to remember, and when the host is to be read.
//
// The hub copies are what was sent to the cloud last; their hash is what both sides compare. A difference between a
// reading of the host and the hub copies waits a while (5 or 65 s), because charts come and go in bursts, and is then
// sent. Nothing that differs is ever forgotten: the next reading finds it again. One message is on its way at a time;
// one that the broker will not take is undone in the hub copies, so that the hash stays that of the cloud.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "aclk/mqtt/outbox.h"
#include "aclk/sync/store/records.h"
#include "aclk/sync/store/store.h"
#include "proto/contexts.h"
#include "proto/message_types.h"

namespace aclk::sync {

struct ContextMessage {
  proto::MessageType type;
  std::string payload;
};

class ContextSync {
 public:
  // last_created_us: of an earlier process's messages; those of this one are created later.
  ContextSync(std::string claim_id, std::string node_id, StoredContexts hub, std::int64_t last_created_us = 0);

  // The host's name, for notes.
  void call_it(std::string hostname) { hostname_ = std::move(hostname); }

  // A connection begins; messages may have at most `max_payload` bytes. The cloud's checkpoint is awaited for 15 s
  // before updates go on where the last connection left them.
  void online(std::size_t max_payload, ClockPair now);
  void offline();

  // From the cloud.
  void checkpoint(std::uint64_t hash, ClockPair now);
  // False: updates were not streaming.
  bool stop_streaming();

  // From the host: contexts may have changed; and the answers to take_read_request(), contexts without a version.
  void changed();
  void reading(std::vector<proto::ContextUpdated> contexts, ClockPair now);
  void reading_failed(ClockPair now);

  // What became of the message that take() gave out last.
  void delivered(mqtt::Delivery how, ClockPair now);

  // Does what is due; then next_due() says when to call again, nullopt = nothing is planned.
  void tick(ClockPair now);
  [[nodiscard]] std::optional<loop::Instant> next_due() const;

  // True once: read the host's contexts and call reading() or reading_failed().
  [[nodiscard]] bool take_read_request();
  [[nodiscard]] std::optional<ContextMessage> take_message();
  [[nodiscard]] std::vector<Change> take_changes();
  // Sentences for the log, each once.
  [[nodiscard]] std::vector<std::string> take_notes();

  [[nodiscard]] std::uint64_t hash() const;
  [[nodiscard]] bool streaming() const { return streaming_; }
  // Does the cloud wait for something of this node, now or whenever it changes?
  [[nodiscard]] bool wanted() const { return streaming_ || checkpoint_.has_value(); }
  [[nodiscard]] std::size_t size() const { return hub_.size(); }

 private:
  struct Queued {
    loop::Instant due;
    std::optional<proto::ContextUpdated> context;  // nullopt = it is gone
  };
  struct Sent {  // to take back
    std::string id;
    std::optional<StoredContext> before;
    std::optional<proto::ContextUpdated> context;
  };

  void compare(const std::vector<proto::ContextUpdated> &contexts, ClockPair now);
  void snapshot(std::vector<proto::ContextUpdated> contexts, ClockPair now);
  void update(ClockPair now);
  void put(const std::string &id, const std::optional<StoredContext> &value);
  void take_back(loop::Instant due);
  [[nodiscard]] bool may_update() const { return online_ && streaming_ && !expecting_; }
  [[nodiscard]] std::uint64_t next_version(const std::string &id, ClockPair now) const;

  const std::string claim_id_;
  const std::string node_id_;
  StoredContexts hub_;
  std::map<std::string, Queued, std::less<>> queue_;
  std::set<std::string, std::less<>> too_long_;  // alone over the broker's limit
  std::vector<Sent> in_flight_;
  bool flying_ = false;
  std::size_t max_payload_ = 0;

  bool online_ = false;
  bool streaming_ = false;
  std::optional<loop::Instant> expecting_;      // the cloud's checkpoint, until then
  std::optional<std::uint64_t> checkpoint_;     // to be answered after a reading
  bool stale_ = false;                          // the host has changed since the last reading
  bool reading_ = false;                        // one is under way
  std::optional<loop::Instant> read_again_at_;  // after a failure
  std::int64_t last_created_us_;

  bool read_requested_ = false;
  std::optional<ContextMessage> message_;
  std::vector<Change> changes_;
  std::vector<std::string> notes_;
  std::string hostname_;
};

}  // namespace aclk::sync
