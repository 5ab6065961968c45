// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/nodes/node_sync.h"

#include <algorithm>
#include <utility>

#include "claim/base/uuid.h"

namespace aclk::sync {

using namespace std::chrono_literals;
using proto::MessageType;

namespace {

constexpr auto kStateAfterCreation = 1'000ms;
constexpr auto kStateAfterInfo = 10s;
constexpr auto kCollectorsAfterInfo = 30s;
constexpr auto kInfoSettles = 30s;  // changes of labels come in bursts
constexpr auto kChildConnected = 300ms;
constexpr auto kWhileReplicating = 5s;
constexpr std::size_t kStateBurst = 4;  // changes of state told at once,
constexpr auto kStateBurstTime = 20s;   // in this time
constexpr auto kAskHostAgain = 5s;
constexpr auto kInfoFills = 5s;
constexpr auto kInfoAgain = 1s;

bool is_known(const std::string &s) { return !s.empty() && s != "unknown" && s != "0"; }

// Does it say of the machine all that nearly every one has?
bool is_filled(const proto::NodeInfo &i) {
  return i.cpus != 0 && is_known(i.kernel_name) && is_known(i.kernel_version) && is_known(i.architecture) &&
         is_known(i.memory) && is_known(i.disk_space) && is_known(i.virtualization_type) && is_known(i.container_type);
}

// How the wire says that something is not known (proto/README.md, "Node facts").
void name_unknown(proto::NodeInfo &i) {
  for (auto *number : {&i.cpu_frequency, &i.memory, &i.disk_space})
    if (number->empty()) *number = "0";
  for (auto *word : {&i.virtualization_type, &i.container_type})
    if (word->empty()) *word = "unknown";
}

}  // namespace

NodeSync::NodeSync(std::string claim_id, host::Capabilities agent, const std::vector<StoredNode> &stored)
    : claim_id_(std::move(claim_id)), agent_(std::move(agent)) {
  for (const auto &s : stored) {
    Record r;
    r.node.machine_guid = s.machine_guid;
    r.node.hostname = s.hostname;
    r.node.hops = s.hops;
    r.node.local = s.hops == 0;
    r.node_id = s.node_id;
    order_.push_back(s.machine_guid);
    records_.emplace(s.machine_guid, std::move(r));
  }
}

NodeSync::Record *NodeSync::find(std::string_view guid) {
  const auto it = records_.find(guid);
  return it == records_.end() ? nullptr : &it->second;
}

void NodeSync::online(std::int64_t session_us) {
  session_us_ = session_us;
  phase_ = Phase::connected;
  for (auto &[guid, r] : records_) r.told = Told::nothing;
}

void NodeSync::offline() {
  phase_ = Phase::offline;
  // What was due is repaired by the answer to the next SendNodeInstances; info and collectors stay due.
  for (auto &[guid, r] : records_) r.state_due.reset();
}

void NodeSync::lost(MessageType type, std::string_view machine_guid, ClockPair now) {
  auto *const r = find(machine_guid);
  if (r == nullptr) return;
  if (type == MessageType::update_node_info) sooner(r->info_due, now.at);
  if (type == MessageType::update_node_collectors) sooner(r->collectors_due, now.at);
}

void NodeSync::send_node_instances() {
  if (phase_ == Phase::offline) return;
  phase_ = Phase::asked;
  nodes_changed();
}

void NodeSync::nodes_changed() {
  if (listing_ != Listing::none) {
    listing_ = Listing::under_way_and_stale;
    return;
  }
  listing_ = Listing::under_way;
  list_due_.reset();
  actions_.emplace_back(FetchNodes{});
}

void NodeSync::nodes_failed(ClockPair now) {
  listing_ = Listing::none;
  list_due_ = now.at + kAskHostAgain;
}

void NodeSync::nodes(const std::vector<host::Node> &listed, ClockPair now) {
  const bool stale = std::exchange(listing_, Listing::none) == Listing::under_way_and_stale;
  std::vector<std::string> order;
  for (auto &[guid, r] : records_) r.listed = false;
  for (const auto &n : listed) {
    order.push_back(n.machine_guid);
    auto [it, fresh] = records_.try_emplace(n.machine_guid);
    auto &r = it->second;
    r.listed = true;
    if (fresh || r.node.machine_guid != n.machine_guid || r.node.capabilities.empty()) {
      // First seen since start: everything about it is news.
      r.node = n;
      sooner(r.info_due, now.at);
      if (phase_ == Phase::answered) r.state_due = now.at + kChildConnected;
    } else {
      compare(r, n, now);
      if (phase_ != Phase::offline && r.told == Told::not_queryable) sooner(r.state_due, now.at + kStateAfterCreation);
    }
  }
  for (auto &[guid, r] : records_) {
    if (r.listed || std::find(order.begin(), order.end(), guid) != order.end()) continue;
    order.push_back(guid);
    vanished(r, now);
  }
  order_ = std::move(order);
  if (phase_ == Phase::asked) {
    phase_ = Phase::answered;
    announce_all(now);
  }
  if (stale) nodes_changed();
  tick(now);
}

// The host shows it no more.
void NodeSync::vanished(Record &r, ClockPair now) {
  r.node.live = r.node.replicating = false;
  if (phase_ != Phase::offline && r.told == Told::queryable) sooner(r.state_due, now.at);
}

// aclk/sync/README.md, "Children and virtual nodes"
void NodeSync::compare(Record &r, const host::Node &now_is, ClockPair now) {
  const auto before = std::exchange(r.node, now_is);
  if (before == now_is) return;
  const bool came = now_is.live && !before.live;
  if (came || now_is.hostname != before.hostname) sooner(r.info_due, now.at);
  if (phase_ == Phase::offline) return;  // the answer to the next SendNodeInstances tells it
  auto due = now.at + (came ? kChildConnected : before.live && !now_is.live ? 0ms : kStateAfterCreation);
  // One that comes and goes all the time is told of once in a while, as it is then.
  if (r.told_at.size() == kStateBurst) due = std::max(due, r.told_at.front() + kStateBurstTime);
  sooner(r.state_due, due);
}

void NodeSync::announce_all(ClockPair now) {
  for (const auto &guid : order_) {
    auto &r = *find(guid);
    if (r.node_id.empty()) {
      create(r);
      continue;
    }
    state(r, now);
    if (r.node.replicating) sooner(r.state_due, now.at + kWhileReplicating);  // told when it is done
  }
}

void NodeSync::create(const Record &r) {
  if (!r.listed) return;  // gone before the cloud heard of it
  proto::CreateNodeInstance m;
  m.claim_id = claim_id_;
  m.machine_guid = r.node.machine_guid;
  m.hostname = r.node.hostname;
  m.hops = r.node.hops;
  actions_.emplace_back(Publish{MessageType::create_node_instance, proto::encode(m)});
}

void NodeSync::state(Record &r, ClockPair now) {
  r.state_due.reset();
  r.told_at.push_back(now.at);
  if (r.told_at.size() > kStateBurst) r.told_at.pop_front();
  r.told = r.listed ? Told::queryable : Told::not_queryable;
  proto::UpdateNodeInstanceConnection m;
  m.claim_id = claim_id_;
  m.node_id = r.node_id;
  m.liveness = r.node.live && !r.node.replicating;
  m.queryable = r.listed;  // a node the host does not know any more cannot be asked
  m.session_id = session_us_;
  m.updated_at_us = now.wall_us;
  m.hops = r.node.hops;
  m.capabilities = r.node.capabilities;
  actions_.emplace_back(Publish{MessageType::update_node_instance_connection, proto::encode(m)});
}

bool NodeSync::node_created(std::string_view machine_guid, std::string_view node_id, ClockPair now) {
  const auto guid = parse_uuid(machine_guid);
  const auto id = parse_uuid(node_id);
  auto *const r = guid ? find(*guid) : nullptr;
  if (r == nullptr || !id) return false;
  // The first one is told at once. Others, and the same once more, at most once a second, however often they are said.
  const bool known = r->node_id == *id;
  const bool first = r->node_id.empty();
  r->node_id = *id;
  if (!known) actions_.emplace_back(StoreNode{{*guid, *id, r->node.hostname, r->node.hops}});
  if (phase_ != Phase::offline) sooner(r->state_due, now.at + kStateAfterCreation);
  sooner(r->info_due, now.at + (first ? 0ms : kStateAfterCreation));
  return true;
}

void NodeSync::info_changed(std::string_view machine_guid, ClockPair now) {
  for (auto &[guid, r] : records_)
    if (machine_guid.empty() || guid == machine_guid) sooner(r.info_due, now.at + kInfoSettles);
}

void NodeSync::collectors_changed(std::string_view machine_guid, ClockPair now) {
  for (auto &[guid, r] : records_)
    if (machine_guid.empty() || guid == machine_guid) sooner(r.collectors_due, now.at + kCollectorsAfterInfo);
}

bool NodeSync::info(std::string_view machine_guid, proto::NodeInfo i, ClockPair now) {
  auto *const r = find(machine_guid);
  if (r == nullptr) return false;
  r->reading = false;
  if (phase_ == Phase::offline || r->node_id.empty()) {
    sooner(r->info_due, now.at);
    return false;
  }
  if (is_filled(i)) {
    r->info_waits_until.reset();
  } else {
    if (!r->info_waits_until) r->info_waits_until = now.at + kInfoFills;
    if (now.at < *r->info_waits_until) {
      sooner(r->info_due, now.at + kInfoAgain);
      return false;
    }
  }
  proto::UpdateNodeInfo m;
  m.claim_id = claim_id_;
  name_unknown(i);
  i.machine_guid = r->node.machine_guid;
  m.data = std::move(i);
  m.updated_at_us = now.wall_us;
  m.machine_guid = r->node.machine_guid;
  m.child = !r->node.local;
  m.node_id = r->node_id;
  m.ml_info = {.ml_capable = r->node.ml_capable, .ml_enabled = r->node.ml_enabled};
  m.node_capabilities = agent_;
  m.node_instance_capabilities = r->node.capabilities;
  actions_.emplace_back(Publish{MessageType::update_node_info, proto::encode(m), r->node.machine_guid});
  sooner(r->state_due, now.at + kStateAfterInfo);
  sooner(r->collectors_due, now.at + kCollectorsAfterInfo);
  return true;
}

void NodeSync::info_failed(std::string_view machine_guid, ClockPair now) {
  if (auto *const r = find(machine_guid)) {
    r->reading = false;
    sooner(r->info_due, now.at + kAskHostAgain);
  }
}

void NodeSync::collectors(std::string_view machine_guid, std::vector<proto::CollectorInfo> list, ClockPair now) {
  auto *const r = find(machine_guid);
  if (r == nullptr) return;
  r->reading = false;
  if (phase_ == Phase::offline || r->node_id.empty()) {
    sooner(r->collectors_due, now.at);
    return;
  }
  proto::UpdateNodeCollectors m;
  m.claim_id = claim_id_;
  m.node_id = r->node_id;
  m.collectors = std::move(list);
  actions_.emplace_back(Publish{MessageType::update_node_collectors, proto::encode(m), r->node.machine_guid});
}

void NodeSync::collectors_failed(std::string_view machine_guid, ClockPair now) {
  if (auto *const r = find(machine_guid)) {
    r->reading = false;
    sooner(r->collectors_due, now.at + kAskHostAgain);
  }
}

bool NodeSync::is_readable(const Record &r) {
  return r.listed && r.told != Told::nothing && !r.node_id.empty() && !r.node.replicating && !r.reading;
}

void NodeSync::tick(ClockPair now) {
  if (list_due_ && *list_due_ <= now.at) nodes_changed();
  if (phase_ != Phase::answered) return;
  for (const auto &guid : order_) {
    auto &r = *find(guid);
    if (r.state_due && *r.state_due <= now.at) {
      if (r.node_id.empty()) {
        r.state_due.reset();
        create(r);
      } else if (r.node.replicating) {
        // Told when it is done, which the host need not tell of by itself.
        r.state_due = now.at + kWhileReplicating;
        sooner(list_due_, now.at + kWhileReplicating);
      } else {
        state(r, now);
      }
    }
    // Each node on its own: one that replicates holds up nobody else (aclk/sync/README.md, "Node info and collectors").
    if (!is_readable(r)) continue;
    if (r.info_due && *r.info_due <= now.at) {
      r.info_due.reset();
      r.reading = true;
      actions_.emplace_back(FetchInfo{guid});
    } else if (r.collectors_due && *r.collectors_due <= now.at) {
      r.collectors_due.reset();
      r.reading = true;
      actions_.emplace_back(FetchCollectors{guid});
    }
  }
}

std::optional<loop::Instant> NodeSync::next_due() const {
  Due due = list_due_;
  if (phase_ == Phase::answered)
    for (const auto &[guid, r] : records_) {
      if (r.state_due) sooner(due, *r.state_due);
      if (!is_readable(r)) continue;
      if (r.info_due) sooner(due, *r.info_due);
      if (r.collectors_due) sooner(due, *r.collectors_due);
    }
  return due;
}

std::vector<Action> NodeSync::take() { return std::exchange(actions_, {}); }

std::vector<NodeSync::View> NodeSync::view() const {
  std::vector<View> out;
  out.reserve(order_.size());
  for (const auto &guid : order_) {
    const auto &r = records_.find(guid)->second;
    out.push_back({.node = r.node, .node_id = r.node_id, .listed = r.listed});
  }
  return out;
}

const host::Node *NodeSync::by_machine_guid(std::string_view guid) const {
  const auto it = records_.find(guid);
  return it != records_.end() && it->second.listed ? &it->second.node : nullptr;
}

const host::Node *NodeSync::by_node_id(std::string_view node_id) const {
  for (const auto &[guid, r] : records_)
    if (r.listed && r.node_id == node_id) return &r.node;
  return nullptr;
}

std::string NodeSync::node_id_of(std::string_view machine_guid) const {
  const auto it = records_.find(machine_guid);
  return it == records_.end() ? std::string() : it->second.node_id;
}

const host::Node *NodeSync::by_hostname(std::string_view hostname) const {
  for (const auto &guid : order_)
    if (const auto *n = by_machine_guid(guid); n != nullptr && n->hostname == hostname) return n;
  return nullptr;
}

}  // namespace aclk::sync
