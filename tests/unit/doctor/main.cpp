// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "plugin-api/external/doctor/finding.h"
#include "plugin-api/external/doctor/ladder.h"
#include "plugin-api/external/doctor/reach_host.h"
#include "tests/unit/cmocka_main.h"

using namespace aclk;
using namespace aclk::doctor;
using namespace std::chrono_literals;

namespace {

std::string verdicts(const Findings &findings) {
  std::string s;
  for (const auto &f : findings)
    s += f.check + (f.verdict == Verdict::good      ? "+ "
                    : f.verdict == Verdict::warning ? "! "
                    : f.verdict == Verdict::bad     ? "x "
                                                    : "- ");
  return s;
}

std::string sentence__its_last_part__is_the_remedy() {
  const auto f = bad_from("tls", "host:1: refused; twice; check it");
  EXPECT_EQ(f.text, "host:1: refused; twice");
  EXPECT_EQ(f.remedy, "check it");
  EXPECT_EQ(bad_from("x", "no advice").remedy, "");
  return {};
}

std::string ladder__each_rung__is_reached_by_those_before_it() {
  const Findings rungs{good("a", "A"), warning("b", "B", "look"), good("c", "C")};
  EXPECT_EQ(verdicts(climb(rungs, {})), "a+ b! c+ ");
  EXPECT_EQ(verdicts(climb(rungs, Fall{"a", "why"})), "ax b- c- ");
  EXPECT_EQ(verdicts(climb(rungs, Fall{"c", "why"})), "a+ b! cx ");
  EXPECT_EQ(verdicts(climb(rungs, Fall{"z", "why"})), "a- b- c- zx ");
  return {};
}

std::string ladder__a_fall_without_advice__gets_that_of_its_rung() {
  const auto advice = [](const char *check, const char *why) { return climb({}, Fall{check, why}).front().remedy; };
  EXPECT_EQ(advice("tls", "no; take the other road"), "take the other road");
  EXPECT(!advice("broker-tls", "no").empty());
  EXPECT_EQ(advice("broker-tls", "no"), usual_remedy("tls"));
  EXPECT_EQ(advice("login-dns", "no"), usual_remedy("dns"));
  for (const auto *rung :
       {"proxy-tcp", "proxy", "env", "challenge", "password", "broker", "websocket", "mqtt", "subscribe"})
    EXPECT(!usual_remedy(rung).empty());
  return {};
}

std::string findings__as_text_json_and_status__say_the_same() {
  const Findings list{good("a", "fine"), warning("b", "odd \xff", "look"), skipped("c", "not reached")};
  EXPECT_EQ(exit_status(list), 0);
  EXPECT(as_text(list).find("\n                   -> look\n") != std::string::npos);
  EXPECT(as_text(list).find("0 wrong, 1 to look at.") != std::string::npos);
  EXPECT(
      as_json(list).starts_with(R"({"ok":true,"findings":[{"check":"a","verdict":"good","text":"fine","remedy":""})"));
  EXPECT_EQ(exit_status({bad("d", "broken", "mend")}), 2);
  EXPECT(as_json({bad("d", "broken", "mend")}).starts_with(R"({"ok":false)"));
  EXPECT(as_text({good("a", "b")}).ends_with("\nNothing is wrong.\n"));
  return {};
}

std::string host__one_family_is_dead__is_a_warning_only() {
  EXPECT_EQ(verdicts(judge_host("", "h", 1, {"no such name", "no such name", {}})), "dnsx tcp- ");
  EXPECT_EQ(verdicts(judge_host("p-", "h", 1, {"", "", {{"127.0.0.1", "", 3ms}, {"::1", "", 5ms}}})), "p-dns+ p-tcp+ ");
  const auto half = judge_host("", "h", 443, {"", "", {{"127.0.0.1", "", 3ms}, {"::1", "no route", 0ms}}});
  EXPECT_EQ(verdicts(half), "dns+ tcp! ");
  EXPECT_EQ(half[1].text, "h:443: 1 of 2 addresses do not work (::1: no route)");
  EXPECT_EQ(verdicts(judge_host("", "h", 1, {"", "", {{"127.0.0.1", "refused", 0ms}}})), "dns+ tcpx ");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(sentence__its_last_part__is_the_remedy),
    ACLK_TEST(ladder__each_rung__is_reached_by_those_before_it),
    ACLK_TEST(ladder__a_fall_without_advice__gets_that_of_its_rung),
    ACLK_TEST(findings__as_text_json_and_status__say_the_same),
    ACLK_TEST(host__one_family_is_dead__is_a_warning_only),
};

}  // namespace

int main() { return cmocka_run_group_tests_name("doctor", tests, nullptr, nullptr); }
