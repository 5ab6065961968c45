// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/nodes/node_sync.h"

#include <algorithm>
#include <utility>

#include "claim/base/uuid.h"
#include "proto/node.h"

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

std::string or_zero(const std::string &s) { return s.empty() ? "0" : s; }
std::string or_unknown(const std::string &s) { return s.empty() ? "unknown" : s; }

bool is_known(const std::string &s) { return !s.empty() && s != "unknown" && s != "0"; }

// Does it say of the machine all that nearly every one has?
bool is_filled(const host::NodeInfo &i) {
  return i.cpus != 0 && is_known(i.kernel_name) && is_known(i.kernel_version) && is_known(i.architecture) &&
         is_known(i.memory_bytes) && is_known(i.disk_bytes) && is_known(i.virtualization) && is_known(i.container);
}

proto::NodeInfo wire_info(const host::NodeInfo &i, const std::string &guid) {
  proto::NodeInfo d;
  d.name = i.name;
  d.os = i.os;
  d.os_name = i.os_name;
  d.os_version = i.os_version;
  d.kernel_name = i.kernel_name;
  d.kernel_version = i.kernel_version;
  d.architecture = i.architecture;
  d.cpus = i.cpus;
  d.cpu_frequency = or_zero(i.cpu_frequency_hz);
  d.memory = or_zero(i.memory_bytes);
  d.disk_space = or_zero(i.disk_bytes);
  d.version = i.version;
  d.release_channel = i.release_channel;
  d.timezone = i.timezone;
  d.virtualization_type = or_unknown(i.virtualization);
  d.container_type = or_unknown(i.container);
  d.custom_info = i.custom_info;
  d.machine_guid = guid;
  d.host_labels.insert(i.labels.begin(), i.labels.end());
  d.ml_info = {i.own_ml_capable, i.own_ml_enabled};
  return d;
}

}  // namespace

NodeSync::NodeSync(std::string claim_id, host::Capabilities agent, const std::vector<StoredNode> &stored)
    : claim_id_(std::move(claim_id)), agent_(std::move(agent)) {
  for (const auto &s : stored) {
    Record r;
    r.node.machine_guid = s.machine_guid;
    r.node.hostname = s.hostname;
    r.node.hops = s.hops;
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
  asked_ = answer_ = false;
  for (auto &[guid, r] : records_) r.stated = false;
}

void NodeSync::offline() {
  session_us_.reset();
  asked_ = answer_ = false;
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
  if (!session_us_) return;
  asked_ = answer_ = true;
  nodes_changed();
}

void NodeSync::nodes_changed() {
  if (fetching_) {
    again_ = true;
    return;
  }
  fetching_ = true;
  list_due_.reset();
  actions_.emplace_back(FetchNodes{});
}

void NodeSync::nodes_failed(ClockPair now) {
  fetching_ = again_ = false;
  list_due_ = now.at + kAskHostAgain;
}

void NodeSync::nodes(const std::vector<host::Node> &listed, ClockPair now) {
  fetching_ = false;
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
      if (asked_ && !answer_) r.state_due = now.at + kChildConnected;
    } else {
      compare(r, n, now);
      if (session_us_ && r.stated && r.mute) sooner(r.state_due, now.at + kStateAfterCreation);
    }
  }
  for (auto &[guid, r] : records_) {
    if (r.listed || std::find(order.begin(), order.end(), guid) != order.end()) continue;
    order.push_back(guid);
    vanished(r, now);
  }
  order_ = std::move(order);
  if (std::exchange(answer_, false)) announce_all(now);
  if (std::exchange(again_, false)) nodes_changed();
  tick(now);
}

// The host shows it no more.
void NodeSync::vanished(Record &r, ClockPair now) {
  r.node.live = r.node.replicating = false;
  if (session_us_ && r.stated && !r.mute) sooner(r.state_due, now.at);
}

