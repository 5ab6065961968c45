// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>
#include <vector>

#include "claim/identity.h"
#include "claim/ini.h"
#include "claim/settings.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_conf {
using namespace aclk;
using namespace aclk::claim;

namespace {

std::string ini__the_agents_own_style__is_read_as_the_agent_reads_it() {
  std::vector<std::string> seen;
  visit_ini(
      "early = 1\n[ global ]\r\n    a key with spaces = a value = with ; more # inside\r\n\t# b = 2\n"
      "  #| >>> [global].x <<<\nno equals sign\n = no key\n[cloud]\n\t url =\n[unclosed\nlast=  x",
      [&](std::string_view s, std::string_view k, std::string_view v) {
        seen.push_back(std::string(s) + "|" + std::string(k) + "|" + std::string(v));
      });
  const std::vector<std::string> want{" global |a key with spaces|a value = with ; more # inside", "cloud|url|",
                                      "cloud|last|x"};
  EXPECT(seen == want);
  return {};
}

std::string ini__lines_of_any_length__are_whole() {
  const std::string rooms(5000, 'r');
  EXPECT_EQ(ini_value("[global]\n  rooms = " + rooms + "\n", "global", "rooms").value_or(""), rooms);
  return {};
}

std::string ini__value__is_the_last_one_in_its_section() {
  const auto *const text = "[a]\nk = 1\n[b]\nk = 2\n[a]\nk = 3\nempty =\n";
  EXPECT_EQ(ini_value(text, "a", "k").value_or(""), "3");
  EXPECT_EQ(ini_value(text, "b", "k").value_or(""), "2");
  EXPECT(!ini_value(text, "a", "empty"));
  EXPECT(!ini_value(text, "c", "k"));
  return {};
}

std::string cloud_conf__empty_or_garbage__gives_the_defaults() {
  for (const auto *text : {"", "\0\1\2[[[]]]===", "[other]\nenabled = no\nurl = https://x\n"}) {
    const auto c = parse_cloud_conf(text);
    EXPECT(c.enabled);
    EXPECT_EQ(c.url, "https://app.netdata.cloud");
    EXPECT_EQ(c.proxy, "env");
    EXPECT(!c.insecure);
    EXPECT_EQ(c.claimed_id, "");
  }
  return {};
}

std::string cloud_conf__enabled__is_on_for_what_the_agent_takes_for_yes() {
  const auto enabled = [](const std::string &word) {
    return parse_cloud_conf("[global]\n    enabled = " + word + "\n    cloud base url = https://app.netdata.cloud\n")
        .enabled;
  };
  for (const auto *off : {"no", "false", "off", "0", "No", "OFF", "", "nope", "1", "\"yes\"", "yes # x", "on  demand"})
    EXPECT(!enabled(off));
  for (const auto *on : {"yes", "auto", "on demand", "On Demand", "TRUE", " yes\t"}) EXPECT(enabled(on));
  EXPECT(parse_cloud_conf("[global]\n").enabled);
  return {};
}

std::string cloud_conf__old_key__is_the_url_unless_the_new_one_is_there() {
  EXPECT_EQ(parse_cloud_conf("[global]\n  cloud base url = https://old\n").url, "https://old");
  EXPECT_EQ(parse_cloud_conf("[global]\n  url = https://new\n  cloud base url = https://old\n").url, "https://new");
  return {};
}

std::string cloud_conf__written__reads_back_equal() {
  CloudConf c;
  c.url = "https://cloud.example.org/x";
  c.proxy = "http://u:p@h:1";
  c.token = std::string(135, 't');
  c.rooms = std::string(2000, 'r');
  c.insecure = true;
  c.machine_guid = "11111111-2222-4333-8444-555555555555";
  c.claimed_id = "21111111-2222-4333-8444-555555555555";
  c.hostname = "a host";
  const auto back = parse_cloud_conf(format_cloud_conf(c));
  EXPECT(back.enabled);
  EXPECT_EQ(back.url, c.url);
  EXPECT_EQ(back.proxy, c.proxy);
  EXPECT_EQ(back.token, c.token);
  EXPECT_EQ(back.rooms, c.rooms);
  EXPECT(back.insecure);
  EXPECT_EQ(back.machine_guid, c.machine_guid);
  EXPECT_EQ(back.claimed_id, c.claimed_id);
  EXPECT_EQ(back.hostname, c.hostname);
  c.enabled = false;
  EXPECT(!parse_cloud_conf(format_cloud_conf(c)).enabled);
  return {};
}

std::string cloud_conf__written__comments_defaults_out_and_keeps_values_on_one_line() {
  CloudConf c;
  c.hostname = "evil\n    enabled = no\n[global]";
  c.claimed_id = "x";
  const auto text = format_cloud_conf(c);
  EXPECT(text.starts_with("# The agent-cloud link of this node."));  // a package's purge looks for it
  EXPECT(text.find("\n    # url = https://app.netdata.cloud\n") != std::string::npos);
  EXPECT(text.find("\n    claimed_id = x\n") != std::string::npos);
  EXPECT(text.find("#| >>> [global].proxy <<<") != std::string::npos);
  EXPECT(parse_cloud_conf(text).enabled);
  return {};
}

std::string hostname__netdata_conf__wins_over_the_systems() {
  const auto sys = [] { return std::string("sys"); };
  EXPECT_EQ(registry_hostname("", sys), "sys");
  EXPECT_EQ(registry_hostname("[global]\n hostname = g\n", sys), "g");
  EXPECT_EQ(registry_hostname("[global]\n hostname = g\n[registry]\n registry hostname = r\n", sys), "r");
  EXPECT_EQ(registry_hostname("[registry]\n # registry hostname = r\n", sys), "sys");
  EXPECT(!system_hostname().empty());
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(ini__the_agents_own_style__is_read_as_the_agent_reads_it),
    ACLK_TEST(ini__lines_of_any_length__are_whole),
    ACLK_TEST(ini__value__is_the_last_one_in_its_section),
    ACLK_TEST(cloud_conf__empty_or_garbage__gives_the_defaults),
    ACLK_TEST(cloud_conf__enabled__is_on_for_what_the_agent_takes_for_yes),
    ACLK_TEST(cloud_conf__old_key__is_the_url_unless_the_new_one_is_there),
    ACLK_TEST(cloud_conf__written__reads_back_equal),
    ACLK_TEST(cloud_conf__written__comments_defaults_out_and_keeps_values_on_one_line),
    ACLK_TEST(hostname__netdata_conf__wins_over_the_systems),
};

}  // namespace
}  // namespace test_conf

int run_conf_tests() { return cmocka_run_group_tests_name("claim: configuration", test_conf::tests, nullptr, nullptr); }
