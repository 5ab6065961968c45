// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does what the AlertSync of each node decides: writes to the store before it publishes, reads the host, cuts snapshots
// in chunks, and answers the cloud's questions about definitions. Loop thread only.
#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/host/log.h"
#include "aclk/host/reader.h"
#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/sync/alerts/alert_sync.h"
#include "aclk/sync/contexts/contexts.h"
#include "aclk/sync/nodes/node_sync.h"
#include "aclk/sync/store/write_behind_store.h"
#include "proto/commands.h"

namespace aclk::sync {

// Which of the things that the cloud asks for by name are looked up in the host: each once at a time, a bounded number
// of them, and not again at once when it was not there. A cloud that asks without end costs no work without end. Pure.
class LookUps {
 public:
  static constexpr std::size_t kMaxUnderWay = 256;
  static constexpr std::size_t kMaxMissing = 1024;
  // As long as what was not there is taken for not there.
  static constexpr std::chrono::seconds kMissingFor{60};

  // True: look it up, and say ended(). False: it is under way, was not there a moment ago, or too many are under way.
  [[nodiscard]] bool begin(const std::string &name, loop::Instant now) {
    if (const auto it = missing_.find(name); it != missing_.end()) {
      if (now < it->second) return false;
      missing_.erase(it);
    }
    return under_way_.size() < kMaxUnderWay && under_way_.insert(name).second;
  }

  enum class End : std::uint8_t { may_be_asked_again, not_there };
  void ended(const std::string &name, End how, loop::Instant now) {
    under_way_.erase(name);
    if (how == End::may_be_asked_again) return;
    if (missing_.size() >= kMaxMissing) std::erase_if(missing_, [now](const auto &m) { return m.second <= now; });
    if (missing_.size() >= kMaxMissing) missing_.erase(missing_.begin());
    missing_[name] = now + kMissingFor;
  }

 private:
  std::set<std::string, std::less<>> under_way_;
  std::map<std::string, loop::Instant, std::less<>> missing_;  // until when
};

class Alerts {
 public:
  using PublishFn = Contexts::PublishFn;

  Alerts(uv_loop_t &loop, const host::Host &host, const host::Log &log, host::Reader &reader, WriteBehindStore &store,
         const NodeSync &nodes, PublishFn publish);
  ~Alerts() = default;
  Alerts(const Alerts &) = delete;
  Alerts &operator=(const Alerts &) = delete;

  void online(std::size_t max_payload);
  void offline();
  // The host has shown its nodes: the alerts of each are followed from now on.
  void listed(const std::vector<host::Node> &nodes);
  void start_streaming(const proto::StartAlarmStreaming &m);
  void checkpoint(const proto::SendAlarmCheckpoint &m);
  void snapshot(const proto::SendAlarmSnapshot &m);
  void configuration(const proto::SendAlarmConfiguration &m);
  // An event of the host (enum naclk_event_kind); others than NACLK_EVENT_ALERTS are ignored.
  void host_event(std::uint32_t kind, std::string_view machine_guid);

  // Has the cloud asked for the transitions of any node?
  [[nodiscard]] bool wanted() const;
  [[nodiscard]] std::optional<AlertSync::View> view(std::string_view machine_guid) const;

 private:
  // A snapshot on its way: one chunk after the other.
  struct Chunks {
    std::uint64_t ticket = 0;
    std::vector<std::string> entries;  // as in SendSnapshot
    std::vector<std::size_t> ends;     // of each chunk, in entries
    std::size_t sent = 0;              // chunks
    std::string uuid;
  };
  struct Entry {
    Entry(const host::Log &log, const std::string &guid, StoredAlerts stored)
        : sync(guid, std::move(stored), moment()), lines(log, "lines about the alerts of a node") {}
    AlertSync sync;
    host::BudgetedLog lines;  // what the cloud causes
    std::optional<Chunks> chunks;
    std::optional<loop::Instant> due;
  };
  struct Read {
    std::string guid;
    std::optional<ReadAlertLog> log;  // nullopt = the present alerts
  };

  Entry &entry(const std::string &guid);
  const host::Node *node_of(std::string_view node_id) const;
  void check_version(std::string_view node_id, std::string_view claim_id, std::uint64_t version);
  void run(const std::string &guid, Entry &e);
  void act(const std::string &guid, Entry &e, AlertAction &action);
  void send(const std::string &guid, const SendTransition &t);
  void send(const std::string &guid, Entry &e, SendSnapshot s);
  // What goes before each entry of this node (proto::alert_identity).
  [[nodiscard]] std::string identity_of(const std::string &guid) const;
  void next_chunk(const std::string &guid, Entry &e);
  void delivered(const std::string &guid, std::uint64_t ticket, mqtt::Delivery how);
  void tell(const std::string &guid, Entry &e, const Comparison &c) const;
  void tell_sent(const std::string &guid, const std::vector<AlertAction> &actions) const;
  void tell_read(const std::string &guid, const Entry &e, std::size_t entries) const;
  void read_next();
  // A reading has ended with `result`, for the function `ok` or `failed` of the node's AlertSync.
  template <class T>
  void read_ended(const std::string &guid, Result<T> result, void (AlertSync::*ok)(T, ClockPair),
                  void (AlertSync::*failed)(AlertSync::ReadFailure, ClockPair));
  void arm();

  const host::Host &host_;
  const host::Log &log_;
  host::Reader &reader_;
  WriteBehindStore &store_;
  const NodeSync &nodes_;
  const PublishFn publish_;
  std::map<std::string, Entry, std::less<>> entries_;  // by machine guid
  std::deque<Read> to_read_;
  LookUps definitions_;  // by config hash
  host::BudgetedLog missing_log_{log_, "alert configs that were not found"};
  host::BudgetedLog refused_log_{log_, "refused messages about alerts"};
  std::size_t reading_ = 0;
  std::optional<std::size_t> max_payload_;  // nullopt = offline
  loop::Timer timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // results of publishing may outlive this object
};

}  // namespace aclk::sync