// aclk/sync/README.md, "Children and virtual nodes"
void NodeSync::compare(Record &r, const host::Node &now_is, ClockPair now) {
  const auto before = std::exchange(r.node, now_is);
  if (before == now_is) return;
  const bool came = now_is.live && !before.live;
  if (came || now_is.hostname != before.hostname) sooner(r.info_due, now.at);
  if (!session_us_) return;  // the answer to the next SendNodeInstances tells it
  auto due = now.at + (came ? kChildConnected : before.live && !now_is.live ? 0ms : kStateAfterCreation);
  // One that comes and goes all the time is told of once in a while, as it is then.
  if (r.told.size() == kStateBurst) due = std::max(due, r.told.front() + kStateBurstTime);
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
  r.told.push_back(now.at);
  if (r.told.size() > kStateBurst) r.told.pop_front();
  r.stated = true;
  r.mute = !r.listed;
  proto::UpdateNodeInstanceConnection m;
  m.claim_id = claim_id_;
  m.node_id = r.node_id;
  m.liveness = r.node.live && !r.node.replicating;
  m.queryable = r.listed;  // a node the host does not know any more cannot be asked
  m.session_id = session_us_.value_or(0);
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
  // The same once more is no news: at most one telling a second, however often it is said.
  const bool known = r->node_id == *id;
  r->node_id = *id;
  if (!known) actions_.emplace_back(StoreNode{{*guid, *id, r->node.hostname, r->node.hops}});
  if (session_us_) sooner(r->state_due, now.at + kStateAfterCreation);
  sooner(r->info_due, now.at + (known ? kStateAfterCreation : 0ms));
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

bool NodeSync::info(std::string_view machine_guid, const host::NodeInfo &i, ClockPair now) {
  auto *const r = find(machine_guid);
  if (r == nullptr) return false;
  r->fetching = false;
  if (!session_us_ || r->node_id.empty()) {
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
  m.data = wire_info(i, r->node.machine_guid);
  m.updated_at_us = now.wall_us;
  m.machine_guid = r->node.machine_guid;
  m.child = !r->node.local;
  m.node_id = r->node_id;
  m.ml_info = {r->node.ml_capable, r->node.ml_enabled};
  m.node_capabilities = agent_;
  m.node_instance_capabilities = r->node.capabilities;
  actions_.emplace_back(Publish{MessageType::update_node_info, proto::encode(m), r->node.machine_guid});
  sooner(r->state_due, now.at + kStateAfterInfo);
  sooner(r->collectors_due, now.at + kCollectorsAfterInfo);
  return true;
}

void NodeSync::info_failed(std::string_view machine_guid, ClockPair now) {
  if (auto *const r = find(machine_guid)) {
    r->fetching = false;
    sooner(r->info_due, now.at + kAskHostAgain);
  }
}

void NodeSync::collectors(std::string_view machine_guid, const std::vector<host::Collector> &list, ClockPair now) {
  auto *const r = find(machine_guid);
  if (r == nullptr) return;
  r->fetching = false;
  if (!session_us_ || r->node_id.empty()) {
    sooner(r->collectors_due, now.at);
    return;
  }
  proto::UpdateNodeCollectors m;
  m.claim_id = claim_id_;
  m.node_id = r->node_id;
  for (const auto &c : list) m.collectors.push_back({c.module, c.plugin});
  actions_.emplace_back(Publish{MessageType::update_node_collectors, proto::encode(m), r->node.machine_guid});
}

void NodeSync::collectors_failed(std::string_view machine_guid, ClockPair now) {
  if (auto *const r = find(machine_guid)) {
    r->fetching = false;
    sooner(r->collectors_due, now.at + kAskHostAgain);
  }
}

void NodeSync::tick(ClockPair now) {
  if (list_due_ && *list_due_ <= now.at) nodes_changed();
  if (!session_us_ || !asked_ || answer_) return;
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
    const bool ready = r.listed && r.stated && !r.node_id.empty() && !r.node.replicating && !r.fetching;
    if (ready && r.info_due && *r.info_due <= now.at) {
      r.info_due.reset();
      r.fetching = true;
      actions_.emplace_back(FetchInfo{guid});
    } else if (ready && r.collectors_due && *r.collectors_due <= now.at) {
      r.collectors_due.reset();
      r.fetching = true;
      actions_.emplace_back(FetchCollectors{guid});
    }
  }
}

std::optional<loop::Instant> NodeSync::next_due() const {
  Due due = list_due_;
  if (session_us_ && asked_ && !answer_)
    for (const auto &[guid, r] : records_) {
      if (r.state_due) sooner(due, *r.state_due);
      const bool ready = r.listed && r.stated && !r.node_id.empty() && !r.node.replicating && !r.fetching;
      if (ready && r.info_due) sooner(due, *r.info_due);
      if (ready && r.collectors_due) sooner(due, *r.collectors_due);
    }
  return due;
}

std::vector<Action> NodeSync::take() { return std::exchange(actions_, {}); }

std::vector<NodeSync::View> NodeSync::view() const {
  std::vector<View> out;
  out.reserve(order_.size());
  for (const auto &guid : order_) {
    const auto &r = records_.find(guid)->second;
    out.push_back({r.node, r.node_id, r.listed});
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
