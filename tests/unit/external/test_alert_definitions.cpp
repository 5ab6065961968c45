// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <filesystem>

#include "claim/base/files.h"
#include "claim/base/uuid.h"
#include "plugin-api/external/alerts/alert_definitions.h"
#include "plugin-api/external/alerts/alert_text.h"
#include "tests/unit/external/tests.h"
#include "tests/unit/temp_dir.h"

namespace aclk::external::test {
namespace test_alert_definitions {
namespace {

using nlohmann::json;

constexpr const char *kHealth =
    "# comment\n"
    "template: stocktest_high\n"
    "      on: stocktest.value\n"
    "   hosts: *\n"
    "  lookup: average -10m unaligned \\\n"
    "          of v\n"
    "    calc: $v\n"
    "\n"
    "    warn: $this > 10\n"
    "   delay: down 15m multiplier 1.5 max 1h\n"
    "    info: value of $family : high\n"
    "host labels: _os=linux\n"
    "   alarm: another\n"
    "      on: system.ram\n";

json alarm() { return sample_json("v1_alarms_all.json")["alarms"]["stocktest.c1.stocktest_high"]; }

std::string definition__of_1_37__has_plain_expressions() {
  const auto c = definition_of_alarm(alarm(), "stocktest.value");
  EXPECT_EQ(c.warning_expr, "$this > (($status >= $WARNING) ? (5) : (10))");
  EXPECT_EQ(c.critical_expr, "$this > (($status == $CRITICAL) ? (15) : (20))");
  EXPECT_EQ(c.calculation_expr, "$v");
  EXPECT_EQ(c.template_name, "stocktest_high");
  EXPECT_EQ(c.alarm, "");
  EXPECT_EQ(c.on_chart, "stocktest.value");
  EXPECT_EQ(c.classification + c.type + c.component, "WorkloadTestStock");
  EXPECT_EQ(c.every, "1");
  EXPECT_EQ(c.green + c.red, "");
  EXPECT(!c.has_lookup);
  EXPECT(!is_variable(c));
  const auto disk = definition_of_alarm(sample_json("v1_alarms_all.json")["alarms"]["netdata.dbengine_global_errors."
                                                                                    "10min_dbengine_global_fs_errors"],
                                        "");
  EXPECT(disk.has_lookup);
  EXPECT_EQ(disk.lookup_after, -600);
  EXPECT_EQ(disk.lookup_method, "sum");
  EXPECT_EQ(disk.lookup_dimensions, "fs_errors");
  return {};
}

std::string hash__of_1_37__is_stable_and_changes_with_the_definition() {
  const auto a = alarm();
  const auto hash = definition_of_alarm(a, "x").config_hash;
  EXPECT(parse_uuid(hash) == hash);
  EXPECT(definition_of_alarm(a, "y").config_hash == hash);
  auto same = a;  // what belongs to the chart or to the moment
  for (const auto *field : {"id", "chart", "family", "info", "status", "value", "value_string", "last_updated", "delay",
                            "db_after", "last_repeat", "silenced"})
    same[field] = "other";
  EXPECT(definition_of_alarm(same, "x").config_hash == hash);
  for (const auto *field : {"name", "source", "class", "component", "type", "units", "recipient", "exec", "calc",
                            "warn", "crit", "update_every", "delay_down_duration", "crit_repeat_every", "green"}) {
    auto other = a;
    other[field] = 77;
    EXPECT(definition_of_alarm(other, "x").config_hash != hash);
  }
  auto own = a;
  own["config_hash_id"] = "0D1C2B3A-4444-4555-8666-777788889999";
  EXPECT_EQ(definition_of_alarm(own, "x").config_hash, "0d1c2b3a-4444-4555-8666-777788889999");
  return {};
}

std::string health_file__block__is_read_up_to_the_next() {
  const auto b = parse_health_block(kHealth, 2);
  EXPECT(b);
  EXPECT_EQ(b->at("template"), "stocktest_high");
  EXPECT_EQ(b->at("on"), "stocktest.value");
  EXPECT_EQ(b->at("lookup"), "average -10m unaligned of v");
  EXPECT_EQ(b->at("info"), "value of $family : high");
  EXPECT_EQ(b->at("host labels"), "_os=linux");
  EXPECT_EQ(b->count("alarm"), 0U);
  const auto other = parse_health_block(kHealth, 13);
  EXPECT(other && other->at("alarm") == "another" && other->size() == 2);
  for (const std::uint32_t line : {1U, 3U, 8U, 14U, 15U, 99U}) EXPECT(!parse_health_block(kHealth, line));
  EXPECT(!parse_health_block("", 1));
  return {};
}

std::string health_file__only_in_health_d__is_opened() {
  const aclk::test::TempDir d;
  std::filesystem::create_directories(d / "health.d");
  EXPECT(write_file_atomically(d / "health.d/x.conf", kHealth, 0600));
  EXPECT(write_file_atomically(d / "x.conf", kHealth, 0600));
  EXPECT(write_file_atomically(d / "health.d/x.txt", kHealth, 0600));
  EXPECT(read_health_block({2, (d / "health.d/x.conf").string()}, {}));
  EXPECT(!read_health_block({2, (d / "x.conf").string()}, {}));
  EXPECT(!read_health_block({2, (d / "health.d/x.txt").string()}, {}));
  EXPECT(!read_health_block({2, (d / "health.d/none.conf").string()}, {}));
  EXPECT(!read_health_block({0, (d / "health.d/x.conf").string()}, {}));
  EXPECT(!read_health_block({2, "health.d/x.conf"}, {}));

  auto a = alarm();
  a["source"] = "2@" + (d / "health.d/x.conf").string();
  const auto c = definition_of_alarm(a, "ignored");
  EXPECT_EQ(c.on_chart, "stocktest.value");
  EXPECT_EQ(c.lookup, "average -10m unaligned of v");
  EXPECT_EQ(c.delay, "down 15m multiplier 1.5 max 1h");
  EXPECT_EQ(c.info, "value of $family : high");
  a["source"] = "13@" + (d / "health.d/x.conf").string();
  EXPECT_EQ(definition_of_alarm(a, "").alarm, "stocktest_high");
  EXPECT_EQ(definition_of_alarm(a, "").template_name, "");
  return {};
}

std::string health_file__in_the_directories_of_netdata_conf__is_opened() {
  const aclk::test::TempDir d;
  std::filesystem::create_directories(d / "my alerts/sub");
  std::filesystem::create_directories(d / "my alerts2");
  const auto place = (d / "my alerts").string();
  EXPECT(write_file_atomically(d / "my alerts/sub/x.conf", kHealth, 0600));
  EXPECT(write_file_atomically(d / "my alerts2/x.conf", kHealth, 0600));
  EXPECT(write_file_atomically(d / "y.conf", kHealth, 0600));
  std::filesystem::create_symlink(d / "my alerts2/x.conf", d / "my alerts/link.conf");
  const auto directories =
      health_directories(NetdataConf::parse("[directories]\n  health config = " + place + "//\n"), {});
  EXPECT(read_health_block({2, place + "/sub/x.conf"}, directories));
  EXPECT(read_health_block({2, place + "/link.conf"}, directories));
  EXPECT(!read_health_block({2, place + "2/x.conf"}, directories));
  EXPECT(!read_health_block({2, place + "/../y.conf"}, directories));

  auto a = alarm();
  a["source"] = "13@" + place + "/sub/x.conf";
  const auto c = definition_of_alarm(a, "a.context", directories);
  EXPECT_EQ(c.alarm + "|" + c.template_name + "|" + c.on_chart, "stocktest_high||system.ram");
  a["source"] = "2@" + place + "/sub/x.conf";
  const auto t = definition_of_alarm(a, "a.context", directories);
  EXPECT_EQ(t.lookup + "|" + t.info + "|" + t.hosts + "|" + t.host_labels,
            "average -10m unaligned of v|value of $family : high|*|_os=linux");
  return {};
}

std::string health_directories__old_keys_and_defaults__are_the_agents() {
  Environment env;
  env.user_config = "/etc/n";
  env.stock_config = "/usr/lib/n";
  const auto read = [&](const char *text) {
    std::string out;
    for (const auto &d : health_directories(NetdataConf::parse(text), env)) out += d.native() + "|";
    return out;
  };
  EXPECT_EQ(read(""), "/etc/n/health.d|/usr/lib/n/health.d|");
  EXPECT_EQ(read("[directories]\nhealth config = /a b\nstock health config = \"/c\"\n"), "/a b|\"/c\"|");
  EXPECT_EQ(read("[health]\nhealth configuration directory = /a\nstock health configuration directory = /b\n"),
            "/a|/b|");
  EXPECT_EQ(read("[health]\nhealth configuration directory = /a\n[directories]\nhealth config = /b\n"),
            "/b|/usr/lib/n/health.d|");
  return {};
}

std::string health_file__quotes_spaces_and_repeated_keys__are_read_as_the_agent_reads_them() {
  const std::string text =
      " ALARM:  \\\n  a\n on: system.load\n on:\tsystem.cpu\n# comment \\\n info: it \"is\"   'so'   $value\n"
      " lookup: average   -10s  \\\n   of   user\n host   labels: a=b   c\n no colon here\n to: a   \"b\"\n";
  EXPECT(!parse_health_block(text, 1));  // the agent counts a continued line by its end
  const auto b = parse_health_block(text, 2);
  EXPECT(b);
  EXPECT_EQ(b->at("alarm"), "a");
  EXPECT_EQ(b->at("on"), "system.cpu");
  EXPECT_EQ(b->at("info"), "it  is   so  $value");
  EXPECT_EQ(b->at("lookup"), "average -10s of user");
  EXPECT_EQ(b->at("host labels"), "a=b c");
  EXPECT_EQ(b->at("to"), "a \"b\"");
  return {};
}

std::string definition__that_the_agent_tells__is_repaired_where_it_forgets() {
  const auto document = sample_json("v2_alert_config.json");
  const std::string hash = "0d1c2b3a-4444-4555-8666-777788889999";
  AlertConfig known;
  known.on_chart = "stocktest.value";
  const auto c = definition_of_alert_config(document, hash, known);
  EXPECT_EQ(c.template_name, "stocktest_high");
  EXPECT_EQ(c.on_chart, "stocktest.value");
  EXPECT_EQ(c.alarm, "");
  EXPECT_EQ(c.every, "10");
  EXPECT_EQ(c.lookup_options, "absolute unaligned");
  EXPECT_EQ(c.lookup_after, -600);
  EXPECT_EQ(c.warning_expr, "$this > 10");
  EXPECT_EQ(c.delay, "down 15m");
  EXPECT_EQ(c.host_labels, "_os=linux");
  auto named = document;
  named["name"] = "a";
  named["selectors"]["type"] = "alarm";
  named["selectors"]["on"] = "system.ram";
  const auto n = definition_of_alert_config(named, hash, std::nullopt);
  EXPECT_EQ(n.alarm + n.template_name + n.on_chart, "asystem.ram");
  EXPECT(definition_of_alert_config(json::array(), hash, std::nullopt).config_hash == hash);
  return {};
}

std::string definitions__learned__are_found_by_alert_and_by_hash() {
  AlertDefinitions d;
  const auto c = definition_of_alarm(alarm(), "");
  d.learn(kLocal, "stocktest.c1", "stocktest_high", c);
  EXPECT_EQ(d.of_alert(kLocal, "stocktest.c1", "stocktest_high")->config_hash, c.config_hash);
  EXPECT(!d.of_alert(kChild, "stocktest.c1", "stocktest_high"));
  EXPECT(d.of_hash(c.config_hash));
  EXPECT(!d.of_hash("x"));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(definition__of_1_37__has_plain_expressions),
    ACLK_TEST(hash__of_1_37__is_stable_and_changes_with_the_definition),
    ACLK_TEST(health_file__block__is_read_up_to_the_next),
    ACLK_TEST(health_file__only_in_health_d__is_opened),
    ACLK_TEST(health_file__in_the_directories_of_netdata_conf__is_opened),
    ACLK_TEST(health_directories__old_keys_and_defaults__are_the_agents),
    ACLK_TEST(health_file__quotes_spaces_and_repeated_keys__are_read_as_the_agent_reads_them),
    ACLK_TEST(definition__that_the_agent_tells__is_repaired_where_it_forgets),
    ACLK_TEST(definitions__learned__are_found_by_alert_and_by_hash),
};

}  // namespace
}  // namespace test_alert_definitions

int definition_tests() {
  return cmocka_run_group_tests_name("definitions", test_alert_definitions::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
