// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>

#include "claim/settings.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_settings {
using namespace aclk;
using namespace aclk::claim;

namespace {

using Env = std::map<std::string, std::string>;

Getenv env(Env values) {
  return [values = std::move(values)](const char *name) -> std::optional<std::string> {
    const auto it = values.find(name);
    if (it == values.end()) return std::nullopt;
    return it->second;
  };
}

ClaimOptions with_token() {
  ClaimOptions o;
  o.token = "tok";
  return o;
}

constexpr auto kNetdataConf = "[cloud]\n url = https://n\n proxy = http://np:1\n";

CloudConf conf() {
  CloudConf c;
  c.url = "https://c";
  c.proxy = "http://cp:1";
  return c;
}

std::string settings__each_source__yields_to_the_one_before() {
  const Env e{{"NETDATA_CLAIM_TOKEN", "etok"},
              {"NETDATA_CLAIM_ROOMS", "er"},
              {"NETDATA_CLAIM_URL", "https://e"},
              {"NETDATA_CLAIM_PROXY", "http://ep:1"}};
  ClaimOptions o = with_token();
  o.rooms = "or";
  o.url = "https://o";
  o.proxy = "http://op:1";
  const auto all = resolve_settings(o, conf(), kNetdataConf, env(e));
  EXPECT(all);
  EXPECT_EQ(all->token, "tok");
  EXPECT_EQ(all->rooms, "or");
  EXPECT_EQ(all->url, "https://o");
  EXPECT_EQ(all->proxy.curl_url(), "http://op:1");
  const auto from_env = resolve_settings({}, conf(), kNetdataConf, env(e));
  EXPECT(from_env);
  EXPECT_EQ(from_env->token, "etok");
  EXPECT_EQ(from_env->rooms, "er");
  EXPECT_EQ(from_env->url, "https://e");
  EXPECT_EQ(from_env->proxy.curl_url(), "http://ep:1");
  const auto from_netdata = resolve_settings(with_token(), conf(), kNetdataConf, env({}));
  EXPECT_EQ(from_netdata->url, "https://n");
  EXPECT_EQ(from_netdata->proxy.display(), "http://np:1 (without credentials, from netdata.conf [cloud])");
  const auto from_conf = resolve_settings(with_token(), conf(), "", env({}));
  EXPECT_EQ(from_conf->url, "https://c");
  EXPECT_EQ(from_conf->proxy.source, "cloud.conf");
  const auto defaults = resolve_settings(with_token(), {}, "", env({}));
  EXPECT_EQ(defaults->url, "https://app.netdata.cloud");
  EXPECT(defaults->proxy.kind == ProxyKind::none);
  EXPECT_EQ(defaults->warning, "");
  return {};
}

std::string settings__old_key_of_netdata_conf__is_a_url_too() {
  const auto s = resolve_settings(with_token(), conf(), "[cloud]\n cloud base url = https://old\n", env({}));
  EXPECT(s && s->url == "https://old");
  return {};
}

std::string settings__what_was_asked_for__is_what_cloud_conf_shall_say() {
  ClaimOptions o = with_token();
  o.proxy = " http://u:p@h:1 ";
  o.url = "https://o/";
  o.rooms = "a, b";
  o.insecure = true;
  const auto s = resolve_settings(o, conf(), "", env({}));
  EXPECT_EQ(s->conf.proxy, "http://u:p@h:1");
  EXPECT_EQ(s->conf.url, "https://o");
  EXPECT_EQ(s->conf.rooms, "a, b");
  EXPECT_EQ(s->conf.token, "tok");
  EXPECT(s->conf.insecure);
  // What netdata.conf says stays there.
  EXPECT(resolve_settings(with_token(), conf(), kNetdataConf, env({}))->conf.proxy == "http://cp:1");
  return {};
}

std::string settings__quotes_around_what_was_asked_for__are_taken_off() {
  ClaimOptions o;
  o.token = "\"tok\"\n";
  o.rooms = "'a,b'";
  o.url = "\"https://o\"";
  o.proxy = "'http://h:1'";
  const auto s = resolve_settings(o, conf(), "", env({}));
  EXPECT(s && s->token == "tok" && s->rooms == "a,b" && s->url == "https://o" && s->conf.proxy == "http://h:1");
  return {};
}

std::string settings__no_token__is_an_error() {
  const auto none = resolve_settings({}, {}, "", env({}));
  EXPECT(!none && none.error().what.find("--token-file") != std::string::npos);
  EXPECT(!resolve_settings({}, {}, "", env({{"NETDATA_CLAIM_TOKEN", " "}})));
  return {};
}

std::string settings__bad_proxy__stops_wherever_it_is_written() {
  ClaimOptions o = with_token();
  o.proxy = "ftp://u:secret@h";
  const auto asked = resolve_settings(o, {}, "", env({}));
  EXPECT(!asked);
  EXPECT(asked.error().what.find("secret") == std::string::npos);
  CloudConf c;
  c.proxy = "ftp://u:secret@h";
  const auto says = [](const Result<Settings> &r, std::string_view source) {
    return !r && r.error().what.find(source) != std::string::npos &&
           r.error().what.find("secret") == std::string::npos &&
           r.error().what.find("Nothing is sent") != std::string::npos;
  };
  EXPECT(says(resolve_settings(with_token(), c, "", env({})), "(from cloud.conf)"));
  EXPECT(says(resolve_settings(with_token(), {}, "[cloud]\n proxy = user:secret\n", env({})),
              "(from netdata.conf [cloud])"));
  for (const auto *name : {"http_proxy", "https_proxy", "ALL_PROXY"})
    EXPECT(says(resolve_settings(with_token(), {}, "", env({{name, "http://u:secret"}})), name));
  EXPECT(says(resolve_settings(with_token(), {}, "", env({{"NETDATA_CLAIM_PROXY", "secret"}})), "NETDATA_CLAIM_PROXY"));
  return {};
}

std::string settings__explicit_env_without_variables__is_said() {
  ClaimOptions o = with_token();
  o.proxy = "env";
  EXPECT(resolve_settings(o, {}, "", env({}))->warning.find("explicitly set to 'env'") != std::string::npos);
  EXPECT(resolve_settings(o, {}, "", env({{"http_proxy", "http://h"}}))->warning.empty());
  return {};
}

std::string settings__insecure__is_kept_from_cloud_conf_and_allows_http() {
  CloudConf c;
  c.url = "http://h";
  EXPECT(!resolve_settings(with_token(), c, "", env({})));
  c.insecure = true;
  const auto s = resolve_settings(with_token(), c, "", env({}));
  EXPECT(s && s->insecure);
  return {};
}

std::string settings__directories__follow_the_agents_environment() {
  EXPECT_EQ(default_lib_dir(env({})).string(), "/var/lib/netdata");
  EXPECT_EQ(default_lib_dir(env({{"NETDATA_LIB_DIR", "/x"}})).string(), "/x");
  EXPECT_EQ(default_netdata_conf(env({})).string(), "/etc/netdata/netdata.conf");
  EXPECT_EQ(default_netdata_conf(env({{"NETDATA_USER_CONFIG_DIR", "/c"}})).string(), "/c/netdata.conf");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(settings__each_source__yields_to_the_one_before),
    ACLK_TEST(settings__old_key_of_netdata_conf__is_a_url_too),
    ACLK_TEST(settings__what_was_asked_for__is_what_cloud_conf_shall_say),
    ACLK_TEST(settings__no_token__is_an_error),
    ACLK_TEST(settings__quotes_around_what_was_asked_for__are_taken_off),
    ACLK_TEST(settings__bad_proxy__stops_wherever_it_is_written),
    ACLK_TEST(settings__explicit_env_without_variables__is_said),
    ACLK_TEST(settings__insecure__is_kept_from_cloud_conf_and_allows_http),
    ACLK_TEST(settings__directories__follow_the_agents_environment),
};

}  // namespace
}  // namespace test_settings

int run_settings_tests() {
  return cmocka_run_group_tests_name("claim: settings", test_settings::tests, nullptr, nullptr);
}
