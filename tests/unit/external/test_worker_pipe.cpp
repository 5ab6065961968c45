// SPDX-License-Identifier: GPL-3.0-or-later
//
// What goes over the plugin's stdout and stdin.
#include "plugin-api/external/charts/charts.h"
#include "plugin-api/external/process/plugins_d_input.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_worker_pipe {
namespace {

using namespace std::chrono_literals;
constexpr StatusChart::Time kT0{1h};

std::string chart__first_text__defines_it_and_has_a_value() {
  StatusChart c(1s);
  EXPECT_EQ(c.take(kT0).value_or(""),
            "CHART netdata.aclk_status \"\" \"ACLK/Cloud connection status\" connected aclk netdata.aclk_status line "
            "200000 10 \"\" aclk.plugin \"\"\nDIMENSION online \"\" absolute 1 1\n"
            "BEGIN netdata.aclk_status\nSET online = 0\nEND\n");
  EXPECT(c.next() == kT0 + 10s);
  EXPECT(!c.take(kT0 + 9s));
  EXPECT_EQ(c.take(kT0 + 10s).value_or(""), "BEGIN netdata.aclk_status\nSET online = 0\nEND\n");
  return {};
}

std::string chart__online__is_1_only_for_a_whole_interval() {
  StatusChart c(1s);
  const auto value = [&](StatusChart::Time t) {
    return c.take(t).value_or("").find("online = 1") != std::string::npos;
  };
  (void)c.take(kT0);
  c.set_online(true);
  EXPECT(!value(kT0 + 10s));  // it was not at the beginning
  EXPECT(value(kT0 + 20s));
  c.set_online(false);
  c.set_online(true);
  EXPECT(!value(kT0 + 30s));
  EXPECT(value(kT0 + 40s));
  c.set_online(false);
  EXPECT(!value(kT0 + 50s));
  return {};
}

std::string chart__slow_agent__gets_signs_of_life_between_values() {
  StatusChart c(60s);
  EXPECT(c.take(kT0).value_or("").find(" 60 ") != std::string::npos);
  EXPECT(c.next() == kT0 + 20s);
  EXPECT_EQ(c.take(kT0 + 20s).value_or(""), "\n");
  EXPECT_EQ(c.take(kT0 + 40s).value_or(""), "\n");
  EXPECT(c.next() == kT0 + 60s);
  EXPECT(c.take(kT0 + 60s).value_or("").find("SET") != std::string::npos);
  return {};
}

std::string chart__never_silent_for_30_seconds() {
  for (const auto every : {1s, 10s, 15s, 25s, 30s, 45s, 3600s})
    for (const bool silent : {false, true}) {
      StatusChart c(every);
      c.set_silent(silent);
      auto t = kT0;
      for (int i = 0; i < 300; ++i) {
        EXPECT(c.take(t));
        EXPECT(c.next() > t && c.next() - t <= 30s);
        t = c.next();
      }
    }
  return {};
}

std::string chart__agent_has_its_own__only_signs_of_life() {
  StatusChart c(1s);
  c.set_silent(true);
  EXPECT_EQ(c.take(kT0).value_or(""), "\n");
  c.set_silent(false);
  EXPECT(c.take(c.next()).value_or("").find("CHART") != std::string::npos);
  return {};
}

std::string input__quit__is_understood_in_any_pieces() {
  for (const std::string text : {"QUIT\n", "\n\n  QUIT  \r\n", "FUNCTION x 5 \"a b\"\nQUIT\n"}) {
    PluginsdInput whole;
    EXPECT(whole.feed(text));
    PluginsdInput pieces;
    bool quit = false;
    for (const char c : text) quit |= pieces.feed({&c, 1});
    EXPECT(quit);
  }
  PluginsdInput in;
  EXPECT(!in.feed("QUIT"));
  EXPECT(!in.feed("E\nquit\nUNQUIT\n"));
  return {};
}

std::string input__calls_and_payloads__are_tolerated() {
  PluginsdInput in;
  EXPECT(!in.feed("FUNCTION 56839e26 5 \"envtest-fn arg\"\nFUNCTION_CANCEL x\nFUNCTION_PROGRESS x\n"));
  EXPECT(!in.feed("FUNCTION_PAYLOAD tx 5 \"name\" \"0x8\" \"src\" \"text/plain\"\nQUIT\nmore\nFUNCTION_PAYLOAD_END\n"));
  EXPECT(in.feed("QUIT\n"));
  return {};
}

std::string input__endless_line__is_skipped_within_bounds() {
  PluginsdInput in;
  const std::string chunk(4096, 'Q');
  for (int i = 0; i < 100; ++i) EXPECT(!in.feed(chunk));
  EXPECT(!in.feed("\n"));
  EXPECT(in.feed("QUIT\n"));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(chart__first_text__defines_it_and_has_a_value),
    ACLK_TEST(chart__online__is_1_only_for_a_whole_interval),
    ACLK_TEST(chart__slow_agent__gets_signs_of_life_between_values),
    ACLK_TEST(chart__never_silent_for_30_seconds),
    ACLK_TEST(chart__agent_has_its_own__only_signs_of_life),
    ACLK_TEST(input__quit__is_understood_in_any_pieces),
    ACLK_TEST(input__calls_and_payloads__are_tolerated),
    ACLK_TEST(input__endless_line__is_skipped_within_bounds),
};

}  // namespace
}  // namespace test_worker_pipe

int worker_pipe_tests() {
  return cmocka_run_group_tests_name("plugin words", test_worker_pipe::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
