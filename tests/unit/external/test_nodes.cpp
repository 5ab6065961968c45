// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "plugin-api/external/hooks/read_api.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_nodes {
namespace {

using nlohmann::json;

std::string label(const NodeFacts &n, std::string_view key) {
  for (const auto &l : n.labels)
    if (text(l.key) == key) return std::string(text(l.value));
  return "(none)";
}

std::string shown(const std::vector<naclk_capability> &list) {
  std::string out;
  for (const auto &c : list)
    out += std::string(text(c.name)) + ":" + std::to_string(c.version) + (c.enabled != 0 ? "+ " : "- ");
  return out;
}

std::string facts__of_1_37__an_agent_without_cloud() {
  const auto f = read_facts(sample_json("v1_info.json"));
  EXPECT_EQ(f.uid, kLocal);
  EXPECT_EQ(f.version, "v1.37.1");
  EXPECT(!f.built_in_link && !f.own_link && !f.ml_capable);
  return {};
}

std::string facts__of_2_x__own_link_counts_when_up_or_claimed() {
  auto info = sample_json("v2_info.json");
  EXPECT(read_facts(info).built_in_link);
  EXPECT(!read_facts(info).own_link);
  EXPECT(read_facts(info).ml_enabled);
  info["agent-claimed"] = true;
  EXPECT(read_facts(info).own_link);
  info["agent-claimed"] = false;
  info["aclk-available"] = "true";
  EXPECT(read_facts(info).own_link);
  EXPECT_EQ(read_facts(json::array()).uid, "");
  return {};
}

// Whatever the rest of the document says: a 2.x without a link cannot be built.
std::string facts__version_in_any_spelling__tells_2_x() {
  for (const auto *version : {"v2.0.0", "2.10.4", "v10.1"}) {
    EXPECT(read_facts({{"version", version}}).built_in_link);
    EXPECT(read_facts({{"version", version}, {"cloud-available", false}}).built_in_link);
  }
  for (const auto *version : {"v1.37.1", "1.47.0-12-nightly", "", "v", "vx", "-2"})
    EXPECT(!read_facts({{"version", version}, {"cloud-available", true}}).built_in_link);
  EXPECT(read_facts_of_text("{\"version\": \"v2.10.4\", \"uid\": \"x").built_in_link);
  return {};
}

std::string nodes__of_1_37__local_first_then_children() {
  const auto list = read_mirrored_hosts(sample_json("v1_info_child.json"), kLocal);
  const auto &nodes = list.items;
  EXPECT_EQ(nodes.size(), 2U);
  EXPECT(nodes[0].local != 0 && nodes[0].live != 0 && nodes[0].hops == 0);
  EXPECT_EQ(text(nodes[0].machine_guid), kLocal);
  EXPECT_EQ(text(nodes[1].hostname), "kid1");
  EXPECT(nodes[1].local == 0 && nodes[1].live != 0 && nodes[1].hops == 1);
  return {};
}

std::string nodes__hostile_lists__are_bounded_and_cleaned() {
  auto info = json{{"mirrored_hosts_status", json::array({1,
                                                          nullptr,
                                                          {{"guid", "x"}},
                                                          {{"guid", kChild}, {"hops", -5}},
                                                          {{"guid", kChild}},
                                                          {{"guid", kLocal}, {"hops", 1e18}}})}};
  const auto list = read_mirrored_hosts(info, kLocal);
  const auto &nodes = list.items;
  EXPECT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].hops, 0);
  EXPECT_EQ(nodes[1].hops, 1);
  EXPECT(read_mirrored_hosts(json{{"mirrored_hosts_status", "x"}}, kLocal).items.empty());
  return {};
}

std::string capabilities__of_1_37__have_no_functions() {
  const auto facts = read_facts(sample_json("v1_info.json"));
  EXPECT_EQ(shown(agent_capabilities(facts)), "json:2- proto:1+ ml:0- mc:1+ ctx:1+ funcs:0- req_cancel:1+ ");
  EXPECT_EQ(shown(node_capabilities({})), "proto:1+ ml:0- mc:1+ ctx:1+ funcs:0- req_cancel:1+ ");
  return {};
}

std::string node_info__of_1_37__has_every_field_the_agent_can_fill() {
  NodeExtras extras;
  extras.name = "node1";
  extras.os = "linux";
  extras.timezone = "UTC";
  extras.local = true;
  extras.proxy_label = "SOCKS5H";
  const auto n = read_node_info(sample_json("v1_info.json"), extras);
  EXPECT(text(n.info.name) == "node1" && text(n.info.os) == "linux" && text(n.info.timezone) == "UTC");
  EXPECT_EQ(text(n.info.kernel_name), "Linux");
  EXPECT_EQ(text(n.info.kernel_version), "6.18.44-fc-v595");
  EXPECT_EQ(text(n.info.architecture), "x86_64");
  EXPECT_EQ(n.info.cpus, 2U);
  EXPECT_EQ(text(n.info.cpu_frequency_hz), "2596000000");
  EXPECT_EQ(text(n.info.memory_bytes), "25276514304");
  EXPECT_EQ(text(n.info.disk_bytes), "274877906944");
  EXPECT_EQ(text(n.info.version), "v1.37.1");
  EXPECT_EQ(text(n.info.release_channel), "stable");
  EXPECT_EQ(text(n.info.virtualization), "kvm");
  EXPECT_EQ(text(n.info.container), "docker");
  EXPECT_EQ(label(n, "_aclk_available"), "true");
  EXPECT_EQ(label(n, "_mqtt_version"), "5");
  EXPECT_EQ(label(n, "_aclk_proxy"), "SOCKS5H");
  EXPECT_EQ(label(n, "_aclk_ng_new_cloud_protocol"), "true");
  EXPECT_EQ(label(n, "_is_parent"), "true");
  return {};
}

