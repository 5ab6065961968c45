// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/alerts/alerts.h"

#include <algorithm>
#include <utility>

#include "aclk/sync/store/records.h"
#include "claim/base/uuid.h"

namespace aclk::sync {

using mqtt::Delivery;
using proto::MessageType;

namespace {

constexpr std::size_t kChunk = 1000;           // alerts in a message (aclk/sync/README.md, "Alerts")
constexpr std::size_t kChunkBytes = 4U << 20;  // so that no chunk is long in the way of others
constexpr std::size_t kElement = 8;            // at most, of a field's number and length in a chunk

std::size_t count_of(const host::AlertLog &log) { return log.entries.size(); }
std::size_t count_of(const std::vector<proto::Alert> &alerts) { return alerts.size(); }

}  // namespace

Alerts::Alerts(uv_loop_t &loop, const host::Host &host, const host::Log &log, host::Reader &reader,
               WriteBehindStore &store, const NodeSync &nodes, PublishFn publish)
    : host_(host),
      log_(log),
      reader_(reader),
      store_(store),
      nodes_(nodes),
      publish_(std::move(publish)),
      timer_(loop) {}

Alerts::Entry &Alerts::entry(const std::string &guid) {
  const auto it = entries_.find(guid);
  return it != entries_.end() ? it->second : entries_.try_emplace(guid, log_, guid, store_.alerts(guid)).first->second;
}

const host::Node *Alerts::node_of(std::string_view node_id) const {
  const auto id = parse_uuid(node_id);
  return id ? nodes_.by_node_id(*id) : nullptr;
}

void Alerts::online(std::size_t max_payload) {
  max_payload_ = max_payload;
  for (auto &[guid, e] : entries_) {
    e.sync.online(moment());
    run(guid, e);
  }
}

void Alerts::offline() {
  max_payload_.reset();
  for (auto &[guid, e] : entries_) {
    e.chunks.reset();
    e.sync.offline();
    run(guid, e);
  }
}

void Alerts::listed(const std::vector<host::Node> &nodes) {
  for (const auto &n : nodes) {
    if (entries_.contains(n.machine_guid)) continue;
    auto &e = entry(n.machine_guid);
    if (max_payload_) e.sync.online(moment());
    run(n.machine_guid, e);
  }
}

void Alerts::host_event(std::uint32_t kind, std::string_view machine_guid) {
  if (kind != NACLK_EVENT_ALERTS) return;
  for (auto &[guid, e] : entries_) {
    if (!machine_guid.empty() && machine_guid != guid) continue;
    e.sync.log_changed(moment());
    run(guid, e);
  }
}

// -------------------------------------------------------------------------------------------------- from the cloud

void Alerts::start_streaming(const proto::StartAlarmStreaming &m) {
  const auto *const node = node_of(m.node_id);
  const auto shown = m.node_id.substr(0, 64);
  if (node == nullptr || !node->health_enabled) {
    if (refused_log_.allow(loop::now()))
      log_.access(NACLK_LOG_NOTICE,
                  fmt::format("ACLK STA [{} (N/A)]: Ignoring request to stream alert state changes, {}.", shown,
                              node == nullptr ? "invalid node" : "health is disabled"));
    return;
  }
  auto &e = entry(node->machine_guid);
  if (e.lines.allow(loop::now()))
    log_.access(NACLK_LOG_DEBUG, fmt::format("ACLK REQ [{} ({})]: STREAM ALERTS ENABLED", shown, node->hostname));
  e.sync.start_streaming(m.version, moment());
  run(node->machine_guid, e);
}

void Alerts::checkpoint(const proto::SendAlarmCheckpoint &m) { check_version(m.node_id, m.claim_id, m.version); }
void Alerts::snapshot(const proto::SendAlarmSnapshot &m) { check_version(m.node_id, m.claim_id, 0); }

void Alerts::check_version(std::string_view node_id, std::string_view claim_id, std::uint64_t version) {
  const auto line = [&](std::string_view why) {
    if (!refused_log_.allow(loop::now())) return;
    log_.access(NACLK_LOG_NOTICE, fmt::format("ACLK REQ [{} (N/A)]: ALERTS CHECKPOINT VALIDATION REQUEST RECEIVED {}",
                                              node_id.substr(0, 64), why));
  };
  if (parse_uuid(claim_id) != store_.claim_id()) return line("WITH INVALID CLAIM ID");
  const auto *const node = node_of(node_id);
  if (node == nullptr) return line("FOR INVALID NODE");
  auto &e = entry(node->machine_guid);
  e.sync.checkpoint(version, moment());
  run(node->machine_guid, e);
}

void Alerts::configuration(const proto::SendAlarmConfiguration &m) {
  const auto hash = parse_uuid(m.config_hash);
  if (!hash)
    return log_.debug("the cloud asks for an alert definition by \"{}\", which is no UUID",
                      m.config_hash.substr(0, 64));
  if (!definitions_.begin(*hash, loop::now())) return;
  reader_.read(host::AlertDefinition{*hash, {}}, [this, hash = *hash](Result<proto::AlarmConfiguration> config) {
    // Only what is not there is not asked for again at once; a host that was away may have it in a second.
    const bool missing = !config && config.error().code == Errc::not_found;
    definitions_.ended(hash, missing ? LookUps::End::not_there : LookUps::End::may_be_asked_again, loop::now());
    if (config) {
      publish_(MessageType::provide_alarm_configuration,
               proto::encode(proto::ProvideAlarmConfiguration{hash, std::move(*config)}), {});
      return log_.access(NACLK_LOG_DEBUG, fmt::format("ACLK RES: ALERT CONFIG SENT for {}", hash));
    }
    if (!missing_log_.allow(loop::now())) return;
    const auto *const node = nodes_.by_machine_guid(host_.identity().machine_guid);
    log_.access(NACLK_LOG_WARNING, fmt::format("ACLK STA [{} ({})]: Alert config for {} not found.",
                                               nodes_.node_id_of(host_.identity().machine_guid),
                                               node == nullptr ? host_.identity().hostname : node->hostname, hash));
  });
}

void Alerts::tell(const std::string &guid, Entry &e, const Comparison &c) const {
  if (c.outcome != Comparison::Outcome::equal && !e.lines.allow(loop::now())) return;
  const auto *const node = nodes_.by_machine_guid(guid);
  const auto hostname = node == nullptr ? std::string("unknown") : node->hostname;
  const auto node_id = nodes_.node_id_of(guid);
  using Outcome = Comparison::Outcome;
  if (c.outcome == Outcome::skipped)
    log_.access(NACLK_LOG_NOTICE,
                fmt::format("ACLK STA [{} ({})]: Cloud requested to skip alert version verification for host \"{}\", "
                            "node \"{}\"",
                            node_id, hostname, hostname, node_id));
  else if (c.outcome == Outcome::snapshot)
    log_.access(
        NACLK_LOG_NOTICE,
        fmt::format("ACLK STA [{} ({})]: Scheduling alert snapshot for host \"{}\", node \"{}\" (version: cloud "
                    "{}, local {})",
                    node_id, hostname, hostname, node_id, c.cloud, c.local));
  else
    log_.debug("alert version of host \"{}\" is that of the cloud: {}", hostname, c.local);
}

void Alerts::tell_read(const std::string &guid, const Entry &e, std::size_t entries) const {
  if (entries == 0) return;
  const auto *const node = nodes_.by_machine_guid(guid);
  const auto view = e.sync.view();
  log_.access(NACLK_LOG_DEBUG,
              fmt::format("ACLK STA [{} (N/A)]: Processed {} entries, queued {}",
                          node == nullptr ? guid : node->hostname, entries, view.pending + view.selected));
}

// From the first to the last of a batch, by the numbers that its transitions have among all of this run.
void Alerts::tell_sent(const std::string &guid, const std::vector<AlertAction> &actions) const {
  std::optional<std::uint64_t> first;
  std::uint64_t last = 0;
  for (const auto &a : actions)
    if (const auto *const t = std::get_if<SendTransition>(&a)) {
      if (!first) first = t->ticket;
      last = t->ticket;
    }
  if (!first) return;
  const auto *const node = nodes_.by_machine_guid(guid);
  log_.access(NACLK_LOG_DEBUG, fmt::format("ACLK RES [{} ({})]: ALERTS SENT from {} - {}", nodes_.node_id_of(guid),
                                           node == nullptr ? "unknown" : node->hostname, *first, last));
}

// ------------------------------------------------------------------------------------------------------- decisions

void Alerts::run(const std::string &guid, Entry &e) {
  e.sync.tick(moment());
  for (auto actions = e.sync.take_actions();; actions = e.sync.take_actions()) {
    store_.add(e.sync.take_changes());
    for (const auto &c : e.sync.take_comparisons()) tell(guid, e, c);
    if (actions.empty()) break;
    const auto leaves = [](const AlertAction &a) {
      return std::holds_alternative<SendTransition>(a) || std::holds_alternative<SendSnapshot>(a);
    };
    // First into the store, then out. If it cannot be written it is sent all the same: late is worse than twice.
    if (std::ranges::any_of(actions, leaves)) (void)store_.commit();
    tell_sent(guid, actions);
    for (auto &a : actions) act(guid, e, a);
  }
  e.due = e.sync.next_due();
  read_next();
  arm();
}

void Alerts::act(const std::string &guid, Entry &e, AlertAction &action) {
  std::visit(Overloaded{
                 [&](const SendTransition &t) { send(guid, t); },
                 [&](SendSnapshot &s) { send(guid, e, std::move(s)); },
                 [&](const ReadAlertLog &r) {
                   to_read_.push_back({guid, r});
                 },
                 [&](const ReadAlerts &) {
                   to_read_.push_back({guid, std::nullopt});
                 },
                 [&](const ReadStoredAlerts &) { e.sync.stored_alerts(store_.told_alerts(guid), moment()); },
             },
             action);
}

void Alerts::delivered(const std::string &guid, std::uint64_t ticket, Delivery how) {
  const auto it = entries_.find(guid);
  if (it == entries_.end()) return;
  it->second.sync.delivered(ticket, how, moment());
  if (how == Delivery::lost) return;  // the end of the connection is told next
  run(guid, it->second);
  // Who knows that the broker refused one, and that it did not arrive, must not forget it in a crash: the cloud's next
  // version is read as "everything published up to here".
  if (how != Delivery::acked) (void)store_.commit();
}

void Alerts::send(const std::string &guid, const SendTransition &t) {
  publish_(MessageType::alarm_log_entry, identity_of(guid) + t.entry,
           [this, guid, ticket = t.ticket, alive = std::weak_ptr(alive_)](Delivery how) {
             if (!alive.expired()) delivered(guid, ticket, how);
           });
}

std::string Alerts::identity_of(const std::string &guid) const {
  return proto::alert_identity(nodes_.node_id_of(guid), store_.claim_id());
}

void Alerts::send(const std::string &guid, Entry &e, SendSnapshot s) {
  Chunks c{.ticket = s.ticket, .entries = std::move(s.entries), .ends = {}, .sent = 0, .uuid = random_uuid()};
  const auto around = identity_of(guid).size() + kElement;
  const auto room = std::min(kChunkBytes, max_payload_.value_or(kChunkBytes));
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < c.entries.size(); ++i) {
    const auto size = c.entries[i].size() + around;
    if (count == kChunk || (count > 0 && bytes + size > room)) {
      c.ends.push_back(i);
      bytes = count = 0;
    }
    bytes += size;
    ++count;
  }
  // With no alerts at all there is one chunk with nothing in it: the cloud learns that there are none.
  c.ends.push_back(c.entries.size());
  e.chunks = std::move(c);
  next_chunk(guid, e);
}

