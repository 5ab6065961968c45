// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the cloud is told about nodes, and when: aclk/sync/README.md, "First connection" to "Node info and collectors"
// with a clock made of numbers.
#include "aclk/sync/nodes/node_sync.h"
#include "tests/proto/upward_messages.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/sync/tests.h"

namespace test_node_sync {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;
using proto::MessageType;

namespace {

constexpr const char *kLocal = "11111111-2222-3333-4444-555555555555";
constexpr const char *kChild = "22222222-2222-3333-4444-555555555555";
constexpr const char *kNodeId = "aaaaaaaa-2222-3333-4444-555555555555";
constexpr const char *kChildId = "bbbbbbbb-2222-3333-4444-555555555555";

ClockPair at(std::chrono::milliseconds t) { return {loop::Instant{} + t, 1'000'000 + t.count() * 1'000}; }

host::Node node(const char *guid, bool local, bool live = true) {
  host::Node n;
  n.machine_guid = guid;
  n.hostname = local ? "parent" : "child";
  n.local = local;
  n.hops = local ? 0 : 1;
  n.live = live;
  n.capabilities = {{"proto", 1, true}};
  return n;
}

// The actions as one line: "create parent; state aaaa live queryable; ".
std::string told(NodeSync &s) {
  std::string out;
  for (const auto &a : s.take()) {
    if (std::holds_alternative<FetchNodes>(a)) out += "list; ";
    if (const auto *f = std::get_if<FetchInfo>(&a)) out += "read info " + f->machine_guid.substr(0, 2) + "; ";
    if (const auto *f = std::get_if<FetchCollectors>(&a))
      out += "read collectors " + f->machine_guid.substr(0, 2) + "; ";
    if (const auto *n = std::get_if<StoreNode>(&a)) out += "store " + n->node.node_id.substr(0, 2) + "; ";
    const auto *p = std::get_if<Publish>(&a);
    if (p == nullptr) continue;
    if (p->type == MessageType::create_node_instance) {
      const auto m = proto::decode_create_node_instance(p->payload);
      out += "create " + m->hostname + " hops " + std::to_string(m->hops) + "; ";
    } else if (p->type == MessageType::update_node_instance_connection) {
      const auto m = proto::decode_update_node_instance_connection(p->payload);
      out += "state " + m->node_id.substr(0, 2) + (m->liveness ? " live" : " dead") + (m->queryable ? "" : " mute") +
             " session " + std::to_string(m->session_id) + "; ";
    } else if (p->type == MessageType::update_node_info) {
      const auto m = proto::decode_update_node_info(p->payload);
      out += "info " + m->data.name + (m->child ? " child" : "") + "; ";
    } else if (p->type == MessageType::update_node_collectors) {
      out += "collectors " + std::to_string(proto::decode_update_node_collectors(p->payload)->collectors.size()) + "; ";
    }
  }
  return out;
}

NodeSync fresh(const std::vector<StoredNode> &stored = {}) {
  return {"cccccccc-2222-3333-4444-555555555555", {{"json", 2, false}}, stored};
}

// What a host tells when it has begun entirely.
proto::NodeInfo filled(const char *name = "") {
  proto::NodeInfo i;
  i.name = name;
  i.kernel_name = "Linux";
  i.kernel_version = "6.1";
  i.architecture = "x86_64";
  i.cpus = 2;
  i.memory = i.disk_space = "1000000";
  i.virtualization_type = "kvm";
  i.container_type = "none";
  return i;
}

// A sync whose local node is known and told, at time 0 of session 7.
NodeSync settled() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}});
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true)}, at(0ms));
  (void)s.take();
  s.info(kLocal, filled("parent"), at(0ms));
  (void)s.take();
  return s;
}

