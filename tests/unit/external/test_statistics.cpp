// SPDX-License-Identifier: GPL-3.0-or-later
//
// The statistics charts: numbers in, words of the plugins.d protocol out, and their way through the worker's pipe.
#include <climits>

#include "plugin-api/external/charts/charts.h"
#include "plugin-api/external/process/children.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_statistics {
namespace {

using namespace std::chrono_literals;

std::string set_of(const std::vector<ChartText> &charts, const std::string &chart, const std::string &dimension) {
  for (const auto &c : charts) {
    if (!c.values.starts_with("BEGIN netdata." + chart + "\n")) continue;
    const auto key = "SET \"" + dimension + "\" = ";
    const auto at = c.values.find(key);
    if (at != std::string::npos) return c.values.substr(at + key.size(), c.values.find('\n', at) - at - key.size());
  }
  return "(none)";
}

std::string statistics__values__are_what_was_added() {
  StatisticsCharts s(10s);
  EXPECT(s.take({}).empty());
  EXPECT_EQ(set_of(s.take({{"queries", 5}, {"queued", 3}}), "aclk_cloud_req", "received"), std::string("0"));
  auto c = s.take({{"queries", 7}, {"queued", 3}, {"latency_us", 6000}, {"pubacks", 4}, {"query_thread.0", 1}});
  EXPECT_EQ(set_of(c, "aclk_cloud_req", "received"), std::string("7"));  // what was before the first as well
  EXPECT_EQ(set_of(c, "aclk_send_queue", "waiting"), std::string("3"));
  EXPECT_EQ(set_of(c, "aclk_latency_mqtt", "avg"), std::string("1500"));
  EXPECT_EQ(set_of(c, "aclk_query_threads", "Query 0"), std::string("1"));
  c = s.take({{"queries", 9}, {"sent.ContextsSnapshot", 1}, {"sent.ContextsUpdated", 2}});
  EXPECT_EQ(set_of(c, "aclk_cloud_req", "received"), std::string("2"));
  EXPECT_EQ(set_of(c, "aclk_latency_mqtt", "avg"), std::string("0"));
  EXPECT_EQ(set_of(c, "aclk_processed_query_type", "generic_binary_proto_message"), std::string("3"));
  EXPECT_EQ(set_of(s.take({{"queries", 1}}), "aclk_cloud_req", "received"), std::string("1"));  // began anew
  return {};
}

std::string statistics__each_chart__goes_in_one_write() {
  Numbers many{{"queries", 1}};
  for (int i = 0; i < 8; ++i) many["query_thread." + std::to_string(i)] = ~0ULL;
  StatisticsCharts s(3600s);
  (void)s.take(many);
  const auto charts = s.take(many);
  EXPECT(charts.size() >= 16);
  for (const auto &c : charts) EXPECT(!chart_message(c).empty());
  EXPECT_EQ(chart_message({std::string(PIPE_BUF, 'x'), ""}), std::string());
  EXPECT(looking_message(std::string(PIPE_BUF, 'x')).size() <= PIPE_BUF);
  EXPECT(found_message(std::string(PIPE_BUF, 'x'), std::string(PIPE_BUF, 'y')).size() <= PIPE_BUF);
  return {};
}

std::string worker_words__in_any_pieces__are_understood() {
  const std::string bytes = looking_message(std::string("refused\0", 8)) + "1" +
                            chart_message({"CHART a\n", "BEGIN a\nEND\n"}) + "rubbish0" +
                            found_message("unix:/a", "1.37.1") + std::string(kServingMessage);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    std::string heard;
    WorkerPipe w({[&heard](bool online) { heard += online ? "up " : "down "; },
                  [&heard](const ChartText &c) { heard += c.definition + c.values; },
                  [&heard](const std::string &trouble) { heard += "looking: " + trouble + " "; },
                  [&heard](const std::string &place, const std::string &version) { heard += place + " " + version; },
                  [&heard] { heard += " serving"; }});
    w.feed(std::string_view(bytes).substr(0, cut));
    w.feed(std::string_view(bytes).substr(cut));
    EXPECT_EQ(heard, std::string("looking: refused up CHART a\nBEGIN a\nEND\ndown unix:/a 1.37.1 serving"));
  }
  return {};
}

std::string said_charts__definition__once_until_it_changes() {
  WrittenCharts said;
  const ChartText c{"CHART a\n", "BEGIN a\n"};
  EXPECT_EQ(said.text(c), std::string("CHART a\nBEGIN a\n"));
  EXPECT_EQ(said.text(c), std::string("CHART a\nBEGIN a\n"));  // it could not be written
  said.said(c);
  EXPECT_EQ(said.text(c), std::string("BEGIN a\n"));
  EXPECT_EQ(said.text({"CHART a\nDIMENSION b\n", "BEGIN a\n"}), std::string("CHART a\nDIMENSION b\nBEGIN a\n"));
  return {};
}

std::string parse_numbers__any_bytes__are_numbers_or_nothing() {
  EXPECT(parse_numbers(R"({"a":1,"b":-1,"c":"x","d":18446744073709551615,"e":true})") ==
         (Numbers{{"a", 1}, {"d", ~0ULL}}));
  EXPECT(parse_numbers("[1]").empty());
  EXPECT(parse_numbers("{").empty());
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(statistics__values__are_what_was_added),
    ACLK_TEST(statistics__each_chart__goes_in_one_write),
    ACLK_TEST(worker_words__in_any_pieces__are_understood),
    ACLK_TEST(said_charts__definition__once_until_it_changes),
    ACLK_TEST(parse_numbers__any_bytes__are_numbers_or_nothing),
};

}  // namespace
}  // namespace test_statistics

int statistics_tests() {
  return cmocka_run_group_tests_name("external statistics", test_statistics::kTests, nullptr, nullptr);
}

}  // namespace aclk::external::test
