// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/alerts/read_alerts.h"
#include "plugin-api/external/json/values.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_alerts {
namespace {

ChartsByName charts() { return read_charts(sample_json("v1_charts.json")); }

std::string text__entities__become_characters() {
  EXPECT_EQ(html_unescape("$a &gt; 1 &amp;&amp; $b &lt; 2 &#x2F; &quot;x&quot; &#39;y&#39;"),
            "$a > 1 && $b < 2 / \"x\" 'y'");
  EXPECT_EQ(html_unescape("&amp;gt; & &unknown; &"), "&gt; & &unknown; &");
  return {};
}

std::string text__sources_of_both_kinds__are_the_same() {
  EXPECT_EQ(parse_source("4@/usr/lib/netdata/conf.d/health.d/cpu.conf").conf_source(),
            "line=4,file=/usr/lib/netdata/conf.d/health.d/cpu.conf");
  EXPECT_EQ(parse_source("line=4,file=/x/cpu.conf").conf_source(), "line=4,file=/x/cpu.conf");
  EXPECT_EQ(parse_source("").conf_source(), "");
  EXPECT_EQ(parse_source("nonsense").conf_source(), "");
  EXPECT_EQ(edit_command(parse_source("4@/x/health.d/cpu.conf"), "/etc/netdata", "a"),
            "sudo /etc/netdata/edit-config health.d/cpu.conf=4=a");
  EXPECT_EQ(edit_command({}, "/etc/netdata", "a"), "");
  return {};
}

std::string text__command_that_edits__names_the_file_where_it_is() {
  const auto command = [](const char *source) { return edit_command(parse_source(source), "/etc/netdata", "a"); };
  EXPECT_EQ(command("4@/etc/netdata/health.d/own/cpu.conf"), "sudo /etc/netdata/edit-config health.d/own/cpu.conf=4=a");
  EXPECT_EQ(command("4@/etc/netdata/alerts/cpu.conf"), "sudo /etc/netdata/edit-config alerts/cpu.conf=4=a");
  EXPECT_EQ(command("4@/srv/alerts/cpu.conf"), "sudo vi +4 /srv/alerts/cpu.conf");
  EXPECT_EQ(command("line=4,file=/etc/netdata-2/cpu.conf"), "sudo vi +4 /etc/netdata-2/cpu.conf");
  const auto told = [](const char *text, const char *source) {
    return agents_edit_command(text, parse_source(source), "a");
  };
  constexpr auto kOwn = "sudo /etc/netdata/edit-config health.d/cpu.conf=4=host";
  EXPECT_EQ(told(kOwn, "4@/etc/netdata/health.d/cpu.conf"), kOwn);
  EXPECT_EQ(told(kOwn, ""), kOwn);
  EXPECT_EQ(told(kOwn, "4@/srv/alerts/cpu.conf"), "sudo vi +4 /srv/alerts/cpu.conf");
  EXPECT_EQ(told(kOwn, "4@/etc/netdata/alerts/cpu.conf"), "sudo /etc/netdata/edit-config alerts/cpu.conf=4=a");
  EXPECT_EQ(told("", "4@/srv/alerts/cpu.conf"), "");
  return {};
}

std::string text__statuses__have_the_numbers_of_the_wire() {
  EXPECT_EQ(alert_status("REMOVED"), 2U);
  EXPECT_EQ(alert_status("UNDEFINED"), 3U);
  EXPECT_EQ(alert_status("UNINITIALIZED"), 1U);
  EXPECT_EQ(alert_status("CLEAR"), 4U);
  EXPECT_EQ(alert_status("WARNING"), 5U);
  EXPECT_EQ(alert_status("CRITICAL"), 6U);
  EXPECT_EQ(alert_status("RAISED"), 1U);
  return {};
}

std::string alarm_log__as_recorded__comes_oldest_first_and_complete() {
  AlertDefinitions d;
  Texts texts;
  learn_alarms(sample_json("v1_alarms_all.json"), kLocal, charts(), d);
  const auto log = read_alarm_log(sample_json("v1_alarm_log.json"), kLocal, charts(), d, texts);
  EXPECT_EQ(log.size(), 11U);
  for (std::size_t i = 1; i < log.size(); ++i) EXPECT(log[i - 1].log_id < log[i].log_id);
  const auto &a = log.back();
  EXPECT_EQ(a.log_id, 1795227498U);
  EXPECT_EQ(text(a.name), "stocktest_high");
  EXPECT_EQ(text(a.chart), "stocktest.c1");
  EXPECT_EQ(text(a.chart_name), "stocktest.c1");
  EXPECT_EQ(text(a.alert_id), "stocktest.c1/stocktest_high");
  EXPECT_EQ(text(a.context), "stocktest.value");
  EXPECT_EQ(text(a.info), "stock test back\\slash value is high");
  EXPECT_EQ(text(a.units), "things");
  EXPECT_EQ(a.status, std::uint32_t{NACLK_ALERT_CLEAR});
  EXPECT_EQ(a.old_status, std::uint32_t{NACLK_ALERT_CRITICAL});
  EXPECT_EQ(text(a.timezone), "UTC");
  EXPECT_EQ(text(a.conf_source), "line=1,file=/etc/netdata/health.d/stocktest.conf");
  EXPECT_EQ(text(a.command), "sudo /etc/netdata/edit-config health.d/stocktest.conf=1=node1");
  EXPECT_EQ(a.value, 1.0);
  EXPECT_EQ(text(a.value_string), "1 things");
  EXPECT(a.silenced);  // its recipient is silent
  EXPECT(!a.superseded && !a.variable);
  EXPECT(log[log.size() - 2].superseded);
  EXPECT_EQ(text(a.config_hash).size(), 36U);
  EXPECT_EQ(text(a.config_hash), text(log[log.size() - 2].config_hash));
  EXPECT(text(a.config_hash) != "00000000-0000-0000-0000-000000000000");
  EXPECT(d.of_hash(text(a.config_hash)));
  EXPECT(std::isnan(log.front().value));
  EXPECT_EQ(text(log.front().value_string), "-");
  return {};
}

std::string alarm_log__definition_gone__still_has_a_hash_that_is_known() {
  AlertDefinitions d;
  Texts texts;
  const auto log = read_alarm_log(sample_json("v1_alarm_log.json"), kLocal, {}, d, texts);
  const auto known = d.of_hash(text(log.back().config_hash));
  EXPECT(known && known->partial && known->template_name == "stocktest_high");
  EXPECT(!log.back().variable);
  return {};
}

// Found by fuzzing: ids of a log rise strictly.
std::string alarm_log__an_id_twice__is_one_entry() {
  AlertDefinitions d;
  Texts texts;
  const auto j = nlohmann::json::parse(R"([{"unique_id":2,"name":"a"},{"unique_id":1},{"unique_id":2,"name":"b"}])");
  const auto log = read_alarm_log(j, kLocal, {}, d, texts);
  EXPECT(log.size() == 2 && log[1].log_id == 2 && text(log[1].name) == "a");
  return {};
}

std::string alarm_log__hostile__is_empty() {
  AlertDefinitions d;
  Texts texts;
  EXPECT(read_alarm_log(nlohmann::json::parse("{\"a\":1}"), kLocal, {}, d, texts).empty());
  EXPECT(read_alarm_log(nlohmann::json::parse("[1,null,{},{\"unique_id\":\"x\"},{\"unique_id\":-4}]"), kLocal, {}, d,
                        texts)
             .empty());
  return {};
}

std::string active_alarms__with_the_log__are_their_last_transitions() {
  AlertDefinitions d;
  Texts texts;
  const auto alarms = sample_json("v1_alarms_all.json");
  const auto log = read_alarm_log(sample_json("v1_alarm_log.json"), kLocal, charts(), d, texts);
  const auto active = read_active_alarms(alarms, log, kLocal, charts(), "/etc/netdata", d, texts);
  EXPECT_EQ(active.size(), alarms["alarms"].size());
  bool found = false;
  for (const auto &a : active) {
    EXPECT_EQ(text(a.config_hash).size(), 36U);
    EXPECT_EQ(text(a.timezone), "UTC");
    EXPECT(!text(a.command).empty());
    if (text(a.name) != "stocktest_high") continue;
    found = true;
    EXPECT_EQ(a.log_id, 1795227498U);
    EXPECT_EQ(a.event_id, 5U);
    EXPECT_EQ(text(a.context), "stocktest.value");
  }
  EXPECT(found);
  return {};
}

std::string active_alarms__without_the_log__say_what_the_alarm_says() {
  AlertDefinitions d;
  Texts texts;
  const auto active = read_active_alarms(sample_json("v1_alarms_all.json"), {}, kLocal, charts(), "/c", d, texts);
  for (const auto &a : active) {
    EXPECT_EQ(a.log_id, 0U);
    if (text(a.name) != "stocktest_high") continue;
    EXPECT_EQ(a.when_s, 1795228144U);
    EXPECT_EQ(text(a.context), "stocktest.value");
    EXPECT_EQ(text(a.command), "sudo /c/edit-config health.d/stocktest.conf=1=node1");
  }
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(text__entities__become_characters),
    ACLK_TEST(text__sources_of_both_kinds__are_the_same),
    ACLK_TEST(text__command_that_edits__names_the_file_where_it_is),
    ACLK_TEST(text__statuses__have_the_numbers_of_the_wire),
    ACLK_TEST(alarm_log__as_recorded__comes_oldest_first_and_complete),
    ACLK_TEST(alarm_log__definition_gone__still_has_a_hash_that_is_known),
    ACLK_TEST(alarm_log__an_id_twice__is_one_entry),
    ACLK_TEST(alarm_log__hostile__is_empty),
    ACLK_TEST(active_alarms__with_the_log__are_their_last_transitions),
    ACLK_TEST(active_alarms__without_the_log__say_what_the_alarm_says),
};

}  // namespace
}  // namespace test_alerts

int alert_tests() { return cmocka_run_group_tests_name("alerts", test_alerts::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