std::string nodes__unknown_node__is_created_then_described_in_the_documented_order() {
  auto s = fresh();
  s.online(7);
  s.tick(at(0ms));
  EXPECT_EQ(told(s), "");  // not before the cloud asks
  s.send_node_instances();
  EXPECT_EQ(told(s), "list; ");
  s.nodes({node(kLocal, true)}, at(10ms));
  EXPECT_EQ(told(s), "create parent hops 0; ");
  EXPECT(s.node_created(kLocal, kNodeId, at(100ms)));
  EXPECT_EQ(told(s), "store aa; ");
  s.tick(at(1000ms));
  EXPECT_EQ(told(s), "");
  EXPECT(s.next_due() == at(1100ms).at);
  s.tick(at(1100ms));
  EXPECT_EQ(told(s), "state aa live session 7; read info 11; ");
  s.info(kLocal, filled("parent"), at(1200ms));
  EXPECT_EQ(told(s), "info parent; ");
  s.tick(at(11'200ms));
  EXPECT_EQ(told(s), "state aa live session 7; ");
  s.tick(at(31'200ms));
  EXPECT_EQ(told(s), "read collectors 11; ");
  s.collectors(kLocal, {{.module = "m", .plugin = "p"}, {.module = "", .plugin = "q"}}, at(31'300ms));
  EXPECT_EQ(told(s), "collectors 2; ");
  s.tick(at(99'000ms));
  EXPECT_EQ(told(s), "");
  EXPECT(!s.next_due());
  return {};
}

std::string nodes__info_and_collectors_lost_with_the_connection__are_told_again() {
  auto s = settled();
  s.lost(MessageType::update_node_info, kLocal, at(19s));
  s.lost(MessageType::update_node_collectors, kLocal, at(19s));
  s.lost(MessageType::update_node_info, "no such node", at(19s));
  s.offline();
  s.tick(at(20s));
  EXPECT_EQ(told(s), "");
  s.online(8);
  s.send_node_instances();
  EXPECT_EQ(told(s), "list; ");
  s.nodes({node(kLocal, true)}, at(21s));
  EXPECT_EQ(told(s), "state aa live session 8; read info 11; ");
  s.info(kLocal, filled(), at(21s));
  s.tick(at(21s));
  EXPECT_EQ(told(s), "info ; read collectors 11; ");
  return {};
}

std::string nodes__reconnection__states_with_the_new_session_and_no_info_again() {
  auto s = settled();
  s.offline();
  s.tick(at(20s));
  EXPECT_EQ(told(s), "");
  EXPECT(!s.next_due());
  s.online(8);
  s.send_node_instances();
  EXPECT_EQ(told(s), "list; ");
  s.nodes({node(kLocal, true)}, at(21s));
  EXPECT_EQ(told(s), "state aa live session 8; ");
  return {};
}

std::string nodes__restart_with_stored_ids__states_at_once_and_informs_again() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}});
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true)}, at(0ms));
  EXPECT_EQ(told(s), "list; state aa live session 7; read info 11; ");
  return {};
}

std::string nodes__new_child__is_created_after_300_ms_and_stated_when_it_has_replicated() {
  auto s = settled();
  auto child = node(kChild, false);
  child.replicating = true;
  s.nodes({node(kLocal, true), child}, at(1s));
  EXPECT_EQ(told(s), "");
  s.tick(at(1300ms));
  EXPECT_EQ(told(s), "create child hops 1; ");
  EXPECT(s.node_created(kChild, kChildId, at(1400ms)));
  s.tick(at(2400ms));
  EXPECT_EQ(told(s), "store bb; ");  // still replicating: looked at again in 5 s
  child.replicating = false;
  s.nodes({node(kLocal, true), child}, at(3s));
  s.tick(at(4s));
  EXPECT_EQ(told(s), "state bb live session 7; read info 22; ");
  return {};
}

std::string nodes__replicating_child__is_looked_at_every_5_s_until_it_is_live() {
  auto s = settled();
  auto child = node(kChild, false);
  child.replicating = true;
  s.nodes({node(kLocal, true), child}, at(1s));
  EXPECT(s.node_created(kChild, kChildId, at(1s)));
  s.tick(at(2s));
  EXPECT_EQ(told(s), "store bb; ");
  EXPECT(s.next_due() == at(7s).at);
  s.tick(at(7s));
  EXPECT_EQ(told(s), "list; ");
  s.nodes({node(kLocal, true), child}, at(7s));
  s.tick(at(11s));
  EXPECT_EQ(told(s), "state aa live session 7; ");  // that of its own info
  s.tick(at(12s));
  EXPECT_EQ(told(s), "list; ");
  child.replicating = false;
  s.nodes({node(kLocal, true), child}, at(12s));
  s.tick(at(13s));
  EXPECT_EQ(told(s), "state bb live session 7; read info 22; ");
  return {};
}

std::string nodes__child_replicating_when_the_cloud_asks__is_told_dead_and_then_live() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}, {kChild, kChildId, "child", 1}});
  auto child = node(kChild, false);
  child.replicating = true;
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true), child}, at(0ms));
  EXPECT_EQ(told(s), "list; state aa live session 7; state bb dead session 7; read info 11; ");
  s.tick(at(5s));
  EXPECT_EQ(told(s), "");
  s.tick(at(10s));
  EXPECT_EQ(told(s), "list; ");
  child.replicating = false;
  s.nodes({node(kLocal, true), child}, at(10s));
  s.tick(at(11s));
  EXPECT_EQ(told(s), "read info 22; state bb live session 7; ");
  return {};
}

