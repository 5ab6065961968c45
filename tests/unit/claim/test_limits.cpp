// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/limits.h"

#include <strings.h>

#include <cctype>
#include <map>
#include <random>
#include <vector>

#include "claim/identity.h"
#include "claim/ini.h"
#include "claim/settings.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/random_steps.h"

namespace test_limits {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;
namespace fs = std::filesystem;
using namespace std::string_literals;

namespace {

bool contains(const std::string &text, std::string_view part) { return text.find(part) != std::string::npos; }

Getenv env(std::map<std::string, std::string> vars) {
  return [vars = std::move(vars)](const char *name) -> std::optional<std::string> {
    const auto it = vars.find(name);
    if (it == vars.end()) return std::nullopt;
    return it->second;
  };
}

// ------------------------------------------------------------------------------------------------------- tables

struct Case {
  std::string text;
  std::string named;  // what the sentence must hold besides the file
};

std::string cloud_conf__switch_that_is_not_a_yes__is_off_and_named() {
  const std::vector<Case> cases{
      {"[global]\n enabled = disable\n", "enabled = disable"},
      {"[global]\n enabled = \"no\"\n", "enabled = \"no\""},
      {"[global]\n enabled = \"yes\"\n", "without quotes"},
      {"[global]\n enabled = no # privacy\n", "no # privacy"},
      {"[global]\n enabled = never\n", "never"},
      {"[global]\n enabled = n\n", "enabled = n"},
      {"[global]\n enabled = no;\n", "no;"},
      {"[global]\n enabled = of\n", "of"},
      {"[global]\n enabled =\n", "enabled = "},
      {"[global]\n enabled = 1\n", "enabled = 1"},
      {"[global]\n enabled = yes\n enabled = nope\n", "nope"},
      {"[global]\n Enabled = no\n", "Enabled = no"},
      {"[global]\n ENABLED = no\n", "ENABLED"},
      {"[global]\n \"enabled\" = no\n", "no"},
      {"[global]\n enable = no\n", "enable = no"},
      {"[global]\n enabeld = no\n", "enabeld"},
      {"[global]\n enabled: no = x\n", "enabled"},
      {"[global]\n disabled = yes\n", "disabled = yes"},
      {"[global]\n enabled\xC2\xA0= no\n", "no"},
      {"[global]\n  enabled = no\r\n", "enabled = no"},
  };
  for (const auto &c : cases) {
    const TempDir tmp;
    put(tmp.path() / "cloud.conf", c.text);
    put(tmp.path() / "claimed_id", kOldClaim);
    const auto id = load_identity(tmp.path());
    EXPECT_EQ(c.text + (id.standing == Standing::disabled ? "off" : "on"), c.text + "off");
    EXPECT(contains(id.why, c.named) && contains(id.why, (tmp.path() / "cloud.conf").string()));
  }
  return {};
}

std::string cloud_conf__text_that_is_not_understood__is_trouble_and_nothing_is_claimed() {
  const auto utf16 = [](std::string_view text) {
    std::string out = "\xFF\xFE";
    for (const char c : text) out += {c, '\0'};
    return out;
  };
  const std::vector<Case> cases{
      {"[global]\n enabled: no\n", "line 2"},
      {"enabled = no\n", "outside any section"},
      {"url = https://x\n", "[global]"},
      {"[cloud]\n enabled = no\n", "[cloud]"},
      {"[GLOBAL]\n enabled = no\n", "[GLOBAL]"},
      {"[ global ]\n url = https://x\n", "[ global ]"},
      {"[global] # ours\n url = https://x\n", "line 1"},
      {"[global\n url = https://x\n", "line 1"},
      {"[global]\n url = https://x\n[cloud]\n enabled = no\n", "[cloud]"},
      {"\xEF\xBB\xBF[global]\n enabled = no\n", "byte order mark"},
      {utf16("[global]\nenabled = no\n"), "UTF-16"},
      {"[global]\n ena\0bled = no\n"s, "zero bytes"},
      {"[global]\renabled = no\r", "section"},
      {"[global]\n Proxy = http://p:1\n", "'proxy'"},
      {"[global]\n URL = https://private\n", "'url'"},
      {"[global]\n # " + std::string(9000, 'x') + "\n", "longer than"},
      {std::string(300U << 10, '\n'), "larger than"},
  };
  for (const auto &c : cases) {
    Node n;
    fs::create_directory(n.dir());
    put(n.dir() / "cloud.conf", c.text);
    for (const bool claimed : {false, true}) {
      if (claimed) put(n.dir() / "claimed_id", kOldClaim);
      const auto id = load_identity(n.dir());
      EXPECT(id.standing == Standing::broken && id.unclear && is_trouble(id.standing));
      EXPECT(contains(id.why, "cloud.conf"));
      if (!contains(id.why, c.named)) return id.why;
      for (const bool reclaim : {false, true}) {
        n.options.reclaim = reclaim;
        EXPECT(n.run().exit == ExitCode::local_files);
      }
      EXPECT_EQ(n.calls.size(), 0U);
    }
  }
  return {};
}

std::string cloud_conf__what_the_agent_takes_for_yes__is_on() {
  for (const std::string text :
       {"", "\n\n", "# nothing\n", "[global]\n", "[cloud]\n", "[global]\n # enabled = no\n",
        "[global]\nenabled = YES\r\n", "[global]\n enabled = On Demand \n",
        "[global]\n enabled = no\n enabled = auto\n", "[global]\n Enabled = yes\n", "[global]\n ; enabled = no\n",
        "[global]\n disabled = no\n", "[global]\n[global]\n enabled = true",
        "[global]\n something else = x\n mqtt = [x]\n"}) {
    EXPECT_EQ(cloud_conf_trouble(text), "");
    EXPECT(parse_cloud_conf(text).enabled);
  }
  return {};
}

std::string cloud_conf__that_we_write__is_understood() {
  CloudConf c;
  c.token = std::string(4096, 't');
  c.rooms = std::string(20'000, 'r');
  c.hostname = "h\n[x]";
  EXPECT_EQ(cloud_conf_trouble(format_cloud_conf(c)), "");
  EXPECT_EQ(cloud_conf_trouble(format_cloud_conf({})), "");
  return {};
}

std::string netdata_conf__limits__are_taken_and_named() {
  const std::vector<std::pair<std::string, std::string>> off{
      {"[cloud]\n enabled = no\n", "'enabled = no' in netdata.conf [cloud]"},
      {"[cloud]\n enabled = disable\n", "disable"},
      {"[global]\n[cloud]\n enabled =\n", "[cloud]"},
      {"[cloud]\n enabled = \"no\"\n", "\"no\""},
  };
  for (const auto &[text, named] : off) {
    const auto limit = netdata_conf_limit(text, "/etc/netdata/netdata.conf");
    EXPECT(limit && !limit->trouble && contains(limit->why, named));
  }
  const std::vector<Case> trouble{
      {"\xEF\xBB\xBF[cloud]\n enabled = no\n", "byte order mark"},
      {"[global]\n\xEF\xBB\xBF[cloud]\n scope = license manager\n", "line 2"},
      {"[cloud]\n enabled: no\n", "line 2"},
      {"[cloud]\n Enabled = no\n", "'Enabled'"},
      {"[cloud]\n Scope = license manager\n", "'Scope'"},
      {"[cloud]\n Proxy = http://p:1\n", "'Proxy'"},
      {"[CLOUD]\n enabled = no\n", "[CLOUD]"},
      {"[ cloud ]\n proxy = http://p:1\n", "[ cloud ]"},
      {"[global]\n[cloud] # ours\n enabled = no\n", "line 2"},
      {"[cloud\n enabled = no\n", "line 1"},
      {"enabled = no\n[global]\n", "outside any section"},
      {"scope = license manager\n", "line 1"},
      {"hostname = x\n", "no [section]"},
      {"[global]\n enabled = no\n", "[cloud]"},
      {"[cloud]\n\0enabled = no\n"s, "zero bytes"},
  };
  for (const auto &c : trouble) {
    const auto limit = netdata_conf_limit(c.text, "/etc/netdata/netdata.conf");
    EXPECT(limit && limit->trouble && contains(limit->why, "/etc/netdata/netdata.conf"));
    if (!contains(limit->why, c.named)) return limit->why;
  }
  for (const std::string fine :
       {"", "# x\n", "[global]\n hostname = x\n no equals sign\n[web]\n mode = none\n", "[cloud]\n enabled = yes\n",
        "[cloud]\n scope = full\n proxy = none\n url = https://x\n query threads = 2\n conversation log = no\n",
        "[registry]\n enabled = no\n[plugins]\n enable running new plugins = no\n", "[cloud]\n ; enabled = no\n",
        "stray line\n[global]\n", "[plugin:cgroups]\n enable by default cgroups names matching = !*cloud* [x]\n"}) {
    const auto limit = netdata_conf_limit(fine, "netdata.conf");
    EXPECT_EQ(limit ? limit->why : "", "");
  }
  return {};
}

std::string limiting_files__that_cannot_be_read__are_trouble() {
  const TempDir tmp;
  const auto conf = tmp.path() / "netdata.conf";
  EXPECT(!netdata_conf_limit(conf));
  fs::create_symlink("nowhere", conf);
  EXPECT(netdata_conf_limit(conf)->trouble);
  fs::remove(conf);
  fs::create_directory(conf);
  EXPECT(netdata_conf_limit(conf)->trouble && contains(netdata_conf_limit(conf)->why, conf.string()));
  EXPECT(netdata_conf_limit(conf / "x" / "netdata.conf") == std::nullopt);
  fs::remove(conf);
  put(conf, std::string((4U << 20) + 1, '#'));
  EXPECT(netdata_conf_limit(conf)->trouble);
  fs::create_symlink("nowhere", tmp.path() / "cloud.conf");
  EXPECT(load_identity(tmp.path()).unclear);
  return {};
}

std::string netdata_conf__that_cannot_be_read_or_says_no__stops_the_claim() {
  Node n;
  n.options.netdata_conf = n.lib() / "netdata.conf";
  fs::create_directory(n.options.netdata_conf);
  EXPECT(n.run().exit == ExitCode::local_files);
  fs::remove(n.options.netdata_conf);
  put(n.options.netdata_conf, "[cloud]\n enabled = no\n");
  const auto report = n.run();
  EXPECT(report.exit == ExitCode::disabled && contains(report.message, "netdata.conf [cloud]"));
  EXPECT(!fs::exists(n.dir()));
  // A host that says so itself.
  n.options.netdata_conf_text = "[cloud]\n";
  n.options.limit = Limit{true, "the settings are away"};
  EXPECT(contains(n.run().message, "the settings are away"));
  EXPECT_EQ(n.calls.size(), 0U);
  n.options.limit.reset();
  n.answers = {HttpAnswer{204, ""}};
  EXPECT(n.run().exit == ExitCode::claimed);
  return {};
}

std::string environment__anything_but_a_clear_no__switches_off() {
  for (const auto *off : {"1", "yes", "YES", "true", "y", "disable", "nope", "10", "n", "\"1\"", "'yes'"}) {
    const auto limit = environment_limit(env({{"NETDATA_DISABLE_CLOUD", off}}));
    EXPECT(limit && !limit->trouble && contains(limit->why, "NETDATA_DISABLE_CLOUD"));
  }
  for (const auto *on : {"", " ", "0", "no", "No", "false", "off", "\"0\"", "'no'", "\"\""})
    EXPECT(!environment_limit(env({{"NETDATA_DISABLE_CLOUD", on}})));
  EXPECT(!environment_limit(env({})));
  return {};
}

std::string scope__anything_but_full__limits() {
  for (const auto *full : {"", "full", "Full", " FULL "}) EXPECT(scope_is_full(full));
  for (const auto *limited : {"license manager", "License Manager", "license  manager", "\"license manager\"", "none",
                              "ful", "full # x", "\"full\"", "f-u-l-l"})
    EXPECT(!scope_is_full(limited));
  return {};
}

std::string unquoted__one_pair_of_equal_quotes__is_taken_off() {
  EXPECT_EQ(unquoted(" \"a b\" "), "a b");
  EXPECT_EQ(unquoted("'x'"), "x");
  EXPECT_EQ(unquoted("\"'x'\""), "'x'");
  EXPECT_EQ(unquoted("\"x"), "\"x");
  EXPECT_EQ(unquoted("\"x'"), "\"x'");
  EXPECT_EQ(unquoted("\""), "\"");
  EXPECT_EQ(unquoted("\"\""), "");
  return {};
}

// ------------------------------------------------------------------------------------ the agent's reading, a model

// Written after what a stock 1.37.1 shows of odd files, and on purpose another way than claim/ini.cpp.
class AgentsReading {
 public:
  explicit AgentsReading(const std::string &text) {
    constexpr std::size_t kBuffer = 8191;
    std::string section;
    bool any = false;
    for (std::size_t at = 0; at < text.size();) {
      std::string line;
      while (at < text.size() && line.size() < kBuffer) {
        line += text[at];
        if (text[at++] == '\n') break;
      }
      line = cut(line.c_str());
      if (line.empty() || line[0] == '#') continue;
      if (line[0] == '[' && line[line.size() - 1] == ']') {
        section = line.substr(1, line.size() - 2);
        any = true;
        continue;
      }
      const auto eq = line.find('=');
      if (!any || eq == std::string::npos) continue;
      const auto key = cut(line.substr(0, eq));
      if (!key.empty()) values_[section + "\n" + key] = cut(line.substr(eq + 1));
    }
  }
  [[nodiscard]] std::optional<std::string> get(const std::string &section, const std::string &key) const {
    const auto it = values_.find(section + "\n" + key);
    return it == values_.end() ? std::nullopt : std::optional(it->second);
  }
  [[nodiscard]] bool yes(const std::string &section, const std::string &key) const {
    const auto v = get(section, key);
    if (!v) return true;
    for (const auto *word : {"yes", "true", "on", "auto", "on demand"})
      if (::strcasecmp(v->c_str(), word) == 0) return true;
    return false;
  }

 private:
  static std::string cut(std::string s) {
    while (!s.empty() && std::isspace(static_cast<unsigned char>(s.back())) != 0) s.pop_back();
    while (!s.empty() && std::isspace(static_cast<unsigned char>(s.front())) != 0) s.erase(s.begin());
    return s;
  }
  std::map<std::string, std::string> values_;
};

class Garbage {
 public:
  explicit Garbage(unsigned seed) : random_(seed) {}

  std::string file() {
    std::string out = one_of({"", "", "", "", "\xEF\xBB\xBF", "\xFF\xFE"});
    for (auto lines = below(9); lines > 0; --lines)
      out += line() + one_of({"\n", "\n", "\n", "\r\n", "\n\n", "\r", ""});
    return out;
  }
  std::string value() {
    auto v = one_of({"no",
                     "yes",
                     "off",
                     "on",
                     "on demand",
                     "auto",
                     "No",
                     "YES",
                     "",
                     "0",
                     "1",
                     "never",
                     "disable",
                     "license manager",
                     "License Manager",
                     "full",
                     "none",
                     "env",
                     "http://p:1",
                     "\"no\"",
                     "'yes'"});
    if (below(5) == 0) v += one_of({" # x", ";", "\"", "\\", "\t", "\x01", "\0"s, "\xC2\xA0", "=no"});
    if (below(8) == 0) v.insert(0, one_of({" ", "#", "\"", "=", "\t", "\v"}));
    if (below(12) == 0) v = bytes();
    return v;
  }

 private:
  std::string line() {
    switch (below(9)) {
      case 0:
        return one_of(
            {"[global]", "[cloud]", "[GLOBAL]", " [cloud] ", "[global", "[ cloud ]", "[cloud] #", "[]", "[web]"});
      case 1:
        return bytes();
      case 2:
        return "#" + bytes();
      case 3:
        return below(20) == 0 ? std::string(8150 + below(60), 'x') + one_of({" ", "=", ""}) + "enabled = no" : "";
      default:
        return one_of({"", " ", "\t"}) +
               one_of({"enabled", "enabled", "enabled", "scope", "proxy", "Enabled", "enable", "url", "x", "[x]",
                       "disabled", "cloud base url"}) +
               one_of({" = ", "=", " =", ":", " : ", " == ", "\0="s, " "}) + value();
    }
  }
  std::string bytes() {
    std::string out;
    for (auto n = below(20); n > 0; --n) out += static_cast<char>(below(256));
    return out;
  }
  std::string one_of(const std::vector<std::string> &choices) { return choices[below(choices.size())]; }
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  std::mt19937 random_;
};

// Whatever is written: where the agent takes a limit, so do we.
std::string limits__random_garbage__is_never_read_more_openly_than_by_the_agent() {
  unsigned open_files = 0;
  unsigned open_scopes = 0;
  for (unsigned seed = 0; seed < 2 * test::seeds(); ++seed) {
    Garbage g(seed);
    const auto text = g.file();
    const AgentsReading agent(text);
    const auto which = "seed " + std::to_string(seed);
    const auto conf = parse_cloud_conf(text);
    if (cloud_conf_trouble(text).empty() && conf.enabled) {
      ++open_files;
      EXPECT_EQ(which + (agent.yes("global", "enabled") ? "" : " enabled"), which);
      EXPECT_EQ(which + conf.proxy, which + agent.get("global", "proxy").value_or("env"));
    }
    if (!netdata_conf_limit(text, "netdata.conf")) {
      EXPECT_EQ(which + (agent.yes("cloud", "enabled") ? "" : " enabled"), which);
      EXPECT_EQ(which + ini_value(text, "cloud", "proxy").value_or(""),
                which + agent.get("cloud", "proxy").value_or(""));
      const auto scope = ini_value(text, "cloud", "scope").value_or("");
      if (scope_is_full(scope)) {
        ++open_scopes;
        EXPECT_EQ(which + (agent.get("cloud", "scope").value_or("") != "license manager" ? "" : " scope"), which);
      }
    }
    const auto value = g.value();
    if (!environment_limit(env({{"NETDATA_DISABLE_CLOUD", value}}))) EXPECT(!value.starts_with('1'));
  }
  EXPECT(open_files > test::seeds() / 10 && open_scopes > test::seeds() / 10);  // or nothing was shown
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(cloud_conf__switch_that_is_not_a_yes__is_off_and_named),
    ACLK_TEST(cloud_conf__text_that_is_not_understood__is_trouble_and_nothing_is_claimed),
    ACLK_TEST(cloud_conf__what_the_agent_takes_for_yes__is_on),
    ACLK_TEST(cloud_conf__that_we_write__is_understood),
    ACLK_TEST(netdata_conf__limits__are_taken_and_named),
    ACLK_TEST(limiting_files__that_cannot_be_read__are_trouble),
    ACLK_TEST(netdata_conf__that_cannot_be_read_or_says_no__stops_the_claim),
    ACLK_TEST(environment__anything_but_a_clear_no__switches_off),
    ACLK_TEST(scope__anything_but_full__limits),
    ACLK_TEST(unquoted__one_pair_of_equal_quotes__is_taken_off),
    ACLK_TEST(limits__random_garbage__is_never_read_more_openly_than_by_the_agent),
};

}  // namespace
}  // namespace test_limits

int run_limits_tests() { return cmocka_run_group_tests_name("claim: limits", test_limits::tests, nullptr, nullptr); }
