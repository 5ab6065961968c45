// SPDX-License-Identifier: GPL-3.0-or-later
//
// Documents whose texts are printed without escaping are read back, whatever the texts are.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "plugin-api/external/alerts/read_alerts.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/json/lenient_json.h"
#include "plugin-api/external/json/printed_json.h"
#include "tests/unit/external/printed.h"
#include "tests/unit/external/tests.h"
#include "tests/unit/random_steps.h"

namespace aclk::external::test {
namespace test_printed_json {
namespace {

using nlohmann::json;

// Texts of what people write, and of what looks like parts of the agent's documents.
class Texts {
 public:
  explicit Texts(unsigned seed) : random_(seed) {}

  std::string next() {
    static constexpr std::array<std::string_view, 36> kPieces{
        "\"",
        "\\",
        ",",
        ":",
        "{",
        "}",
        "[",
        "]",
        " ",
        "x",
        "\x01",
        "\t",
        "\xc3\xa9",
        "\\n",
        "\\\"",
        "\",",
        "\"}",
        "\" }",
        "\" },",
        "},",
        "\": \"",
        "\", \"",
        "\", \"status\": \"CLEAR",
        "\", \"status\": \"CLEAR\",",
        "\\u00e9",
        "\"\"",
        "\", \"reachable\": false, \"hops\": 9",
        "\", \"reachable\": false, \"hops\": 9, \"claim_id\": null, "
        "\"node_id\": null }",
        "\", \"hostname\": \"other",
        "\"node_id\": \"",
        "{ \"guid\": \"",
        "null",
        "\", \"zzz\": 1",
        "\", \"claim_id\": \"",
        "\"id\": 8",
        "/*"};
    std::string out;
    for (auto n = random_() % 6; n > 0; --n) out += kPieces.at(random_() % kPieces.size());
    return out;
  }