std::string nodes__child_gone_while_it_replicates__is_told_dead() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}, {kChild, kChildId, "child", 1}});
  auto child = node(kChild, false);
  child.replicating = true;
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true), child}, at(0ms));
  (void)told(s);
  s.nodes({node(kLocal, true)}, at(1s));
  EXPECT_EQ(told(s), "state bb dead mute session 7; ");
  return {};
}

std::string nodes__dead_child_vanishes_and_returns__is_told_mute_and_not_mute() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}, {kChild, kChildId, "child", 1}});
  const auto dead = node(kChild, false, false);
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true), dead}, at(0ms));
  EXPECT_EQ(told(s), "list; state aa live session 7; state bb dead session 7; read info 11; read info 22; ");
  s.nodes({node(kLocal, true)}, at(1s));
  EXPECT_EQ(told(s), "state bb dead mute session 7; ");
  s.nodes({node(kLocal, true)}, at(2s));
  EXPECT_EQ(told(s), "");  // once
  s.nodes({node(kLocal, true), dead}, at(3s));
  s.tick(at(4s));
  EXPECT_EQ(told(s), "state bb dead session 7; ");
  s.nodes({node(kLocal, true), dead}, at(5s));
  s.tick(at(9s));
  EXPECT_EQ(told(s), "");
  return {};
}

std::string nodes__child_gone_before_the_cloud_knew_it__is_never_created() {
  auto s = settled();
  s.nodes({node(kLocal, true), node(kChild, false)}, at(1s));
  s.nodes({node(kLocal, true)}, at(1100ms));
  s.tick(at(2s));
  EXPECT_EQ(told(s), "");
  s.send_node_instances();
  EXPECT_EQ(told(s), "list; ");
  s.nodes({node(kLocal, true)}, at(3s));
  EXPECT_EQ(told(s), "state aa live session 7; ");
  return {};
}

std::string nodes__child_goes_and_comes_back__is_told_each_time() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}, {kChild, kChildId, "child", 1}});
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true), node(kChild, false)}, at(0ms));
  EXPECT_EQ(told(s), "list; state aa live session 7; state bb live session 7; read info 11; read info 22; ");
  s.info(kLocal, filled(), at(0ms));
  s.info(kChild, filled(), at(0ms));
  (void)told(s);
  s.nodes({node(kLocal, true), node(kChild, false, false)}, at(2s));
  EXPECT_EQ(told(s), "state bb dead session 7; ");
  s.nodes({node(kLocal, true), node(kChild, false, true)}, at(3s));
  EXPECT_EQ(told(s), "read info 22; ");
  s.tick(at(3300ms));
  EXPECT_EQ(told(s), "state bb live session 7; ");
  return {};
}

std::string nodes__child_the_host_forgot__is_dead_and_cannot_be_asked() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}, {kChild, kChildId, "child", 1}});
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true)}, at(0ms));
  EXPECT_EQ(told(s), "list; state aa live session 7; state bb dead mute session 7; read info 11; ");
  EXPECT(s.by_machine_guid(kChild) == nullptr);
  EXPECT(s.by_node_id(kNodeId) != nullptr);
  return {};
}

std::string nodes__pending_state_update__is_never_postponed_by_a_later_one() {
  auto s = settled();
  auto changed = node(kLocal, true);
  changed.hostname = "renamed";
  s.nodes({changed}, at(1s));  // due at 2 s; the one after info is due at 10 s
  EXPECT(s.next_due() == at(2s).at);
  s.info(kLocal, filled(), at(1500ms));
  EXPECT(s.next_due() == at(2s).at);
  return {};
}

std::string nodes__info_that_lacks_the_machine__waits_for_it_and_is_told_when_it_is_there() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}});
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true)}, at(0ms));
  (void)s.take();
  auto lacking = filled("parent");
  lacking.virtualization_type = "unknown";
  EXPECT(!s.info(kLocal, lacking, at(100ms)));
  s.tick(at(1099ms));
  EXPECT_EQ(told(s), "");
  s.tick(at(1100ms));
  EXPECT_EQ(told(s), "read info 11; ");
  EXPECT(s.info(kLocal, filled("parent"), at(1200ms)));
  EXPECT_EQ(told(s), "info parent; ");
  return {};
}

