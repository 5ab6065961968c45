// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/proxy.h"

#include <cctype>
#include <iterator>
#include <map>
#include <random>

#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/random_steps.h"

namespace test_proxy {
using namespace aclk;
using namespace aclk::claim;

namespace {

Getenv env(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char *name) -> std::optional<std::string> {
    const auto it = values.find(name);
    if (it == values.end()) return std::nullopt;
    return it->second;
  };
}

Result<Proxy> of(std::string_view setting) { return resolve_proxy(setting, "cloud.conf", env({})); }

bool contains(const std::string &text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string proxy__empty_or_none__is_direct() {
  for (const auto *text : {"", "none", " none ", "NONE", "env"}) {
    const auto p = of(text);
    EXPECT(p && p->kind == ProxyKind::none);
    EXPECT_EQ(p->curl_url(), "");
    EXPECT_EQ(p->display(), "none");
  }
  return {};
}

std::string proxy__each_documented_form__is_taken_apart() {
  struct Row {
    const char *text;
    ProxyKind kind;
    const char *url;
    const char *user;
    const char *password;
  };
  for (const auto &r : {
           Row{"http://h:3128", ProxyKind::http, "http://h:3128", "", ""},
           Row{"http://h", ProxyKind::http, "http://h:8080", "", ""},
           Row{"http://h/", ProxyKind::http, "http://h:8080", "", ""},
           Row{"HTTP://H:1", ProxyKind::http, "http://h:1", "", ""},
           Row{"http://u:p@h:80", ProxyKind::http, "http://h:80", "u", "p"},
           Row{"http://u:p@q@h:80", ProxyKind::http, "http://h:80", "u", "p@q"},
           Row{"http://u%40d:p%3Aq%2f@h", ProxyKind::http, "http://h:8080", "u@d", "p:q/"},
           Row{"http://u:a:b@h", ProxyKind::http, "http://h:8080", "u", "a:b"},
           Row{"http://u:100%@h", ProxyKind::http, "http://h:8080", "u", "100%"},
           Row{"http://u:a%zzb@h", ProxyKind::http, "http://h:8080", "u", "a%zzb"},
           Row{"http://:p@h", ProxyKind::http, "http://h:8080", "", "p"},
           Row{"https://h", ProxyKind::https, "https://h:443", "", ""},
           Row{"HTTPS://u:p%40q@h:3129", ProxyKind::https, "https://h:3129", "u", "p@q"},
           Row{"https://[::1]/", ProxyKind::https, "https://[::1]:443", "", ""},
           Row{"socks5://h", ProxyKind::socks5, "socks5://h:1080", "", ""},
           Row{"socks5://u:p@10.0.0.1:99", ProxyKind::socks5, "socks5://10.0.0.1:99", "u", "p"},
           Row{"socks5h://h", ProxyKind::socks5h, "socks5h://h:1080", "", ""},
           Row{"socks5h://[::1]", ProxyKind::socks5h, "socks5h://[::1]:1080", "", ""},
           Row{"http://u:p@[fe80::1]:3128", ProxyKind::http, "http://[fe80::1]:3128", "u", "p"},
           Row{"proxy:3128", ProxyKind::http, "http://proxy:3128", "", ""},
           Row{"127.0.0.1:3128/", ProxyKind::http, "http://127.0.0.1:3128", "", ""},
           Row{"[::1]:3128", ProxyKind::http, "http://[::1]:3128", "", ""},
           Row{"u:p@h:1", ProxyKind::http, "http://h:1", "u", "p"},
           Row{"\"http://h:1\"", ProxyKind::http, "http://h:1", "", ""},
           Row{" ' h:1 ' ", ProxyKind::http, "http://h:1", "", ""},
       }) {
    const auto p = of(r.text);
    if (!p) return std::string(r.text) + ": " + p.error().what;
    EXPECT(p->kind == r.kind);
    EXPECT_EQ(p->curl_url(), r.url);
    EXPECT_EQ(p->user, r.user);
    EXPECT_EQ(p->password, r.password);
    EXPECT_EQ(p->source, "cloud.conf");
  }
  return {};
}

std::string proxy__shown__tells_credentials_and_source_but_no_secret() {
  EXPECT_EQ(of("http://u:secret@h:3128")->display(), "http://h:3128 (with credentials, from cloud.conf)");
  EXPECT_EQ(of("https://u:secret@h")->display(), "https://h:443 (with credentials, from cloud.conf)");
  EXPECT_EQ(of("socks5h://[::1]:1")->display(), "socks5h://[::1]:1 (without credentials, from cloud.conf)");
  return {};
}

std::string proxy__env__knows_the_other_names_but_not_HTTP_PROXY() {
  const auto resolve = [](std::map<std::string, std::string> e) {
    return resolve_proxy("env", "cloud.conf", env(std::move(e)))->display();
  };
  EXPECT_EQ(resolve({{"all_proxy", "socks5h://a:1"}}),
            "socks5h://a:1 (without credentials, from environment variable 'all_proxy')");
  EXPECT_EQ(resolve({{"ALL_PROXY", "socks5://a"}}),
            "socks5://a:1080 (without credentials, from environment variable 'ALL_PROXY')");
  EXPECT_EQ(resolve({{"HTTPS_PROXY", "http://b:2"}, {"ALL_PROXY", "http://c:3"}}),
            "http://b:2 (without credentials, from environment variable 'HTTPS_PROXY')");
  EXPECT_EQ(resolve({{"HTTP_PROXY", "http://b:2"}}), "none");
  return {};
}

std::string proxy__no_proxy__goes_around_it_but_only_when_the_proxy_is_of_the_environment() {
  const auto e = env({{"http_proxy", "http://p:1"}, {"no_proxy", "example.org"}});
  const auto p = resolve_proxy("env", "", e);
  EXPECT(p->towards("cloud.example.org").kind == ProxyKind::none);
  EXPECT_EQ(p->towards("cloud.example.com").host, "p");
  EXPECT_EQ(resolve_proxy("http://q:2", "cloud.conf", e)->towards("cloud.example.org").host, "q");
  return {};
}

std::string proxy__no_proxy__names_addresses_and_networks() {
  const std::pair<const char *, const char *> excepted[] = {
      {"*", "a.b"},
      {"example.org", "example.org"},
      {"example.org", "EXAMPLE.org."},
      {".example.org", "a.example.org"},
      {"a, b\tc.d , e", "x.c.d"},
      {"localhost,127.0.0.1", "127.0.0.1"},
      {"10.0.0.0/9", "10.127.0.1"},
      {"0.0.0.0/0", "1.2.3.4"},
      {"[::1]", "::1"},
      {"2001:db8::/33", "2001:0db8:7fff::1"},
  };
  for (const auto &[list, host] : excepted) EXPECT(proxy_excepts(list, host));
  const std::pair<const char *, const char *> not_excepted[] = {
      {"", "a"},
      {",, ", "a"},
      {"example.org", "anexample.org"},
      {"example.org", "example.org.uk"},
      {".", "a"},
      {"10.0.0.0/9", "10.128.0.1"},
      {"10.0.0.0/x", "10.0.0.1"},
      {"10.0.0.0/33", "10.0.0.1"},
      {"10.0.0.0/-1", "10.0.0.1"},
      {"10.0.0.1", "::1"},
      {"0.0.1", "10.0.0.1"},
      {"::/129", "::1"},
  };
  for (const auto &[list, host] : not_excepted) EXPECT(!proxy_excepts(list, host));
  return {};
}

// The order of libcurl for a https URL.
std::string proxy__env__takes_https_proxy_then_all_proxy_then_http_proxy() {
  const auto resolve = [](std::map<std::string, std::string> e) {
    return resolve_proxy("env", "cloud.conf", env(std::move(e)));
  };
  std::map<std::string, std::string> all{{"https_proxy", "http://a:1"}, {"HTTPS_PROXY", "http://b:1"},
                                         {"all_proxy", "http://c:1"},   {"ALL_PROXY", "http://d:1"},
                                         {"http_proxy", "http://e:1"},  {"HTTP_PROXY", "http://f:1"}};
  for (const auto *name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"}) {
    EXPECT_EQ(resolve(all)->display(), all[name] + " (without credentials, from environment variable '" + name + "')");
    all[name] = "";
  }
  EXPECT(resolve(all)->kind == ProxyKind::none && contains(resolve(all)->warning, "set https_proxy"));
  EXPECT(resolve({{"http_proxy", "http://a:1"}})->source == "environment variable 'http_proxy'");
  EXPECT(resolve({{"http_proxy", " "}})->kind == ProxyKind::none);
  return {};
}

std::string proxy__unknown_form__is_an_error_without_secrets() {
  const std::string form =
      R"(Config var "proxy" defined but of unknown format. Supported syntax: "http[s]://[user:pass@]host:port" or )"
      R"("socks5[h]://[user:pass@]host:port". Provided Value:")";
  for (const auto *bad : {"proxy",
                          "proxy.example.org",
                          "h:",
                          "h:port",
                          "u:secret@h",
                          "http:3128",
                          "socks5:1080",
                          "http//h:1",
                          "http:/h:1",
                          "yes",
                          "\"",
                          "'http://h:1",
                          "https:/h:1",
                          "https://",
                          "httpss://h",
                          "socks4://h",
                          "ftp://u:secret@h",
                          "http://",
                          "http://u:secret@",
                          "http://h:",
                          "http://h:0",
                          "http://h:70000",
                          "http://h:secret",
                          "http://u:secret@h:port",
                          "http://h/secret@x/y",
                          "http://h h",
                          "http://user:secret",
                          "http://u:se\ncret@h:x",
                          "http://u:sec%00ret@h",
                          "environment",
                          "http://[::1"}) {
    const auto p = of(bad);
    if (p) return std::string("accepted: ") + bad;
    EXPECT(contains(p.error().what, form));
    EXPECT(!contains(p.error().what, "secret"));
    EXPECT(!contains(p.error().what, "\n"));
  }
  EXPECT(!of("http://u:" + std::string(300, 'p') + "@h"));
  const auto from_env = resolve_proxy("env", "cloud.conf", env({{"http_proxy", "ftp://u:secret@h:1"}}));
  EXPECT(!from_env);
  EXPECT(contains(from_env.error().what, "ftp://XXXXX@h:1"));
  EXPECT(contains(from_env.error().what, "environment variable 'http_proxy'"));
  return {};
}

std::string proxy__credentials_without_a_colon__are_left_out_with_a_warning() {
  const auto p = of("http://user@h:1");
  EXPECT(p && !p->has_credentials());
  EXPECT(contains(p->warning, "Will attempt connection without authentication"));
  EXPECT(of("http://h:1")->warning.empty());
  return {};
}

std::string masked__good_or_broken__shows_scheme_host_and_port_at_most() {
  const std::pair<const char *, const char *> rows[] = {
      {"", ""},
      {"none", "none"},
      {"env", "env"},
      {"http://h:1", "http://h:1"},
      {"h:1", "h:1"},
      {"http://u:p@h:1", "http://XXXXX@h:1"},
      {"http://u:p@q@h:1", "http://XXXXX@h:1"},
      {"u:p@h", "XXXXX@h"},
      {"u:p@h://x", "XXXXX"},
      {"ftp://u:p@h:1", "ftp://XXXXX@h:1"},
      {"http://user:secret", "http://XXXXX"},
      {"http://user:12345678", "http://XXXXX"},
      {"http://h:3128@user:secret", "http://XXXXX"},
      {"http://u:secret@", "http://XXXXX"},
      {"http://u:secret@h:port", "http://XXXXX"},
      {"http://u:p@h:1/secret", "http://XXXXX@h:1/XXXXX"},
      {"secret://h:1", "XXXXX"},
      {"http//user:secret", "XXXXX"},
      {"user:secret", "XXXXX"},
      {"secret", "XXXXX"},
      {"\nsecret", "XXXXX"},
  };
  for (const auto &[text, shown] : rows) EXPECT_EQ(masked_proxy(text), shown);
  return {};
}

// Whoever limits the cloud by a proxy, however badly, is never connected directly.
std::string proxy__random_text__is_direct_only_when_it_says_so() {
  std::minstd_rand random(20261128);
  const std::string pieces[] = {"none",   "env",   "NONE", "http", "://", ":", "//", "proxy",  ".", "3128",
                                "@",      "\"",    "'",    " ",    "\t",  "#", "no", "direct", "-", "\xef\xbb\xbf",
                                "socks5", "[::1]", "=",    ";",    "\r",  "0"};
  for (unsigned i = 0; i < 2 * test::seeds(); ++i) {
    std::string text;
    for (auto n = 1 + random() % 5; n > 0; --n) text += pieces[random() % std::size(pieces)];
    std::string bare;
    for (const char c : text)
      if (std::string_view("\"' \t\r").find(c) == std::string_view::npos)
        bare += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool says_so = bare.empty() || bare == "none" || bare == "env";
    const auto direct = [](const Result<Proxy> &p) { return p && p->kind == ProxyKind::none; };
    if (direct(of(text)) && !says_so) return "direct: " + text;
    if (direct(resolve_proxy("env", "cloud.conf", env({{"https_proxy", text}}))) && !bare.empty())
      return "https_proxy is direct: " + text;
  }
  return {};
}

// A password in a proxy setting with any mistake is in no text that is shown.
std::string proxy__random_mistakes__never_show_the_password() {
  const std::string secret = "hush-Hush.77";  // could be a host name
  std::minstd_rand random(20261127);
  const auto pick = [&](const auto &list) -> std::string { return list[random() % std::size(list)]; };
  const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://", "http:/",   "http//",
                                 "htp://",  "ftp://",   "http:",     "",           " http://", "\"http://"};
  const char *const users[] = {"user:", "us er:", "user%3A:", ":", "user@corp:", "DOM\\user:"};
  const char *const hosts[] = {"",      "@",       "@:3128",    "@h:port", "@h:99999",  ":h:3128",   "@h:3128/x",
                               "/@h:x", "@[::1",   "@h h:1",    "@h:1?x",  "#@h:1:2",   "@h:1 none", "@h:\x01",
                               "@h",    "@h:3128", "@h:3128\"", "@@h:1",   "@h:3128\n", "'@h:1"};
  for (unsigned i = 0; i < test::seeds() / 2; ++i) {
    auto text = pick(schemes) + pick(users) + secret + pick(hosts);
    if (random() % 4 == 0) text.insert(text.begin() + static_cast<std::ptrdiff_t>(random() % (text.size() + 1)), ':');
    if (text.find(secret) == std::string::npos) continue;
    for (const auto &p : {of(text), resolve_proxy("env", "cloud.conf", env({{"https_proxy", text}}))}) {
      const auto shown = p ? p->display() + p->warning + p->curl_url() : p.error().what;
      if (contains(shown, secret)) return text + " is shown as " + shown;
    }
    if (contains(masked_proxy(text), secret)) return text + " is masked as " + masked_proxy(text);
  }
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(proxy__empty_or_none__is_direct),
    ACLK_TEST(proxy__each_documented_form__is_taken_apart),
    ACLK_TEST(proxy__shown__tells_credentials_and_source_but_no_secret),
    ACLK_TEST(proxy__env__takes_https_proxy_then_all_proxy_then_http_proxy),
    ACLK_TEST(proxy__env__knows_the_other_names_but_not_HTTP_PROXY),
    ACLK_TEST(proxy__no_proxy__goes_around_it_but_only_when_the_proxy_is_of_the_environment),
    ACLK_TEST(proxy__no_proxy__names_addresses_and_networks),
    ACLK_TEST(proxy__unknown_form__is_an_error_without_secrets),
    ACLK_TEST(proxy__credentials_without_a_colon__are_left_out_with_a_warning),
    ACLK_TEST(masked__good_or_broken__shows_scheme_host_and_port_at_most),
    ACLK_TEST(proxy__random_mistakes__never_show_the_password),
    ACLK_TEST(proxy__random_text__is_direct_only_when_it_says_so),
};

}  // namespace
}  // namespace test_proxy

int run_proxy_tests() { return cmocka_run_group_tests_name("claim: proxy", test_proxy::tests, nullptr, nullptr); }
