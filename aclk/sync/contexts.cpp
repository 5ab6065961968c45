// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/contexts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "claim/base/uuid.h"

namespace aclk::sync {
namespace {

constexpr std::size_t kReadings = 2;
constexpr std::size_t kFlying = 16;

}  // namespace

Contexts::Contexts(uv_loop_t &loop, const host::Host &host, const host::Log &log, loop::WorkerPool &workers,
                   Ledger &ledger, const NodeSync &nodes, PublishFn publish)
    : host_(host),
      log_(log),
      workers_(workers),
      ledger_(ledger),
      nodes_(nodes),
      publish_(std::move(publish)),
      timer_(loop) {}

void Contexts::online(std::size_t max_payload) {
  max_payload_ = max_payload;
  for (auto &[guid, e] : entries_) {
    e.sync.online(max_payload, moment());
    run(guid, e);
  }
}

void Contexts::offline() {
  max_payload_.reset();
  to_read_.clear();
  flying_ = 0;
  for (auto &[guid, e] : entries_) {
    e.sync.offline();
    run(guid, e);
  }
}

Contexts::Entry *Contexts::find(std::string_view claim_id, std::string_view node_id, std::string_view what,
                                std::string *guid) {
  if (parse_uuid(claim_id) != ledger_.claim_id()) {
    log_.warning("RRDCONTEXT: received {} for claim id '{}', which is not ours. Ignoring message", what,
                 claim_id.substr(0, 64));
    return nullptr;
  }
  const auto id = parse_uuid(node_id);
  const auto *const node = id ? nodes_.by_node_id(*id) : nullptr;
  if (node == nullptr) {
    log_.warning("RRDCONTEXT: received {} for node id '{}', which is not one of ours. Ignoring message", what,
                 node_id.substr(0, 64));
    return nullptr;
  }
  *guid = node->machine_guid;
  auto it = entries_.find(*guid);
  if (it != entries_.end() && it->second.node_id != *id) {
    entries_.erase(it);  // the cloud has registered the node anew
    it = entries_.end();
  }
  if (it == entries_.end()) {
    (void)ledger_.commit();
    it = entries_.try_emplace(*guid, ledger_.claim_id(), *id, ledger_.contexts(*id)).first;
    if (max_payload_) it->second.sync.online(*max_payload_, moment());
  }
  return &it->second;
}

void Contexts::checkpoint(const proto::ContextsCheckpoint &m) {
  ever_asked_ = true;
  std::string guid;
  auto *const e = find(m.claim_id, m.node_id, "a checkpoint", &guid);
  if (e == nullptr) return;
  e->sync.checkpoint(m.version_hash, moment());
  run(guid, *e);
}

void Contexts::stop_streaming(const proto::StopStreamingContexts &m) {
  if (!ever_asked_)
    return log_.error(
        "Received StopStreamingContexts message but context based communication was not enabled  (Cloud violated the "
        "protocol). Ignoring message");
  std::string guid;
  auto *const e = find(m.claim_id, m.node_id, "a stop streaming request", &guid);
  if (e == nullptr) return;
  if (!e->sync.stop_streaming())
    log_.notice(
        "RRDCONTEXT: received a stop streaming request for node '{}', but it is not streaming. Ignoring message",
        e->node_id);
  run(guid, *e);
}

bool Contexts::wanted() const {
  return std::ranges::any_of(entries_, [](const auto &e) { return e.second.sync.wanted(); });
}

void Contexts::host_event(std::uint32_t kind, std::string_view machine_guid) {
  if (kind != NACLK_EVENT_CONTEXTS) return;
  for (auto &[guid, e] : entries_) {
    if (!machine_guid.empty() && machine_guid != guid) continue;
    e.sync.changed();
    run(guid, e);
  }
}

void Contexts::run(const std::string &guid, Entry &e) {
  e.sync.tick(moment());
  ledger_.add(e.sync.take_changes());
  for (const auto &note : e.sync.take_notes()) log_.notice("RRDCONTEXT: {}", note);
  if (e.sync.take_wish()) to_read_.push_back(guid);
  if (auto m = e.sync.take_message()) {
    ++flying_;
    publish_(m->topic, std::move(m->payload),
             [this, guid, node_id = e.node_id, alive = std::weak_ptr(alive_)](transport::Delivery how) {
               if (alive.expired()) return;
               if (flying_ > 0) --flying_;
               const auto it = entries_.find(guid);
               if (it == entries_.end() || it->second.node_id != node_id) return;
               it->second.sync.delivered(how, moment());
               run(guid, it->second);
             });
  }
  e.due = e.sync.next_due();
  read_next();
  arm();
}

void Contexts::read_next() {
  while (!to_read_.empty() && reading_ < kReadings && flying_ < kFlying) {
    const auto guid = std::move(to_read_.front());
    to_read_.pop_front();
    read(guid);
  }
}

// The pool's results never come back once it is stopped, and it is stopped before this object goes.
void Contexts::read(const std::string &guid) {
  ++reading_;
  workers_.run([this, guid]() -> loop::WorkerPool::Done {
    auto result = host_.contexts(guid);
    return [this, guid, result = std::move(result)]() mutable {
      --reading_;
      if (const auto it = entries_.find(guid); it != entries_.end()) {
        if (result) {
          it->second.sync.reading(std::move(*result), moment());
        } else {
          log_.debug("{}", result.error().what);
          it->second.sync.reading_failed(moment());
        }
        run(guid, it->second);
      }
      read_next();
    };
  });
}

void Contexts::arm() {
  std::optional<loop::Instant> due;
  for (const auto &[guid, e] : entries_)
    if (e.due) sooner(due, *e.due);
  if (!due) return timer_.stop();
  timer_.start(std::chrono::ceil<std::chrono::milliseconds>(*due - loop::now()), [this] {
    std::vector<std::string> ready;
    for (const auto &[guid, e] : entries_)
      if (e.due && *e.due <= loop::now()) ready.push_back(guid);
    for (const auto &guid : ready)
      if (const auto it = entries_.find(guid); it != entries_.end()) run(guid, it->second);
    arm();
  });
}

}  // namespace aclk::sync
