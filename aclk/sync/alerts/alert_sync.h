// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is sent to the cloud about the alerts of one node (aclk/sync/README.md, "Alerts"). Pure: it takes what happened
// and when, and gives out messages, changes to remember, and when the host is to be read.
//
// A transition's way:  log of the host -> pending (not due) -> waiting (selected) -> sent (published) -> submitted
//  - Every step is a change for the store. Changes must be on disk before the messages given out with them are sent,
//    and right after a message was refused.
//  - Of one alert a newer transition takes the place of a pending or waiting one. One that was published stays, with
//    its id, until its PUBACK has come, over any number of connections and restarts; the next one of its alert waits.
//  - Only what was acknowledged counts in the alert version. The cloud may be ahead of us by what was published and
//    not acknowledged; its version then shows how much of that has arrived.
//  - A snapshot replaces everything. What is selected goes before it, because a snapshot has states, not events.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "aclk/host/host.h"
#include "aclk/mqtt/outbox.h"
#include "aclk/sync/store/records.h"
#include "aclk/sync/store/store.h"

namespace aclk::sync {

// How long after its time a transition is sent: alerts that come and go within it are never sent.
[[nodiscard]] std::chrono::seconds tell_after(proto::AlarmStatus from, proto::AlarmStatus to);

struct SendTransition {
  std::uint64_t ticket = 0;  // for delivered()
  std::string entry;         // proto::Alert::entry: proto::alert_identity() goes before it
};
struct SendSnapshot {
  std::uint64_t ticket = 0;          // one for all its chunks
  std::vector<std::string> entries;  // as in SendTransition
};
struct ReadAlertLog {
  std::uint64_t after = 0;
  std::uint32_t limit = 0;
};
struct ReadAlerts {};
struct ReadStoredAlerts {};  // the node is gone from the host: what the store has of it
using AlertAction = std::variant<SendTransition, SendSnapshot, ReadAlertLog, ReadAlerts, ReadStoredAlerts>;

// A version that the cloud sent, and what came of it; for the log.
struct Comparison {
  enum class Outcome : std::uint8_t { skipped, equal, snapshot };
  Outcome outcome = Outcome::skipped;
  std::uint64_t cloud = 0;
  std::uint64_t local = 0;
};

class AlertSync {
 public:
  // `started`: when this process began to look at the host. Alerts that vanish within 30 s of it wait for the end of
  // these: an agent that starts removes its alerts and shows them again 10 s later.
  AlertSync(std::string machine_guid, StoredAlerts stored, ClockPair started);

  void online(ClockPair now);
  void offline();

  // From the cloud.
  void start_streaming(std::uint64_t version, ClockPair now);
  void checkpoint(std::uint64_t version, ClockPair now);

  // From the host: the log grew; and the answers to the Read actions.
  enum class ReadFailure : std::uint8_t { node_unknown, passing };
  void log_changed(ClockPair now);
  void log(host::AlertLog log, ClockPair now);
  void log_failed(ReadFailure why, ClockPair now);
  void alerts(std::vector<proto::Alert> alerts, ClockPair now);
  void alerts_failed(ReadFailure why, ClockPair now);
  void stored_alerts(std::vector<proto::Alert> alerts, ClockPair now);

  // What became of a message. For a snapshot once, with the worst of its chunks.
  void delivered(std::uint64_t ticket, mqtt::Delivery how, ClockPair now);

  // Does what is due; then next_due() says when to call again, nullopt = nothing is planned.
  void tick(ClockPair now);
  [[nodiscard]] std::optional<loop::Instant> next_due() const;
  [[nodiscard]] std::vector<AlertAction> take_actions();
  [[nodiscard]] std::vector<Change> take_changes();
  [[nodiscard]] std::vector<Comparison> take_comparisons();

  // For state.
  struct View {
    bool streaming = false;
    std::uint64_t version = 0;
    std::size_t submitted = 0;  // alerts that the cloud knows
    std::size_t pending = 0;
    std::size_t selected = 0;       // to be sent, or sent and not acknowledged
    std::uint64_t checkpoints = 0;  // compared since start
    std::uint64_t snapshots = 0;    // acknowledged since start
    std::uint64_t transitions = 0;  // acknowledged since start
    std::size_t remembered = 0;     // alerts that anything is kept of
  };
  [[nodiscard]] View view() const;
  [[nodiscard]] std::uint64_t version() const;
  // Has the cloud asked for transitions?
  [[nodiscard]] bool streaming() const { return streaming_ == Streaming::asked; }

