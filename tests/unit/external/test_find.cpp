// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/cli_socket.h"
#include "plugin-api/external/agent/endpoint.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_find {
namespace {

std::string described(const std::vector<Endpoint> &list) {
  std::string out;
  for (const auto &e : list) out += (out.empty() ? "" : " ") + e.describe();
  return out;
}

std::string bind_list__every_form__becomes_a_place_to_connect_to() {
  const auto check = [](const char *list) { return described(parse_bind_list(list, 19999)); };
  EXPECT_EQ(check("127.0.0.1:19901"), "http://127.0.0.1:19901");
  EXPECT_EQ(check("*"), "http://127.0.0.1:19999");
  EXPECT_EQ(check("*:80 0.0.0.0 127.0.0.1:80"), "http://127.0.0.1:80 http://127.0.0.1:19999");
  EXPECT_EQ(check("[::]:1 [::1] localhost"), "http://[::1]:1 http://[::1]:19999 http://localhost:19999");
  EXPECT_EQ(check("[fe80::1%eth0]:7 [fe80::2]%eth0:8 10.0.0.1%eth0:8 tcp:10.0.0.2"),
            "http://[fe80::1%25eth0]:7 http://[fe80::2%25eth0]:8 http://10.0.0.1:8 http://10.0.0.2:19999");
  EXPECT_EQ(check(",127.0.0.1:1,,[::1]:2 ,\tname:3,"), "http://127.0.0.1:1 http://[::1]:2 http://name:3");
  EXPECT_EQ(check("localhost:http 127.0.0.1:https=dashboard"), "http://localhost:80 http://127.0.0.1:443");
  EXPECT_EQ(check("any: all:5 %lo:6 *%lo:7"),
            "http://127.0.0.1:19999 http://127.0.0.1:5 http://127.0.0.1:6 http://127.0.0.1:7");
  EXPECT_EQ(check("  10.0.0.1:5=dashboard|registry^SSL=force\t10.0.0.2:6^SSL=optional "),
            "https://10.0.0.1:5 http://10.0.0.2:6");
  EXPECT_EQ(check("10.0.0.1 unix:/run/n.sock unix:/run/m.sock=dashboard"),
            "unix:/run/n.sock unix:/run/m.sock=dashboard unix:/run/m.sock http://10.0.0.1:19999");
  // All that follows unix: is the agent's path.
  EXPECT_EQ(check("unix:/run/n.sock=registry^SSL=optional"), "unix:/run/n.sock=registry^SSL=optional unix:/run/n.sock");
  return {};
}

std::string bind_list__useless_items__are_left_out() {
  EXPECT_EQ(
      described(parse_bind_list("udp:127.0.0.1:8125 10.0.0.1=registry|badges 10.0.0.1:x 10.0.0.1:70000 [::1 "
                                "unix: unix:relative 10.0.0.1:0 ::1 10.0.0.1:no-such-service-here \"127.0.0.1:5\"",
                                19999)),
      "");
  EXPECT_EQ(parse_bind_list("", 1).size(), 0U);
  return {};
}

std::string agent_url__all_forms__are_taken_or_refused_with_a_reason() {
  EXPECT_EQ(parse_agent_url("http://127.0.0.1:19999")->describe(), "http://127.0.0.1:19999");
  EXPECT_EQ(parse_agent_url("127.0.0.1:19901")->describe(), "http://127.0.0.1:19901");
  EXPECT_EQ(parse_agent_url("https://[::1]:1/")->describe(), "https://[::1]:1");
  EXPECT_EQ(parse_agent_url("unix:/run/x.sock")->unix_path, "/run/x.sock");
  EXPECT_EQ(parse_agent_url("unix:///run/x.sock")->unix_path, "/run/x.sock");
  EXPECT_EQ(parse_agent_url("http+unix:/run/x.sock")->unix_path, "/run/x.sock");
  for (const auto *bad : {"unix:", "unix:x", "ftp://h", "wss://h", "http://", "http://h:0"})
    EXPECT(!parse_agent_url(bad));
  return {};
}

std::string candidates__by_reliability__own_setting_agent_file_default() {
  const ReadConfig silent = [](auto, auto) -> Result<std::string> {
    return tl::unexpected<Error>(Error{Errc::unavailable, "no"});
  };
  const ReadConfig tells = [](std::string_view section, std::string_view key) -> Result<std::string> {
    return section == "web" && key == "bind to" ? "127.0.0.1:5" : "?";
  };
  Settings s;
  s.default_port = 19999;
  s.bind_to = "127.0.0.1:6 127.0.0.1:5";
  auto c = find_candidates(s, tells);
  EXPECT(c && c->size() == 3);
  EXPECT(!(*c)[0].guess && !(*c)[1].guess && (*c)[2].guess);
  EXPECT_EQ((*c)[0].endpoint.port, 5);
  EXPECT_EQ((*c)[1].endpoint.port, 6);
  EXPECT_EQ((*c)[2].endpoint.port, 19999);
  EXPECT_EQ(find_candidates(s, silent)->front().endpoint.port, 6);
  s.bind_to.clear();
  EXPECT_EQ(find_candidates(s, silent)->size(), 1U);
  EXPECT(!find_candidates(s, silent)->front().guess);
  const ReadConfig with_port = [](std::string_view, std::string_view key) -> Result<std::string> {
    return key == "bind to" ? "localhost" : "0x4e20";
  };
  EXPECT_EQ(find_candidates(s, with_port)->front().endpoint.describe(), "http://localhost:20000");
  s.agent_url = "unix:/run/x";
  EXPECT_EQ(find_candidates(s, tells)->size(), 1U);
  s.agent_url = "nonsense://";
  EXPECT(find_candidates(s, tells).error().code == Errc::invalid_argument);
  s.agent_url.clear();
  s.web_disabled = true;
  EXPECT(find_candidates(s, tells).error().code == Errc::unsupported);
  return {};
}

std::string cli_answer__as_the_agent_sends_it__is_taken_apart() {
  using std::string_literals::operator""s;
  EXPECT_EQ(parse_cli_answer("X0\0O127.0.0.1:19901"s).value_or(""), "127.0.0.1:19901");
  EXPECT_EQ(parse_cli_answer("X0\0Opong\0"s).value_or(""), "pong");
  EXPECT(parse_cli_answer("X1\0EIllegal command."s).error().code == Errc::unsupported);
  for (const auto &bad : {""s, "X"s, "X0"s, "X0\0"s, "pong"s, "\0\0\0"s}) EXPECT(!parse_cli_answer(bad));
  return {};
}

std::string cli_socket__without_anybody_there__is_unavailable() {
  const auto r = cli_read_config("/nonexistent/socket", "web", "bind to", std::chrono::milliseconds(50));
  EXPECT(!r && r.error().code == Errc::unavailable);
  EXPECT(!cli_read_config(std::string(200, 'x'), "web", "bind to", std::chrono::milliseconds(50)));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(bind_list__every_form__becomes_a_place_to_connect_to),
    ACLK_TEST(bind_list__useless_items__are_left_out),
    ACLK_TEST(agent_url__all_forms__are_taken_or_refused_with_a_reason),
    ACLK_TEST(candidates__by_reliability__own_setting_agent_file_default),
    ACLK_TEST(cli_answer__as_the_agent_sends_it__is_taken_apart),
    ACLK_TEST(cli_socket__without_anybody_there__is_unavailable),
};

}  // namespace
}  // namespace test_find

int find_tests() { return cmocka_run_group_tests_name("find", test_find::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