void Alerts::next_chunk(const std::string &guid, Entry &e) {
  auto &c = *e.chunks;
  proto::AlarmSnapshot m;
  m.node_id = nodes_.node_id_of(guid);
  m.claim_id = store_.claim_id();
  m.snapshot_uuid = c.uuid;
  m.chunks = static_cast<std::uint32_t>(c.ends.size());
  const auto from = c.sent == 0 ? 0 : c.ends[c.sent - 1];
  const auto identity = identity_of(guid);
  for (auto i = from; i < c.ends[c.sent]; ++i) m.alarms.push_back(identity + c.entries[i]);
  m.chunk_size = static_cast<std::uint32_t>(m.alarms.size());
  m.chunk = static_cast<std::uint32_t>(++c.sent);
  publish_(MessageType::alarm_snapshot, proto::encode(m),
           [this, guid, ticket = c.ticket, alive = std::weak_ptr(alive_)](Delivery how) {
             if (alive.expired()) return;
             const auto it = entries_.find(guid);
             if (it == entries_.end() || !it->second.chunks || it->second.chunks->ticket != ticket) return;
             auto &chunks = it->second.chunks;
             if (how == Delivery::acked && chunks->sent < chunks->ends.size()) return next_chunk(guid, it->second);
             chunks.reset();
             delivered(guid, ticket, how);
           });
}

