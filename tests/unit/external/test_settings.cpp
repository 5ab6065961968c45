// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "claim/base/files.h"
#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/config/netdata_conf.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/external/tests.h"
#include "tests/unit/temp_dir.h"

namespace aclk::external::test {
namespace test_settings {
namespace {

using namespace std::chrono_literals;

Getenv fake_env(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char *name) -> std::optional<std::string> {
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional<std::string>(it->second);
  };
}

std::string environment__of_1_37__is_read() {
  const auto e = read_environment(fake_env({{"NETDATA_VERSION", "v1.37.1"},
                                            {"NETDATA_USER_CONFIG_DIR", "/c"},
                                            {"NETDATA_LIB_DIR", "/l"},
                                            {"NETDATA_LOG_DIR", "/g"},
                                            {"NETDATA_HOSTNAME", "h"},
                                            {"NETDATA_DEBUG_FLAGS", "0x0000000000000800"},
                                            {"NETDATA_REGISTRY_UNIQUE_ID", "9FEC1476-E551-11F1-B503-02FC00000001"}}));
  EXPECT_EQ(e.machine_guid, kLocal);
  EXPECT_EQ(e.cloud_dir().string(), "/l/cloud.d");
  EXPECT_EQ(e.user_config.string(), "/c");
  EXPECT_EQ(e.log.string(), "/g");
  EXPECT_EQ(e.run.string(), "");
  EXPECT(e.debug);
  EXPECT(!e.logfmt);
  EXPECT(e.from_agent);
  return {};
}

std::string environment__of_2_x__is_read() {
  const auto e = read_environment(fake_env({{"NETDATA_VERSION", "v2.10.4"},
                                            {"NETDATA_RUN_DIR", "/run/n"},
                                            {"NETDATA_LOG_FORMAT", "logfmt"},
                                            {"NETDATA_LOG_LEVEL", "info"}}));
  EXPECT_EQ(e.run.string(), "/run/n");
  EXPECT(e.logfmt);
  EXPECT(!e.debug);
  return {};
}

std::string environment__without_an_agent__has_the_packages_defaults() {
  const auto e = read_environment(fake_env({}));
  EXPECT_EQ(e.lib.string(), "/var/lib/netdata");
  EXPECT_EQ(e.user_config.string(), "/etc/netdata");
  EXPECT(!e.hostname.empty());
  EXPECT(!e.from_agent);
  return {};
}

std::string environment__guid_only_in_the_file__is_found() {
  const aclk::test::TempDir d;
  std::filesystem::create_directories(d / "registry");
  EXPECT(write_file_atomically(d / "registry/netdata.public.unique.id", kLocal, 0600));
  const auto e = read_environment(fake_env({{"NETDATA_LIB_DIR", d.path().native()}}));
  EXPECT_EQ(e.machine_guid, kLocal);
  return {};
}

std::string netdata_conf__as_the_agent_writes_it__is_read() {
  const auto c = NetdataConf::parse(
      "# netdata.conf\n[global]\n    run as user = netdata\n\t# memory mode = dbengine\n    hostname = a = b ; c\n"
      "[web]\n    bind to = 127.0.0.1 [::1]\nnonsense\n = x\n[plugin:aclk]\nagent url=unix:/x\r\n[web]\n bind to = "
      "*\n");
  EXPECT_EQ(c.get("global", "hostname").value_or(""), "a = b ; c");
  EXPECT_EQ(c.get("web", "bind to").value_or(""), "*");
  EXPECT_EQ(c.get("plugin:aclk", "agent url").value_or(""), "unix:/x");
  EXPECT(!c.get("global", "memory mode"));
  EXPECT(!c.get("nothing", "here"));
  return {};
}

std::string netdata_conf__file_changed__is_read_again() {
  const aclk::test::TempDir dir;
  const auto file = dir / "netdata.conf";
  NetdataConfFile f(file);
  EXPECT(!f.get("a", "k"));
  EXPECT(write_file_atomically(file, "[a]\nk = 1\n", 0600));
  EXPECT_EQ(f.get("a", "k").value_or(""), "1");
  EXPECT(write_file_atomically(file, "[a]\nk = two\n", 0600));
  EXPECT_EQ(f.get("a", "k").value_or(""), "two");
  std::filesystem::remove(file);
  EXPECT(!f.get("a", "k"));
  return {};
}

std::string settings__defaults_and_all_keys__are_read() {
  const auto d = read_settings(NetdataConf::parse(""), {});
  EXPECT_EQ(d.default_port, 19999);
  EXPECT(!d.web_disabled);
  EXPECT(d.polls.alerts == 1s && d.polls.nodes == 5s && d.polls.contexts == 10s);
  const auto s = read_settings(
      NetdataConf::parse(
          "[global]\nbind socket to IP = 10.0.0.1\ndefault port = 1\n[web]\ndefault port = 20000\nmode = none\n"
          "web server threads = 4\n[health]\nin memory max health log entries = 500\n"
          "[plugin:aclk]\nagent url = http://127.0.0.1:1\npoll alerts every = 2\npoll nodes every = 0\n"
          "poll contexts every = 1000s\n"),
      {});
  EXPECT_EQ(s.agent_url, "http://127.0.0.1:1");
  EXPECT_EQ(s.bind_to, "10.0.0.1");
  EXPECT_EQ(s.default_port, 20000);
  EXPECT(s.web_disabled);
  EXPECT_EQ(s.web_threads, 4U);
  EXPECT(s.polls.alerts == 2s && s.polls.nodes == 1s && s.polls.contexts == 300s);
  Options o;
  o.agent_url = "unix:/y";
  EXPECT_EQ(read_settings(NetdataConf::parse("[plugin:aclk]\nagent url = x\n"), o).agent_url, "unix:/y");
  return {};
}

std::string settings__old_keys_of_global__count_as_the_agent_moves_them() {
  const auto read = [](const std::string &text) {
    const auto s = read_settings(NetdataConf::parse(text), {});
    return s.bind_to + " " + std::to_string(s.default_port);
  };
  // Each as a stock 1.37.1 was seen to take it.
  EXPECT_EQ(read("[global]\nbind to = a\nport = 5\n"), "a 5");
  EXPECT_EQ(read("[global]\nbind socket to IP = b\ndefault port = 6\n"), "b 6");
  EXPECT_EQ(read("[global]\nbind to = a\nbind socket to IP = b\nport = 5\ndefault port = 6\n"), "b 5");
  EXPECT_EQ(read("[global]\nbind to = a\nport = 5\n[web]\nbind to = c\ndefault port = 7\n"), "c 7");
  EXPECT_EQ(read("[global]\nport = 5\n[web]\nbind to = c\n"), "c 5");
  EXPECT_EQ(read("[web]\nbind to = c\ndefault port = 0x5e93\n"), "c 24211");
  EXPECT_EQ(read("[web]\nbind to = c\ndefault port = 99999\n"), "c 19999");
  EXPECT_EQ(read("[web]\nport = 7\n"), " 19999");
  return {};
}

std::string query_limit__leaves_the_agent_one_thread_of_slow_ones_and_has_four_quick_ones_a_thread() {
  Settings s;
  const auto limit = [&s](unsigned cores) {
    const auto l = query_limit(s, cores);
    return std::pair(l.safe, l.most);
  };
  EXPECT(limit(1) == std::pair(1U, 4U));
  EXPECT(limit(2) == std::pair(1U, 8U));
  EXPECT(limit(4) == std::pair(3U, 16U));
  EXPECT(limit(64) == std::pair(5U, 24U));
  s.web_threads = 2;
  EXPECT(limit(64) == std::pair(1U, 8U));
  s.web_threads = 256;
  EXPECT(limit(64) == std::pair(255U, 64U));
  return {};
}

std::string options__of_the_agent__are_taken() {
  const auto o = parse_options({"5", "--agent-url=unix:/x", "--foo", "bar baz"}, StartedBy::agent);
  EXPECT(o.mode == Mode::supervise);
  EXPECT(o.update_every == 5s);
  EXPECT_EQ(o.agent_url, "unix:/x");
  EXPECT_EQ(o.unknown.size(), 2U);
  EXPECT(parse_options({}, StartedBy::agent).mode == Mode::supervise);
  EXPECT(parse_options({"0"}, StartedBy::agent).update_every == 1s);
  EXPECT(parse_options({"-7"}, StartedBy::agent).update_every == 1s);
  EXPECT(parse_options({"999999999"}, StartedBy::agent).update_every == 86400s);
  return {};
}

std::string options__of_a_person__are_answered() {
  EXPECT(parse_options({}, StartedBy::person).mode == Mode::explain);
  EXPECT(parse_options({"1"}, StartedBy::person).mode == Mode::explain);
  EXPECT(parse_options({"-W", "buildinfo"}, StartedBy::agent).mode == Mode::buildinfo);
  EXPECT(parse_options({"-W", "buildinfojson"}, StartedBy::agent).mode == Mode::buildinfojson);
  EXPECT(parse_options({"--version"}, StartedBy::person).mode == Mode::version);
  EXPECT(parse_options({"--help"}, StartedBy::agent).mode == Mode::help);
  EXPECT_EQ(parse_options({"-W", "other"}, StartedBy::agent).unknown.size(), 2U);
  return {};
}

std::string options__for_the_worker__come_back() {
  Options own;
  own.update_every = 3s;
  own.agent_url = "http://a:1";
  const auto o = parse_options(worker_arguments(own, {7, 8, -1}, 4711), StartedBy::person);
  EXPECT(o.mode == Mode::work);
  EXPECT_EQ(o.status_fd, 7);
  EXPECT_EQ(o.socket_fd, 8);
  EXPECT_EQ(o.plugin_status_fd, -1);
  EXPECT_EQ(o.supervisor, 4711);
  EXPECT(o.update_every == 3s);
  EXPECT_EQ(o.agent_url, "http://a:1");
  return {};
}

std::string link_settings__change_with_what_counts_for_the_link_only() {
  const auto of = [](const char *text) { return link_settings(NetdataConf::parse(text)); };
  const auto none = of("");
  for (const auto *same : {"[web]\nbind to = x\n", "[cloud]\n# scope = full\nstatistics = no\n",
                           "[plugin:aclk]\nsocket = no\n", "scope = full\n", "[cloud]\nenabled = no\n"})
    EXPECT_EQ(of(same), none);
  std::set<std::string> seen{none};
  for (const auto *other : {"[cloud]\nurl = https://a\n", "[cloud]\ncloud base url = https://a\n",
                            "[cloud]\nproxy = none\n", "[cloud]\nscope = full\n", "[cloud]\nscope = fuller\n",
                            "[cloud]\nquery threads = 2\n", "[cloud]\nconversation log = yes\n",
                            "[plugin:aclk]\nagent url = unix:/x\n", "[plugin:aclk]\npoll alerts every = 2\n",
                            "[plugin:aclk]\npoll nodes every = 2\n", "[plugin:aclk]\npoll contexts every = 2\n"})
    EXPECT(seen.insert(of(other)).second);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(link_settings__change_with_what_counts_for_the_link_only),
    ACLK_TEST(environment__of_1_37__is_read),
    ACLK_TEST(environment__of_2_x__is_read),
    ACLK_TEST(environment__without_an_agent__has_the_packages_defaults),
    ACLK_TEST(environment__guid_only_in_the_file__is_found),
    ACLK_TEST(netdata_conf__as_the_agent_writes_it__is_read),
    ACLK_TEST(netdata_conf__file_changed__is_read_again),
    ACLK_TEST(settings__defaults_and_all_keys__are_read),
    ACLK_TEST(settings__old_keys_of_global__count_as_the_agent_moves_them),
    ACLK_TEST(query_limit__leaves_the_agent_one_thread_of_slow_ones_and_has_four_quick_ones_a_thread),
    ACLK_TEST(options__of_the_agent__are_taken),
    ACLK_TEST(options__of_a_person__are_answered),
    ACLK_TEST(options__for_the_worker__come_back),
};

}  // namespace
}  // namespace test_settings

int settings_tests() { return cmocka_run_group_tests_name("settings", test_settings::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
