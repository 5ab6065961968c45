// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the plugin knows beside the link, and how whoever answers at the local socket comes to it.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "plugin-api/external/control/plugin_status.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_plugin_status {
namespace {

PluginStatus failing() {
  PluginStatus w;
  w.began_s = 1000;
  w.agent = {"unix:/run/netdata.sock", "v1.37.1", {}, 1200};
  w.claim = {"Failed: token (asked for by /etc/netdata/claim.conf)", true, false, 3, 1300, 1400, 1500};
  return w;
}

Unlinked unlinked(claim::Standing standing, std::string why, std::string claim_id = {}) {
  Unlinked u;
  u.identity.standing = standing;
  u.identity.why = std::move(why);
  u.identity.claim_id = std::move(claim_id);
  u.status.began_s = 1000;
  return u;
}

std::string get(const Unlinked &u, const char *path, const char *method = "GET") {
  return local_response(answer_unlinked({200, method, path, {}}, u, {}, 2000, [] {}));
}

std::string word__through_the_board__is_the_same() {
  const auto board = SharedText::make();
  EXPECT_EQ(board.read(), "");
  board.write(status_to_json(failing()));
  const SharedText child(::dup(board.fd()));
  const auto w = status_from_json(child.read());
  EXPECT_EQ(status_to_json(w), status_to_json(failing()));
  board.write("short");  // what was longer leaves nothing behind
  EXPECT_EQ(child.read(), "short");
  board.write(std::string(SharedText::kMaxText + 1, 'x'));
  EXPECT_EQ(child.read(), "");
  EXPECT_EQ(SharedText(-1).read(), "");
  return {};
}

std::string word_board__written_while_it_is_read__is_never_half() {
  const auto board = SharedText::make();
  const std::string a(3000, 'a');
  const std::string b(9000, 'b');
  board.write(a);
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) board.write(i % 2 == 0 ? b : a);
    over = true;
  });
  bool whole = true;
  while (!over) {
    const auto read = board.read();
    whole = whole && (read == a || read == b || read.empty());
  }
  writer.join();
  EXPECT(whole);
  EXPECT_EQ(board.read(), a);
  return {};
}

std::string word__rubbish__is_none() {
  for (const char *text : {"", "{", "[]", "7", R"({"place":5})", R"({"attempts":"x"})", R"({"bad":1e9})"})
    EXPECT_EQ(status_to_json(status_from_json(text)), status_to_json({}));
  return {};
}

std::string word__in_a_state__stands_with_the_links_own_lines() {
  ::setenv("TZ", "UTC", 1);
  EXPECT_EQ(with_status_lines("Online: Yes\n\n\n> Node\n", failing()),
            "Online: Yes\nAgent: netdata v1.37.1 at unix:/run/netdata.sock\nWritten Claim: Failed: token (asked for by "
            "/etc/netdata/claim.conf)\nWritten Claim Attempts: 3 since 1970-01-01 00:21:40, the next at 1970-01-01 "
            "00:25:00\n\n\n> Node\n");
  auto settled = failing();
  settled.claim.next_s = 0;
  EXPECT(status_lines(settled).ends_with(", the next when what asks for it changes\n"));
  settled.claim.runs = true;
  EXPECT(status_lines(settled).ends_with(", one runs\n"));
  EXPECT_EQ(with_status_lines("Online: No\n", {}), "Online: No\n");
  const auto once = with_status_lines("Reason: it does not work: " + failing().claim.line + "\n", failing());
  EXPECT(once.find("\nWritten Claim: see Reason\nWritten Claim Attempts: 3") != std::string::npos);
  const auto j = nlohmann::json::parse(with_status_object("{\"online\":true}", failing()));
  EXPECT(j["online"] == true && j["plugin"]["written-claim"]["attempts"] == 3);
  EXPECT_EQ(j["plugin"]["agent"]["place"], "unix:/run/netdata.sock");
  EXPECT(nlohmann::json::parse(with_status_object("{\"a\":1}", {}))["plugin"]["written-claim"].is_null());
  EXPECT_EQ(with_status_object("The link does not answer.", {}), "The link does not answer.");
  return {};
}

