// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the state machines of aclk/sync have in common: the time that they are given, what is remembered over restarts,
// as rows, and the changes of those rows that they ask for. Nothing here does anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "aclk/loop/clock.h"
#include "proto/alarms.h"

namespace aclk::sync {

// Now, on both clocks: waits go by the monotonic one, messages carry the wall clock.
struct ClockPair {
  loop::Instant at;
  std::int64_t wall_us = 0;

  [[nodiscard]] std::int64_t wall_s() const { return wall_us / 1'000'000; }
};

[[nodiscard]] inline ClockPair moment() { return {loop::now(), loop::wall_us()}; }

// The earlier of both; `due` may be none yet.
inline void sooner(std::optional<loop::Instant> &due, loop::Instant at) {
  if (!due || at < *due) due = at;
}

// A node that the cloud has given an id to, under one claim: ids belong to (claim id, machine guid).
struct StoredNode {
  std::string machine_guid;
  std::string node_id;
  std::string hostname;
  std::int32_t hops = 0;
};

// The hub copy of a context: what was sent of it last (aclk/sync/README.md, "Contexts").
struct StoredContext {
  std::uint64_t version = 0;
  std::uint64_t first_s = 0;
  std::uint64_t last_s = 0;  // 0 = being collected
  std::uint64_t print = 0;   // hash of its texts and priority

  bool operator==(const StoredContext &) const = default;
};

// How far a node's alert log has been read, and what the cloud wants of it.
struct StoredAlertLog {
  std::uint64_t last_log_id = 0;
  bool streaming = false;  // the cloud has asked for transitions
  bool resync = false;     // something was missed: only a snapshot makes the cloud right

  bool operator==(const StoredAlertLog &) const = default;
};

// Where a transition is on its way to the cloud. An alert has at most one in each slot.
enum class Slot : std::uint8_t {
  pending = 0,  // not due yet; a newer one takes its place
  waiting = 1,  // selected to be sent; a newer one takes its place
  sent = 2,     // was published and is published again until its PUBACK has come
};

struct StoredTransition {
  proto::Alert alert;  // read back from the store: without when_s and status, which are in its entry
  Slot slot = Slot::pending;
  std::uint64_t order = 0;  // of selection; 0 while pending
  std::int64_t due_s = 0;   // wall clock
};

struct PutNode {
  std::string claim_id;
  StoredNode node;
};
struct PutContext {
  std::string node_id;
  std::string id;
  StoredContext context;
};
struct DropContext {
  std::string node_id;
  std::string id;
};
struct PutAlertLog {
  std::string machine_guid;
  StoredAlertLog log;
};
struct PutAlert {
  std::string machine_guid;
  proto::Alert alert;  // its last submitted transition: what the cloud has of it
};
struct DropAlert {
  std::string machine_guid;
  std::string alert_id;
};
struct PutTransition {
  std::string machine_guid;
  StoredTransition transition;
};
struct DropTransition {
  std::string machine_guid;
  std::string alert_id;
  Slot slot = Slot::pending;
};
// The last of some times that only rise (aclk/sync/README.md, "Times that only rise"). A lower one changes nothing.
struct PutLastTime {
  std::string node_id;  // of created_at in its messages about contexts; empty = session ids
  std::int64_t us = 0;
};

using Change = std::variant<PutNode, PutContext, DropContext, PutAlertLog, PutAlert, DropAlert, PutTransition,
                            DropTransition, PutLastTime>;

// Names the row that a change is about: of two changes with one key only the later one counts.
[[nodiscard]] std::string row_of(const Change &change);

// Lambdas as one function object: splits a Change by its type.
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;  // clang 14 does not deduce aggregates

}  // namespace aclk::sync
