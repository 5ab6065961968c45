// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/contexts/contexts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "claim/base/uuid.h"

namespace aclk::sync {
namespace {

constexpr std::size_t kFlying = 16;

}  // namespace

Contexts::Contexts(uv_loop_t &loop, const host::Log &log, host::Reader &reader, WriteBehindStore &store,
                   const NodeSync &nodes, PublishFn publish)
    : log_(log), reader_(reader), store_(store), nodes_(nodes), publish_(std::move(publish)), timer_(loop) {}

void Contexts::online(std::size_t max_payload) {
  max_payload_ = max_payload;
  forget_strangers();
  for (auto &[guid, e] : entries_) {
    e.sync.online(max_payload, moment());
    run(guid, e);
  }
}

void Contexts::offline() {
  max_payload_.reset();
  flying_ = 0;
  for (auto &[guid, e] : entries_) {
    e.sync.offline();
    run(guid, e);
  }
}

Contexts::Entry *Contexts::find(std::string_view claim_id, std::string_view node_id, std::string_view what,
                                std::string *guid) {
  if (parse_uuid(claim_id) != store_.claim_id()) {
    if (refused_log_.allow(loop::now()))
      log_.warning("RRDCONTEXT: received {} for claim id '{}', which is not ours. Ignoring message", what,
                   claim_id.substr(0, 64));
    return nullptr;
  }
  const auto id = parse_uuid(node_id);
  const auto *const node = id ? nodes_.by_node_id(*id) : nullptr;
  if (node == nullptr) {
    if (refused_log_.allow(loop::now()))
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
    (void)store_.commit();
    it =
        entries_.try_emplace(*guid, log_, store_.claim_id(), *id, ++lives_, store_.contexts(*id), store_.last_time(*id))
            .first;
    if (max_payload_) it->second.sync.online(*max_payload_, moment());
  }
  return &it->second;
}

void Contexts::checkpoint(const proto::ContextsCheckpoint &m) {
  ever_asked_ = true;
  std::string guid;
  auto *const e = find(m.claim_id, m.node_id, "a checkpoint", &guid);
  if (e == nullptr) return;
  const auto *const node = nodes_.by_machine_guid(guid);
  const auto &hostname = node == nullptr ? guid : node->hostname;
  e->sync.call_it(hostname);
  if (e->lines.allow(loop::now()))
    log_.access(NACLK_LOG_DEBUG, fmt::format("ACLK REQ [{} ({})]: STREAM CONTEXTS ENABLED", e->node_id, hostname));
  e->sync.checkpoint(m.version_hash, moment());
  run(guid, *e);
}

void Contexts::stop_streaming(const proto::StopStreamingContexts &m) {
  if (!ever_asked_) {
    if (refused_log_.allow(loop::now()))
      log_.error(
          "Received StopStreamingContexts message but context based communication was not enabled  (Cloud violated the "
          "protocol). Ignoring message");
    return;
  }
  std::string guid;
  auto *const e = find(m.claim_id, m.node_id, "a stop streaming request", &guid);
  if (e == nullptr) return;
  if (!e->sync.stop_streaming() && e->lines.allow(loop::now()))
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
  forget_strangers();
  for (auto &[guid, e] : entries_) {
    if (!machine_guid.empty() && machine_guid != guid) continue;
    e.sync.changed();
    run(guid, e);
  }
}

Contexts::Entry *Contexts::asked_by(const Reading &r) {
  const auto it = entries_.find(r.guid);
  return it != entries_.end() && it->second.life == r.life ? &it->second : nullptr;
}

void Contexts::forget_strangers() {
  std::erase_if(entries_, [&](const auto &e) { return nodes_.node_id_of(e.first) != e.second.node_id; });
}

void Contexts::run(const std::string &guid, Entry &e) {
  e.sync.tick(moment());
  store_.add(e.sync.take_changes());
  for (const auto &note : e.sync.take_notes())
    if (e.lines.allow(loop::now())) log_.notice("RRDCONTEXT: {}", note);
  if (e.sync.take_read_request()) to_read_.push_back({guid, e.life});
  if (auto m = e.sync.take_message()) {
    ++flying_;
    publish_(m->type, std::move(m->payload),
             [this, of = Reading{guid, e.life}, alive = std::weak_ptr(alive_)](mqtt::Delivery how) {
               if (alive.expired()) return;
               if (flying_ > 0) --flying_;
               auto *const entry = asked_by(of);
               if (entry == nullptr) return read_next();
               entry->sync.delivered(how, moment());
               run(of.guid, *entry);
             });
  }
  e.due = e.sync.next_due();
  read_next();
  arm();
}

void Contexts::read_next() {
  // Half of what can be read at once: alerts do not wait for this.
  const auto most = std::max<std::size_t>(1, reader_.at_once() / 2);
  while (!to_read_.empty() && reading_ < most && flying_ < kFlying) {
    const auto next = std::move(to_read_.front());
    to_read_.pop_front();
    if (asked_by(next) != nullptr) read(next);
  }
}

void Contexts::read(const Reading &what) {
  ++reading_;
  reader_.read(host::NodeContexts{{what.guid}, {}}, [this, what](Result<std::vector<proto::ContextUpdated>> result) {
    --reading_;
    if (auto *const e = asked_by(what)) {
      if (result) {
        e->sync.reading(std::move(*result), moment());
      } else {
        log_.debug("{}", result.error().what);
        e->sync.reading_failed(moment());
      }
      run(what.guid, *e);
    }
    read_next();
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
