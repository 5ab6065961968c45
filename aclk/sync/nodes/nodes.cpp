// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/nodes/nodes.h"

#include <algorithm>
#include <utility>

#include "aclk/sync/store/records.h"

namespace aclk::sync {
Nodes::Nodes(uv_loop_t &loop, const host::Host &host, const host::Log &log, host::Reader &reader,
             loop::WorkerPool &workers, WriteBehindStore &store, PublishFn publish, ListedFn listed)
    : host_(host),
      log_(log),
      reader_(reader),
      workers_(workers),
      store_(store),
      publish_(std::move(publish)),
      listed_(std::move(listed)),
      sync_(store.claim_id(), host.identity().capabilities, store.nodes()),
      timer_(loop) {}

void Nodes::start() {
  sync_.nodes_changed();
  run();
}

void Nodes::online(std::int64_t session_us) {
  sync_.online(session_us);
  run();
}

void Nodes::offline() {
  sync_.offline();
  run();
}

void Nodes::send_node_instances() {
  sync_.send_node_instances();
  run();
}

void Nodes::node_created(std::string_view machine_guid, std::string_view node_id) {
  log_.debug("CreateNodeInstanceResult: guid:{} nodeid:{}", machine_guid, node_id);
  if (!sync_.node_created(machine_guid, node_id, moment()) && unknown_log_.allow(loop::now()))
    log_.error(
        "CreateNodeInstanceResult: node id \"{}\" for machine guid \"{}\": not a UUID, or no such node here. Ignoring",
        node_id.substr(0, 64), machine_guid.substr(0, 64));
  run();
}

void Nodes::host_event(std::uint32_t kind, std::string_view machine_guid) {
  switch (kind) {
    case NACLK_EVENT_NODES:
    case NACLK_EVENT_RESUMED:
      sync_.nodes_changed();
      break;
    case NACLK_EVENT_NODE_INFO:
      sync_.info_changed(machine_guid, moment());
      break;
    case NACLK_EVENT_COLLECTORS:
      sync_.collectors_changed(machine_guid, moment());
      break;
    default:
      return;
  }
  run();
}

void Nodes::run() {
  sync_.tick(moment());
  for (auto actions = sync_.take(); !actions.empty(); actions = sync_.take())
    for (auto &a : actions) act(a);
  if (const auto due = sync_.next_due())
    timer_.start(std::chrono::ceil<std::chrono::milliseconds>(*due - loop::now()), [this] { run(); });
  else
    timer_.stop();
}

template <class R, class Ok, class Failed>
void Nodes::read(R reading, Ok ok, Failed failed) {
  reader_.read(std::move(reading),
               [this, ok = std::move(ok), failed = std::move(failed)](Result<typename R::Value> result) {
                 if (result) {
                   ok(std::move(*result));
                 } else {
                   log_.warning("{}", result.error().what);
                   failed();
                 }
                 run();
               });
}

void Nodes::read_next() {
  // Half of what can be read at once: alerts do not wait for this.
  const auto most = std::max<std::size_t>(1, reader_.at_once() / 2);
  while (!to_read_.empty() && reading_ < most) {
    const auto next = std::move(to_read_.front());
    to_read_.pop_front();
    ++reading_;
    next();
  }
}

// One of read_next().
void Nodes::read_ended() {
  --reading_;
  read_next();
}

void Nodes::read_facts(const std::string &guid) {
  read(
      host::NodeFacts{{guid}, {}},
      [this, guid](proto::NodeInfo i) {
        read_ended();
        if (!sync_.info(guid, std::move(i), moment())) return;
        log_.access(NACLK_LOG_DEBUG, fmt::format("ACLK RES [{}]: NODE INFO SENT for guid [{}] ({})", called(guid), guid,
                                                 guid == host_.identity().machine_guid ? "parent" : "child"));
      },
      [this, guid] {
        read_ended();
        sync_.info_failed(guid, moment());
      });
}

void Nodes::read_collectors(const std::string &guid) {
  read(
      host::NodeCollectors{{guid}, {}},
      [this, guid](std::vector<proto::CollectorInfo> c) {
        read_ended();
        sync_.collectors(guid, std::move(c), moment());
        log_.access(NACLK_LOG_DEBUG, fmt::format("ACLK RES [{}]: NODE COLLECTORS SENT", called(guid)));
      },
      [this, guid] {
        read_ended();
        sync_.collectors_failed(guid, moment());
      });
}

// As log lines name a node: "node id (hostname)".
std::string Nodes::called(const std::string &guid) const {
  const auto *const node = sync_.by_machine_guid(guid);
  return fmt::format("{} ({})", sync_.node_id_of(guid), node == nullptr ? "unknown" : node->hostname);
}

// On a worker, because it may block.
void Nodes::tell_host() {
  if (telling_ || to_tell_.empty()) return;
  telling_ = true;
  const auto next = to_tell_.extract(to_tell_.begin());
  workers_.run([this, &host = host_, guid = next.key(), id = next.mapped(),
                claim = store_.claim_id()]() -> loop::WorkerPool::Done {
    host.store_node_id(guid, claim, id);
    return [this] {
      telling_ = false;
      tell_host();
    };
  });
}

void Nodes::act(Action &action) {
  std::visit(
      Overloaded{
          [&](Publish &p) {
            LostFn lost;
            if (!p.machine_guid.empty())
              lost = [this, type = p.type, guid = p.machine_guid, alive = std::weak_ptr(alive_)] {
                if (!alive.expired()) sync_.lost(type, guid, moment());
              };
            publish_(p.type, std::move(p.payload), std::move(lost));
          },
          [&](const FetchNodes &) {
            read(
                host::NodeListing{},
                [this](const std::vector<host::Node> &n) {
                  sync_.nodes(n, moment());
                  listed_(n);
                },
                [this] { sync_.nodes_failed(moment()); });
          },
          [&](const FetchInfo &f) { to_read_.emplace_back([this, guid = f.machine_guid] { read_facts(guid); }); },
          [&](const FetchCollectors &f) {
            to_read_.emplace_back([this, guid = f.machine_guid] { read_collectors(guid); });
          },
          [&](const StoreNode &s) {
            store_.add(PutNode{store_.claim_id(), s.node});
            to_tell_[s.node.machine_guid] = s.node.node_id;
            tell_host();
          },
      },
      action);
  read_next();
}

}  // namespace aclk::sync
