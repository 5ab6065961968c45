// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/netdata_conf.h"
#include "plugin-api/external/config/plugin_start.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_plugin_start {
namespace {

constexpr const char *kFile = "/usr/lib/netdata/plugins.d/aclk.plugin";

std::string why(const char *conf, const char *file = kFile) { return why_not_started(NetdataConf::parse(conf), file); }
bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

std::string plugin_start__nothing_against_it__says_nothing() {
  for (const auto *conf :
       {"", "[plugins]\naclk = yes\n", "[plugins]\naclk = ON\n", "[plugins]\nenable running new plugins = auto\n",
        "[plugins]\nenable running new plugins = no\naclk = on demand\n", "[directories]\nplugins =\n",
        "[directories]\nplugins = \"/usr/lib/netdata/plugins.d\" \"/etc/netdata/custom-plugins.d\"\n",
        "[directories]\nplugins = /a,/usr/lib/netdata/plugins.d/\n",
        "[global]\nplugins directory = '/x y' '/usr/lib/netdata/./plugins.d'\n"})
    EXPECT_EQ(why(conf), "");
  return {};
}

std::string plugin_start__switched_off_by_name__is_named_with_its_value() {
  for (const auto *off : {"no", "off", "disable", "\"yes\"", ""}) {
    const auto said = why((std::string("[plugins]\nenable running new plugins = no\naclk = ") + off + "\n").c_str());
    EXPECT(has(said, (std::string("aclk = ") + off + " in [plugins]").c_str()));
    EXPECT(has(said, "switched off"));
  }
  return {};
}

std::string plugin_start__new_plugins_not_wanted__tells_to_name_ours() {
  const auto said = why("[plugins]\n    enable running new plugins = no\n");
  EXPECT(has(said, "enable running new plugins = no in [plugins]"));
  EXPECT(has(said, "add aclk = yes"));
  return {};
}

std::string plugin_start__directory_not_listed__tells_to_add_it() {
  const auto said = why("[directories]\n plugins = \"/opt/netdata/plugins.d\" '/srv/my plugins'\n");
  EXPECT(has(said, "in [directories], without /usr/lib/netdata/plugins.d; add \"/usr/lib/netdata/plugins.d\""));
  EXPECT_EQ(why("[directories]\n plugins = \"/opt/netdata/plugins.d\"\n", ""), "");
  return {};
}

std::string plugin_directories__quoted_or_not__are_taken_apart() {
  const auto dirs = plugin_directories(
      NetdataConf::parse("[directories]\nplugins =  \"/a b\"  '/c',/d\t\"/e\n[global]\nplugins directory = /old\n"));
  EXPECT_EQ(dirs.size(), 4U);
  EXPECT_EQ(dirs[0].native() + "|" + dirs[1].native() + "|" + dirs[2].native() + "|" + dirs[3].native(),
            "/a b|/c|/d|/e");
  EXPECT_EQ(plugin_directories(NetdataConf::parse("[global]\nplugins directory = /old\n")).at(0).native(), "/old");
  return {};
}

std::string web_server__only_mode_none__means_that_there_is_none() {
  EXPECT(has_no_web_server(NetdataConf::parse("[web]\nmode = none\n")));
  for (const auto *conf : {"", "[web]\nmode = None\n", "[web]\nmode = off\n", "[web]\nmode = static-threaded\n"})
    EXPECT(!has_no_web_server(NetdataConf::parse(conf)));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(plugin_start__nothing_against_it__says_nothing),
    ACLK_TEST(plugin_start__switched_off_by_name__is_named_with_its_value),
    ACLK_TEST(plugin_start__new_plugins_not_wanted__tells_to_name_ours),
    ACLK_TEST(plugin_start__directory_not_listed__tells_to_add_it),
    ACLK_TEST(plugin_directories__quoted_or_not__are_taken_apart),
    ACLK_TEST(web_server__only_mode_none__means_that_there_is_none),
};

}  // namespace
}  // namespace test_plugin_start

int plugin_start_tests() {
  return cmocka_run_group_tests_name("plugin_start", test_plugin_start::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