std::string unlinked__each_cause__is_named_with_its_next_step() {
  using claim::Standing;
  auto u = unlinked(Standing::not_claimed, "Agent is not claimed yet");
  EXPECT_EQ(why_unlinked(u), "Agent is not claimed yet; claim it with netdata-aclk claim");
  EXPECT_EQ(why_unlinked(unlinked(Standing::not_claimed, "cannot open cloud.conf")), "cannot open cloud.conf");
  u.status.claim.runs = true;
  EXPECT(why_unlinked(u).ends_with("is being made"));
  u.status.claim = failing().claim;
  EXPECT_EQ(why_unlinked(u),
            "the claim that is written down does not work: Failed: token (asked for by "
            "/etc/netdata/claim.conf)");
  EXPECT_EQ(why_unlinked(unlinked(Standing::disabled, "off")), "off");
  EXPECT_EQ(why_unlinked(unlinked(Standing::broken, "no key", "id")), "no key");
  u = unlinked(Standing::claimed, {}, "id");
  EXPECT(why_unlinked(u).starts_with("the link is about to begin"));
  u.status.agent.trouble = "refused; set agent url";
  EXPECT_EQ(why_unlinked(u), "the agent is not found: refused; set agent url");
  u.status.rests = "the worker was killed";
  EXPECT_EQ(why_unlinked(u), "the worker was killed");
  return {};
}

std::string unlinked__each_path__has_the_answer_of_a_link() {
  using claim::Standing;
  auto u = unlinked(Standing::disabled, "switched off by 'enabled = no' in /c", "11111111-2222-3333-4444-555555555555");
  const auto text = get(u, "/api/v1/aclk/text");
  for (const char *line :
       {"ACLK Available: Yes\n", "Claimed: Yes\n", "Online: No\n", "Banned By Cloud: No\n",
        "Claimed Id: 11111111-2222-3333-4444-555555555555\n", "Reason: switched off by 'enabled = no' in /c\n"})
    EXPECT(text.find(line) != std::string::npos);
  EXPECT(get(u, "/api/v1/aclk").find("\"status-symbol\":\"ACLK_STATUS_DISABLED\"") != std::string::npos);
  EXPECT(get(u, "/api/v1/aclk").find("\"reason\":\"switched off by 'enabled = no' in \\/c\"") != std::string::npos);
  EXPECT(get(u, "/api/v3/info").find("\"status\":\"offline\"") != std::string::npos);
  EXPECT(get(u, "/api/v1/aclk/what-is-sent").find("\"sent\":[]") != std::string::npos);
  EXPECT(get(u, "/nothing").starts_with("HTTP/1.1 404 "));
  EXPECT(get(u, "/api/v1/aclk", "POST").starts_with("HTTP/1.1 405 "));
  EXPECT(get(u, "/api/v1/reload-claiming-state").starts_with("HTTP/1.1 405 "));
  bool ordered = false;
  const auto reload =
      answer_unlinked({200, "POST", "/api/v1/reload-claiming-state", {}}, u, {}, 0, [&ordered] { ordered = true; });
  EXPECT(ordered && local_response(reload).starts_with("HTTP/1.1 200 "));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(word__through_the_board__is_the_same),
    ACLK_TEST(word_board__written_while_it_is_read__is_never_half),
    ACLK_TEST(word__rubbish__is_none),
    ACLK_TEST(word__in_a_state__stands_with_the_links_own_lines),
    ACLK_TEST(unlinked__each_cause__is_named_with_its_next_step),
    ACLK_TEST(unlinked__each_path__has_the_answer_of_a_link),
};

}  // namespace
}  // namespace test_plugin_status

int plugin_status_tests() {
  return cmocka_run_group_tests_name("plugin_status", test_plugin_status::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