template <class T>
void Alerts::read_ended(const std::string &guid, Result<T> result, void (AlertSync::*ok)(T, ClockPair),
                        void (AlertSync::*failed)(AlertSync::ReadFailure, ClockPair)) {
  --reading_;
  const auto it = entries_.find(guid);
  if (it == entries_.end()) return read_next();
  if (result) {
    const auto entries = count_of(*result);
    (it->second.sync.*ok)(std::move(*result), moment());
    tell_read(guid, it->second, entries);
  } else {
    log_.debug("{}", result.error().what);
    (it->second.sync.*failed)(
        result.error().code == Errc::not_found ? AlertSync::ReadFailure::node_unknown : AlertSync::ReadFailure::passing,
        moment());
  }
  run(guid, it->second);
}

void Alerts::read_next() {
  while (!to_read_.empty() && reading_ < reader_.at_once()) {
    const auto next = std::move(to_read_.front());
    to_read_.pop_front();
    ++reading_;
    if (next.log) {
      reader_.read(host::AlertLogReading{{next.guid}, next.log->after, next.log->limit, {}, {}},
                   [this, guid = next.guid](Result<host::AlertLog> r) {
                     read_ended(guid, std::move(r), &AlertSync::log, &AlertSync::log_failed);
                   });
    } else {
      reader_.read(host::ActiveAlerts{{next.guid}, {}}, [this, guid = next.guid](Result<std::vector<proto::Alert>> r) {
        read_ended(guid, std::move(r), &AlertSync::alerts, &AlertSync::alerts_failed);
      });
    }
  }
}

void Alerts::arm() {
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

bool Alerts::wanted() const {
  return std::ranges::any_of(entries_, [](const auto &e) { return e.second.sync.streaming(); });
}

std::optional<AlertSync::View> Alerts::view(std::string_view machine_guid) const {
  const auto it = entries_.find(machine_guid);
  return it == entries_.end() ? std::nullopt : std::optional(it->second.sync.view());
}

}  // namespace aclk::sync