std::string node_info__of_a_child__has_its_own_labels_and_no_lost_plus() {
  const auto info = sample_json("v1_info_child.json");
  EXPECT_EQ(info["cpu_freq"].get<std::string>(), "2.596e 09");
  NodeExtras extras;
  extras.name = "kid1";
  const auto n = read_node_info(info, extras);
  EXPECT_EQ(text(n.info.cpu_frequency_hz), "2596000000");
  EXPECT_EQ(label(n, "_aclk_available"), "false");
  EXPECT_EQ(label(n, "_mqtt_version"), "(none)");
  auto bare = info;
  bare.erase("host_labels");
  EXPECT_EQ(std::string(text(read_node_info(bare, extras).info.cpu_frequency_hz)), "2596000000");
  return {};
}

std::string node_info__of_an_agent_with_more_labels__takes_what_they_say() {
  const auto n = read_node_info(sample_json("v2_info.json"), {});
  EXPECT_EQ(text(n.info.os), "linux");
  EXPECT_EQ(text(n.info.timezone), "UTC");
  EXPECT_EQ(text(n.info.os_name), "Debian GNU/Linux");
  EXPECT_EQ(text(n.info.kernel_version), "6.1.0-18+test");
  EXPECT_EQ(label(n, "rack"),
            "r\xc3\xbc"
            "ck");
  EXPECT(n.info.own_ml_capable != 0 && n.info.own_ml_enabled != 0);
  return {};
}

std::string cpu_frequency__in_any_spelling__is_an_integer() {
  EXPECT_EQ(integer_hz("2.3e+09"), "2300000000");
  EXPECT_EQ(integer_hz("2.3e 09"), "2300000000");
  EXPECT_EQ(integer_hz("2300000000"), "2300000000");
  for (const auto *bad : {"", "unknown", "nan", "inf", "-1", "1e300"}) EXPECT_EQ(integer_hz(bad), "");
  return {};
}

std::string collectors__are_distinct_pairs() {
  const auto list = read_collectors(sample_json("v2_info.json"));
  const auto &c = list.items;
  EXPECT_EQ(c.size(), 2U);
  EXPECT_EQ(text(c[0].plugin), "apps.plugin");
  EXPECT_EQ(text(c[1].module), "/proc/stat");
  EXPECT(read_collectors(sample_json("v1_info.json")).items.size() > 10);
  return {};
}

std::string contexts__of_the_agent__are_read_sorted() {
  const auto list = read_contexts(sample_json("v1_contexts.json"));
  const auto &c = list.items;
  EXPECT_EQ(c.size(), 4U);
  EXPECT_EQ(text(c[0].id), "disk.space");
  EXPECT_EQ(text(c[0].family), "/[x]");
  EXPECT_EQ(text(c[0].units), "GiB");
  EXPECT_EQ(text(c[2].id), "system.cpu");
  EXPECT_EQ(text(c[2].chart_type), "stacked");
  EXPECT_EQ(c[2].priority, 100U);
  EXPECT_EQ(c[2].first_s, 1795227418U);
  EXPECT(c[2].collected != 0);
  return {};
}

std::string contexts__fingerprint__does_not_see_the_clock_of_collected_ones() {
  const auto document = sample_json("v1_contexts.json");
  const auto before = fingerprint(read_contexts(document).items);
  auto later = document;
  later["contexts"]["system.cpu"]["last_time_t"] = 1795999999;
  EXPECT_EQ(fingerprint(read_contexts(later).items), before);
  auto stopped = document;
  stopped["contexts"]["system.cpu"]["collected"] = false;
  const auto first = fingerprint(read_contexts(stopped).items);
  EXPECT(first != before);
  stopped["contexts"]["system.cpu"]["last_time_t"] = 1;
  EXPECT(fingerprint(read_contexts(stopped).items) != first);
  for (const auto *field : {"title", "units", "family", "chart_type"}) {
    auto changed = document;
    changed["contexts"]["system.cpu"][field] = "other";
    EXPECT(fingerprint(read_contexts(changed).items) != before);
  }
  auto fewer = document;
  fewer["contexts"].erase("disk.space");
  EXPECT(fingerprint(read_contexts(fewer).items) != before);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(facts__of_1_37__an_agent_without_cloud),
    ACLK_TEST(facts__of_2_x__own_link_counts_when_up_or_claimed),
    ACLK_TEST(facts__version_in_any_spelling__tells_2_x),
    ACLK_TEST(nodes__of_1_37__local_first_then_children),
    ACLK_TEST(nodes__hostile_lists__are_bounded_and_cleaned),
    ACLK_TEST(capabilities__of_1_37__have_no_functions),
    ACLK_TEST(node_info__of_1_37__has_every_field_the_agent_can_fill),
    ACLK_TEST(node_info__of_a_child__has_its_own_labels_and_no_lost_plus),
    ACLK_TEST(node_info__of_an_agent_with_more_labels__takes_what_they_say),
    ACLK_TEST(cpu_frequency__in_any_spelling__is_an_integer),
    ACLK_TEST(collectors__are_distinct_pairs),
    ACLK_TEST(contexts__of_the_agent__are_read_sorted),
    ACLK_TEST(contexts__fingerprint__does_not_see_the_clock_of_collected_ones),
};

}  // namespace
}  // namespace test_nodes

int node_tests() { return cmocka_run_group_tests_name("nodes", test_nodes::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