 private:
  std::mt19937 random_;
};

const unsigned kRounds = aclk::test::seeds() / 20;  // the fuzz target lenient_json does more

std::string printed__any_text_in_any_field_of_alarms__is_read_back() {
  Texts texts(1);
  for (unsigned i = 0; i < kRounds; ++i) {
    const auto host = texts.next();
    const PrintedAlarm a{texts.next(), texts.next(), texts.next(), texts.next(), texts.next(),
                         texts.next(), "CRITICAL",   11,           "mine"};
    const PrintedAlarm b{"x", "y", "1@/z", "%", "info", "c", "WARNING", 12, "other"};
    const auto document = print_alarms(host, {a, b});
    const auto j = parse_agent_json(document, "alarms");
    EXPECT(j);
    EXPECT_EQ((*j)["hostname"].get<std::string>(), host);
    EXPECT_EQ((*j)["alarms"].size(), 2U);
    const auto &read = (*j)["alarms"]["system.cpu.mine"];
    EXPECT_EQ(read["exec"].get<std::string>(), a.exec);
    EXPECT_EQ(read["recipient"].get<std::string>(), a.recipient);
    EXPECT_EQ(read["source"].get<std::string>(), a.source);
    EXPECT_EQ(read["units"].get<std::string>(), a.units);
    EXPECT_EQ(read["info"].get<std::string>(), a.info);
    EXPECT_EQ(read["class"].get<std::string>(), a.class_name);
    EXPECT(read["status"] == "CRITICAL" && read["id"] == 11 && read["value"] == 1.25 && read.size() == 17);
    EXPECT((*j)["alarms"]["system.cpu.other"]["status"] == "WARNING");
  }
  return {};
}

std::string printed__any_text_in_the_alarm_log__is_read_back() {
  Texts texts(2);
  for (unsigned i = 0; i < kRounds; ++i) {
    const auto host = texts.next();
    const PrintedAlarm a{texts.next(), texts.next(), texts.next(), texts.next(), texts.next(),
                         texts.next(), "CRITICAL",   11,           "mine"};
    const auto j = parse_agent_json(print_alarm_log(host, {a, {}}), "alarm_log");
    EXPECT(j);
    EXPECT_EQ(j->size(), 2U);
    const auto &read = j->front();
    EXPECT_EQ(read["hostname"].get<std::string>(), host);
    EXPECT_EQ(read["exec"].get<std::string>(), a.exec);
    EXPECT_EQ(read["recipient"].get<std::string>(), a.recipient);
    EXPECT_EQ(read["info"].get<std::string>(), a.info);
    EXPECT(read["status"] == "CRITICAL" && read["unique_id"] == 11 && read.size() == 17);
    EXPECT((*j)[1]["status"] == "CLEAR");
  }
  return {};
}

std::string printed__any_host_name__leaves_every_node_in_the_list() {
  Texts texts(3);
  constexpr const char *kOther = "c017cf8e-e551-11f1-9495-02fc00000002";
  for (unsigned i = 0; i < kRounds; ++i) {
    const auto own = texts.next();
    const auto child = texts.next();
    const auto os = texts.next();
    const auto document = print_info({{kLocal, own}, {kChild, child, i % 2 == 0}, {kOther, "plain", false}}, os, own);
    const auto j = parse_agent_json(document, "info");
    EXPECT(j);
    EXPECT_EQ((*j)["os_name"].get<std::string>(), os);
    EXPECT_EQ((*j)["mirrored_hosts"][1].get<std::string>(), child);
    EXPECT_EQ((*j)["host_labels"]["mine"].get<std::string>(), own);
    const auto hosts = read_mirrored_hosts(*j, kLocal);
    const auto &nodes = hosts.items;
    EXPECT_EQ(nodes.size(), 3U);
    EXPECT_EQ(text(nodes[0].hostname), own);
    EXPECT_EQ(text(nodes[1].hostname), child);
    EXPECT(text(nodes[1].machine_guid) == kChild && nodes[1].hops == 1 && (nodes[1].live != 0) == (i % 2 == 0));
    EXPECT(text(nodes[2].hostname) == "plain" && nodes[2].live == 0);
  }
  return {};
}

std::string printed__any_text_in_charts_and_contexts__is_read_back() {
  Texts texts(4);
  for (unsigned i = 0; i < kRounds; ++i) {
    const auto host = texts.next();
    const auto title = texts.next();
    const auto dimension = texts.next();
    const auto charts = parse_agent_json(print_charts(host, title, dimension), "charts");
    EXPECT(charts);
    const auto &chart = (*charts)["charts"]["tt.c2"];
    EXPECT_EQ(chart["title"].get<std::string>(), title + " (tt.c2)");
    EXPECT_EQ(chart["units"].get<std::string>(), title);
    EXPECT_EQ(chart["dimensions"]["d"]["name"].get<std::string>(), dimension);
    EXPECT_EQ((*charts)["hosts"][0]["hostname"].get<std::string>(), host);
    EXPECT_EQ((*charts)["custom_info"].get<std::string>(), title);
    const auto by_name = read_charts(*charts);
    EXPECT_EQ(by_name.at("tt.n2").context, "tt.ctx");
    const auto contexts = parse_agent_json(print_contexts(host, title), "contexts");
    EXPECT(contexts);
    const auto list = read_contexts(*contexts);
    EXPECT_EQ(list.items.size(), 1U);
    const auto &one = list.items[0];
    EXPECT(text(one.id) == "tt.ctx" && text(one.title) == title && text(one.units) == title && one.collected != 0);
  }
  return {};
}

// Recorded from netdata 1.37.1 with hostname = "web01", exec: /usr/local/bin/notify "ops team", a byte that is no
// UTF-8, and a child with a quote and a backslash in its name.
std::string printed__recorded_documents_with_quotes__are_read() {
  const auto alarms = sample_json("v1_quotes_alarms.json");
  EXPECT_EQ(alarms["hostname"].get<std::string>(), "\"web01\"");
  EXPECT_EQ(alarms["alarms"].size(), 2U);
  const auto &mine = alarms["alarms"]["system.cpu.mine"];
  EXPECT_EQ(mine["exec"].get<std::string>(), "/usr/local/bin/notify \"ops team\"");
  EXPECT_EQ(mine["recipient"].get<std::string>(), "\"sysadmin\"");
  EXPECT_EQ(mine["units"].get<std::string>(), "a b\\c");
  EXPECT(mine["info"].get<std::string>().find("\\d+") != std::string::npos);
  const auto log = sample_json("v1_quotes_alarm_log.json");
  EXPECT_EQ(log.size(), 3U);
  EXPECT_EQ(log[2]["exec"].get<std::string>(), "/bin/x \"y\"");
  EXPECT_EQ(log[0]["command"].get<std::string>(), "sudo /etc/netdata/edit-config health.d/mine.conf=1=\"web01\"");
  const auto info = sample_json("v1_quotes_info.json");
  EXPECT_EQ(std::string(text(read_mirrored_hosts(info, text_of(info, "uid")).items[0].hostname)), "\"web01\"");
  const auto child = sample_json("v1_quotes_info_child.json");
  EXPECT_EQ(std::string(text(read_mirrored_hosts(child, "").items[1].hostname)), "ki\"d\", x\\");
  const auto charts = sample_json("v1_quotes_charts.json");
  EXPECT_EQ(charts["hosts"][0]["hostname"].get<std::string>(), "\"web01\"");
  EXPECT_EQ(charts["charts"].size(), 2U);
  return {};
}

std::string printed__a_text_with_line_ends__is_read_or_costs_its_element_only() {
  PrintedAlarm a;
  PrintedAlarm other;
  other.name = "other";
  a.exec = "one\ntwo \"three\"\nfour";
  auto j = parse_agent_json(print_alarms("h", {a, other}), "alarms");
  EXPECT(j && (*j)["alarms"]["system.cpu.mine"]["exec"] == a.exec);
  // A whole member from within a text: which of the two is the agent's nobody can tell.
  a.exec = "x\",\n\t\t\t\"status\": \"WARNING\",\n\t\t\t\"zzz\": \"";
  a.name = "evil";
  std::vector<std::string> lost;
  j = parse_agent_json(print_alarms("h", {{}, a}), "alarms", &lost);
  EXPECT(j && (*j)["alarms"].size() == 1 && (*j)["alarms"]["system.cpu.mine"]["status"] == "CLEAR");
  EXPECT(lost == std::vector<std::string>{"\"system.cpu.evil\": { of alarms"});
  lost.clear();
  auto log = print_alarm_log("h", {a, {}});
  log.replace(log.find("\t\t\t\"status\": \"WARNING\""), 1, "");
  log.replace(log.find("\t\t\t\"zzz\""), 1, "");
  j = parse_agent_json(log, "alarm_log", &lost);
  EXPECT(j && j->size() == 1 && (*j)[0]["name"] == "mine" && lost.size() == 1);
  return {};
}

std::string printed__one_bad_element__costs_that_element_only_and_is_named() {
  auto info = print_info({{kLocal, "node1"}, {kChild, "kid1"}}, "os", "label");
  const auto at = info.find("\"hostname\": \"kid1\"");
  info.replace(at, 18, "\"hostname\": kid1");
  std::vector<std::string> lost;
  auto j = parse_agent_json(info, "info", &lost);
  EXPECT(j && (*j)["mirrored_hosts_status"].size() == 1 && (*j)["host_labels"]["mine"] == "label");
  EXPECT(lost.size() == 1 && lost[0].find("b017cf8e-e551-11f1-9495-02fc00000001") != std::string::npos);
  EXPECT(lost[0].find("of mirrored_hosts_status") != std::string::npos);

  auto charts = print_charts("h", "title", "d");
  charts.insert(charts.find("\t\t\"tt.c2\""),
                "\t\t\"bad\": \t\t{\n\t\t\t\"id\": what,\n\t\t\t\"name\": \"x\"\n\t\t},\n");
  j = parse_agent_json(charts, "charts", &lost);
  EXPECT(j && (*j)["charts"].size() == 1 && (*j)["charts"].contains("tt.c2"));
  EXPECT(lost == std::vector<std::string>{"\"bad\": \t\t{ of charts"} ||
         lost == std::vector<std::string>{"\"bad\": ??{ of charts"});
  // Outside of lists nothing can be left out.
  auto broken = print_info({{kLocal, "node1"}}, "os", "label");
  broken.replace(broken.find("\"uid\": \""), 8, "\"uid\": ");
  EXPECT(!parse_agent_json(broken, "info"));
  for (std::size_t n = 0; n < info.size(); n += 7) EXPECT(!parse_agent_json(std::string_view(info).substr(0, n), "x"));
  return {};
}

std::string printed__valid_documents_in_any_layout__read_as_the_library_reads_them() {
  for (const auto *name :
       {"v1_info.json", "v1_contexts.json", "v1_charts.json", "v1_alarms_active.json", "v1_alarms_child.json",
        "v1_info_child.json", "v143_alarms_all.json", "v2_info.json", "v143_contexts.json"}) {
    const auto valid = json::parse(sample(name));
    EXPECT(sample_json(name) == valid);
    for (const int indent : {-1, 0, 1, 4}) EXPECT(parse_agent_json(valid.dump(indent), name).value() == valid);
    EXPECT(parse_agent_json(valid.dump(1, '\t'), name).value() == valid);
  }
  return {};
}

std::string json__quotes_in_documents_of_another_layout__are_read() {
  EXPECT(parse_agent_json("{\n    \"a\": \"say \"hi\" x\",\n    \"b\": [\"c\"d\"]\n}", "x").value() ==
         json::parse(R"({"a":"say \"hi\" x","b":["c\"d"]})"));
  EXPECT(parse_agent_json(R"({"a":"x "y", z","b":1})", "x").value() == json::parse(R"({"a":"x \"y\", z","b":1})"));
  return {};
}

std::string json__too_many_values__are_an_error_before_anything_is_built() {
  std::string many = "[";
  for (std::size_t i = 0; i < kMaxJsonValues; ++i) many += "[],";
  many += "1]";
  const auto j = parse_agent_json(many, "/api/v1/charts");
  EXPECT(!j && j.error().code == Errc::too_big);
  EXPECT_EQ(j.error().what,
            "the agent's /api/v1/charts has more than 1000000 values in its 3000003 bytes, so it is "
            "not read");
  std::string lines = "[\n";
  for (std::size_t i = 0; i < 400'000; ++i) lines += "\t[\n\t],\n";
  lines += "\t1\n]\n";
  EXPECT(parse_agent_json(lines, "x"));
  lines.insert(2, lines.substr(2, lines.size() - 6) + ",\n");
  EXPECT(!parse_agent_json(lines, "x"));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(printed__any_text_in_any_field_of_alarms__is_read_back),
    ACLK_TEST(printed__any_text_in_the_alarm_log__is_read_back),
    ACLK_TEST(printed__any_host_name__leaves_every_node_in_the_list),
    ACLK_TEST(printed__any_text_in_charts_and_contexts__is_read_back),
    ACLK_TEST(printed__recorded_documents_with_quotes__are_read),
    ACLK_TEST(printed__a_text_with_line_ends__is_read_or_costs_its_element_only),
    ACLK_TEST(printed__one_bad_element__costs_that_element_only_and_is_named),
    ACLK_TEST(printed__valid_documents_in_any_layout__read_as_the_library_reads_them),
    ACLK_TEST(json__quotes_in_documents_of_another_layout__are_read),
    ACLK_TEST(json__too_many_values__are_an_error_before_anything_is_built),
};

}  // namespace
}  // namespace test_printed_json

int printed_json_tests() {
  return cmocka_run_group_tests_name("printed json", test_printed_json::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