std::string nodes__info_that_never_has_it_all__is_told_after_five_seconds_and_then_at_once() {
  auto s = fresh({{kLocal, kNodeId, "parent", 0}});
  s.online(7);
  s.send_node_instances();
  s.nodes({node(kLocal, true)}, at(0ms));
  (void)s.take();
  const proto::NodeInfo nothing;
  for (int n = 0; n < 5; ++n) {
    EXPECT(!s.info(kLocal, nothing, at(n * 1000ms)));
    s.tick(at((n + 1) * 1000ms));
    EXPECT_EQ(told(s), "read info 11; ");
  }
  EXPECT(s.info(kLocal, nothing, at(5000ms)));
  EXPECT_EQ(told(s), "info ; ");
  EXPECT(s.info(kLocal, nothing, at(100s)));
  return {};
}

std::string nodes__labels_changed__info_follows_after_they_have_settled() {
  auto s = settled();
  s.tick(at(10s));
  s.tick(at(30s));
  s.collectors(kLocal, {}, at(30s));
  (void)told(s);
  s.info_changed(kLocal, at(100s));
  s.info_changed(kLocal, at(105s));
  s.tick(at(129s));
  EXPECT_EQ(told(s), "");
  s.tick(at(130s));
  EXPECT_EQ(told(s), "read info 11; ");
  return {};
}

std::string nodes__host_away__is_asked_again_later() {
  auto s = fresh();
  s.online(7);
  s.send_node_instances();
  EXPECT_EQ(told(s), "list; ");
  s.nodes_failed(at(1s));
  EXPECT(s.next_due() == at(6s).at);
  s.tick(at(6s));
  EXPECT_EQ(told(s), "list; ");
  s.nodes({node(kLocal, true)}, at(7s));
  EXPECT_EQ(told(s), "create parent hops 0; ");
  return {};
}

std::string nodes__strange_results__change_nothing() {
  auto s = settled();
  EXPECT(!s.node_created("not a guid", kNodeId, at(0ms)));
  EXPECT(!s.node_created(kLocal, "not an id", at(0ms)));
  EXPECT(!s.node_created("99999999-2222-3333-4444-555555555555", kNodeId, at(0ms)));
  s.info("99999999-2222-3333-4444-555555555555", {}, at(0ms));
  s.collectors("99999999-2222-3333-4444-555555555555", {}, at(0ms));
  EXPECT_EQ(told(s), "");
  return {};
}

std::string nodes__many_asks_at_once__one_listing_at_a_time() {
  auto s = fresh();
  s.online(7);
  s.send_node_instances();
  s.send_node_instances();
  s.nodes_changed();
  EXPECT_EQ(told(s), "list; ");
  s.nodes({node(kLocal, true)}, at(0ms));
  EXPECT_EQ(told(s), "create parent hops 0; list; ");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(nodes__unknown_node__is_created_then_described_in_the_documented_order),
    ACLK_TEST(nodes__info_and_collectors_lost_with_the_connection__are_told_again),
    ACLK_TEST(nodes__reconnection__states_with_the_new_session_and_no_info_again),
    ACLK_TEST(nodes__restart_with_stored_ids__states_at_once_and_informs_again),
    ACLK_TEST(nodes__new_child__is_created_after_300_ms_and_stated_when_it_has_replicated),
    ACLK_TEST(nodes__replicating_child__is_looked_at_every_5_s_until_it_is_live),
    ACLK_TEST(nodes__child_replicating_when_the_cloud_asks__is_told_dead_and_then_live),
    ACLK_TEST(nodes__child_gone_while_it_replicates__is_told_dead),
    ACLK_TEST(nodes__dead_child_vanishes_and_returns__is_told_mute_and_not_mute),
    ACLK_TEST(nodes__child_gone_before_the_cloud_knew_it__is_never_created),
    ACLK_TEST(nodes__child_goes_and_comes_back__is_told_each_time),
    ACLK_TEST(nodes__child_the_host_forgot__is_dead_and_cannot_be_asked),
    ACLK_TEST(nodes__pending_state_update__is_never_postponed_by_a_later_one),
    ACLK_TEST(nodes__info_that_lacks_the_machine__waits_for_it_and_is_told_when_it_is_there),
    ACLK_TEST(nodes__info_that_never_has_it_all__is_told_after_five_seconds_and_then_at_once),
    ACLK_TEST(nodes__labels_changed__info_follows_after_they_have_settled),
    ACLK_TEST(nodes__host_away__is_asked_again_later),
    ACLK_TEST(nodes__strange_results__change_nothing),
    ACLK_TEST(nodes__many_asks_at_once__one_listing_at_a_time),
};

}  // namespace
}  // namespace test_node_sync

int run_node_sync_tests() { return cmocka_run_group_tests_name("node_sync", test_node_sync::tests, nullptr, nullptr); }
