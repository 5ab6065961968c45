// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/plugin_start.h"

#include <fstream>
#include <optional>

#include "tests/unit/external/tests.h"
#include "tests/unit/temp_dir.h"

namespace aclk::external::test {
namespace test_agent_gave_up {
namespace {

// Lines of Debian 12's netdata 1.37.1.
const std::string kStarted = "2026-11-27 18:40:22: netdata INFO  : MAIN : netdata started on pid 20070.\n";
const std::string kTried =
    "2026-11-27 18:42:16: netdata INFO  : PLUGINSD[aclk] : connected to '/usr/lib/netdata/plugins.d/aclk.plugin' "
    "running on "
    "pid 21394\n";
const std::string kWaits =
    "2026-11-27 18:41:56: netdata ERROR : PLUGINSD[aclk] : '/usr/lib/netdata/plugins.d/aclk.plugin' (pid 21079) exited "
    "with "
    "error code 127, but has given useful output in the past (12 times). Waiting a bit before starting it again.\n";
const std::string kGivenUp =
    "2026-11-27 18:42:16: netdata ERROR : PLUGINSD[aclk] : '/usr/lib/netdata/plugins.d/aclk.plugin' (pid 21394) exited "
    "with "
    "error code 127, but has given useful output in the past (12 times).We tried to restart it 11 times, but it failed "
    "to generate data. Disabling it.\n";

std::string given_up__the_agents_last_word_on_the_plugin__is_what_counts() {
  EXPECT(says_given_up(kStarted + kTried + kWaits + kTried + kGivenUp));
  EXPECT(says_given_up(kTried + kGivenUp + "2026-11-27 18:50:00: netdata INFO  : MAIN : something else\n"));
  EXPECT(
      says_given_up("'/x/aclk.plugin' (pid 1) does not generate useful output but it reports success (exits with 0). "
                    "Will not start it again - it is now disabled.."));
  EXPECT(!says_given_up(""));
  EXPECT(!says_given_up(kStarted + kTried + kWaits));
  EXPECT(!says_given_up(kTried + kGivenUp + kStarted));
  EXPECT(!says_given_up(kTried + kGivenUp + kStarted + kTried));
  return {};
}

std::string given_up__another_plugin__is_not_ours() {
  auto other = kGivenUp;
  other.replace(other.find("aclk.plugin"), 11, "apps.plugin");
  EXPECT(!says_given_up(other));
  EXPECT(says_given_up(kGivenUp + other + "connected to '/usr/lib/netdata/plugins.d/apps.plugin' running on pid 3\n"));
  return {};
}

std::string error_log__is_where_the_agent_keeps_it() {
  const auto at = [](const char *conf, std::optional<std::string> dir = {}) {
    return agent_error_log(NetdataConf::parse(conf), [dir](const char *) { return dir; }).native();
  };
  EXPECT_EQ(at(""), "/var/log/netdata/error.log");
  EXPECT_EQ(at("", "/srv/log"), "/srv/log/error.log");
  EXPECT_EQ(at("[directories]\nlog = /d\n", "/srv/log"), "/d/error.log");
  EXPECT_EQ(at("[logs]\nerror = /l/e.log\n"), "/l/e.log");
  for (const auto *none : {"stderr", "syslog", "none"})
    EXPECT_EQ(at((std::string("[logs]\nerror = ") + none + "\n").c_str()), "");
  return {};
}

std::string why_given_up__log_that_says_so__is_named_with_the_next_step() {
  const aclk::test::TempDir dir;
  const auto why = [&] {
    return why_given_up(NetdataConf::parse("[directories]\nlog = " + dir.path().native() + "\n"),
                        [](const char *) { return std::nullopt; });
  };
  EXPECT_EQ(why(), "");
  std::ofstream(dir.path() / "error.log") << kStarted + kTried + kWaits;
  EXPECT_EQ(why(), "");
  // Only the end of a long log is read.
  std::ofstream(dir.path() / "error.log") << kStarted + std::string(2 << 20, 'x') + "\n" + kTried + kGivenUp;
  EXPECT(why().find((dir.path() / "error.log").native()) != std::string::npos);
  EXPECT(why().find("; restart the agent") != std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(given_up__the_agents_last_word_on_the_plugin__is_what_counts),
    ACLK_TEST(given_up__another_plugin__is_not_ours),
    ACLK_TEST(error_log__is_where_the_agent_keeps_it),
    ACLK_TEST(why_given_up__log_that_says_so__is_named_with_the_next_step),
};

}  // namespace
}  // namespace test_agent_gave_up

int agent_gave_up_tests() {
  return cmocka_run_group_tests_name("agent_gave_up", test_agent_gave_up::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