 private:
  // How much is known of this node's alerts. What was there before us is sent by a snapshot, not as news.
  enum class Knowledge : std::uint8_t {
    nothing,     // the end of the log is looked for
    end_of_log,  // and the present alerts are
    all,
  };
  enum class Connection : std::uint8_t {
    offline,
    awaiting_cloud,  // online; the cloud, which streams, shall send its version first: until await_until_
    online,
  };
  // Has the cloud asked for transitions?
  enum class Streaming : std::uint8_t { never_asked, asked_before_restart, asked };
  // The Read action that is under way.
  enum class Reading : std::uint8_t { nothing, log, alerts };
  // A snapshot. From `needed` on only a snapshot makes the cloud right, also after a restart.
  enum class Stage : std::uint8_t {
    unneeded,
    needed,       // wanted as soon as transitions can be sent
    wanted,       // the alerts are read as soon as what is selected has gone
    reading,      // the alerts are being read
    sending,      // its chunks are on their way
    sending_old,  // and something was missed since it was read: another one is needed
  };
  // Of an alert that the cloud has: without the entry, which the store has.
  struct Submitted {
    proto::AlarmStatus status{};
    std::uint64_t version = 0;
    std::uint64_t log_id = 0;
  };
  struct Step {  // a transition in a slot
    proto::Alert alert;
    std::uint64_t order = 0;
    std::int64_t due_s = 0;  // wall clock: pending, or held back after a refusal, until then
    bool flying = false;     // sent on this connection, its PUBACK is awaited
  };
  struct Record {
    std::optional<Submitted> submitted;
    std::array<std::optional<Step>, 3> slots;
    std::optional<Step> &at(Slot s) { return slots[static_cast<std::size_t>(s)]; }
    [[nodiscard]] const std::optional<Step> &at(Slot s) const { return slots[static_cast<std::size_t>(s)]; }
  };
  // An agent links its alerts 10 s after its start, or later when it is busy.
  static constexpr std::chrono::seconds kSettles{30};
  static constexpr std::chrono::seconds kReadAgain{5};
  static constexpr std::int64_t kRefusedAgain = 60;  // s
  static constexpr std::int64_t kFullAgain = 1;      // s, not above kRefusedAgain

  void load(StoredAlerts stored);
  void put(const std::string &id, Slot slot, std::optional<Step> step);
  void submit(const proto::Alert &alert);
  void put_log();
  void missed();
  void learn(proto::Alert alert);
  void select(const std::string &id);
  void promote(ClockPair now);
  void publish(ClockPair now);
  void send(const std::string &id);
  void read(ClockPair now);
  void begin(std::vector<proto::Alert> alerts, ClockPair now);
  void compare(std::uint64_t version, ClockPair now);
  bool acknowledged_by(std::uint64_t version);
  void forget_unanswered();
  void snapshot(std::vector<proto::Alert> alerts, ClockPair now);
  void snapshot_again(loop::Instant at);
  void snapshot_delivered(mqtt::Delivery how, ClockPair now);
  void submit_all(std::vector<proto::Alert> alerts);
  void forget_empty();
  [[nodiscard]] static bool is_due(std::int64_t due_s, std::int64_t longest, ClockPair now);
  [[nodiscard]] bool drained(ClockPair now) const;
  [[nodiscard]] bool snapshot_possible(ClockPair now) const;
  [[nodiscard]] bool may_send() const { return connection_ == Connection::online && streaming(); }
  [[nodiscard]] bool sending_snapshot() const { return stage_ == Stage::sending || stage_ == Stage::sending_old; }
  [[nodiscard]] bool frozen() const { return stage_ == Stage::reading || sending_snapshot(); }

  const std::string machine_guid_;
  const ClockPair started_;
  Knowledge knowledge_;
  std::map<std::string, Record, std::less<>> records_;
  std::set<std::string, std::less<>> pending_;  // alerts with something pending
  std::vector<std::string> emptied_;            // alerts that lost something: perhaps nothing is left of them
  std::map<std::uint64_t, std::string> queue_;  // order -> alert: what is waiting or sent
  std::uint64_t next_order_ = 1;

  Connection connection_ = Connection::offline;
  loop::Instant await_until_{};
  Streaming streaming_ = Streaming::never_asked;
  std::optional<std::uint64_t> asked_;  // a version that came before all was known here

  std::uint64_t last_log_id_ = 0;  // the log was read up to here
  bool log_grown_ = true;          // since the last ReadAlertLog, or because of what that brought
  Reading reading_ = Reading::nothing;
  std::optional<loop::Instant> read_again_at_;

  Stage stage_ = Stage::unneeded;
  std::optional<loop::Instant> snapshot_at_;  // not before
  std::vector<proto::Alert> snapshot_;        // what was read for it
  std::uint64_t snapshot_ticket_ = 0;

  loop::Instant window_{};  // of the 50 transitions that a second may have
  unsigned in_window_ = 0;

  ClockPair now_;  // of the last tick
  std::uint64_t next_ticket_ = 1;
  std::map<std::uint64_t, std::string> tickets_;  // of transitions on their way
  std::uint64_t checkpoints_ = 0, snapshots_ = 0, transitions_ = 0;
  std::vector<AlertAction> actions_;
  std::vector<Change> changes_;
  std::vector<Comparison> comparisons_;
};

}  // namespace aclk::sync
