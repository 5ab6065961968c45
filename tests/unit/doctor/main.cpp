// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <string>

#include "claim/base/files.h"
#include "plugin-api/cli/ask_plugin.h"
#include "plugin-api/doctor/checks.h"
#include "plugin-api/doctor/finding.h"
#include "plugin-api/doctor/reach_host.h"
#include "plugin-api/external/config/agent_log.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/temp_dir.h"

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

std::string check_sequence__each_rung__is_reached_by_those_before_it() {
  const Findings checks{good("a", "A"), warning("b", "B", "look"), good("c", "C")};
  EXPECT_EQ(verdicts(until_failure(checks, {})), "a+ b! c+ ");
  EXPECT_EQ(verdicts(until_failure(checks, FailedCheck{"a", "why"})), "ax b- c- ");
  EXPECT_EQ(verdicts(until_failure(checks, FailedCheck{"c", "why"})), "a+ b! cx ");
  EXPECT_EQ(verdicts(until_failure(checks, FailedCheck{"z", "why"})), "a- b- c- zx ");
  return {};
}

std::string check_sequence__a_fall_without_advice__gets_that_of_its_rung() {
  const auto advice = [](const char *check, const char *why) {
    return until_failure({}, FailedCheck{check, why}).front().remedy;
  };
  EXPECT_EQ(advice("tls", "no; take the other road"), "take the other road");
  EXPECT(!advice("broker-tls", "no").empty());
  EXPECT_EQ(advice("broker-tls", "no"), usual_remedy("tls"));
  EXPECT_EQ(advice("login-dns", "no"), usual_remedy("dns"));
  for (const auto *check :
       {"proxy-tcp", "proxy", "env", "challenge", "password", "broker", "websocket", "mqtt", "subscribe"})
    EXPECT(!usual_remedy(check).empty());
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

RunningLink told(const char *state) { return read_running_link(nlohmann::json::parse(state)); }

std::string running_link__not_online__repeats_the_plugins_reason_and_its_next_step() {
  const auto f = check_running(told(R"({"state":"stopped","reason":"the agent is not found; set agent url"})"));
  EXPECT(f.verdict == Verdict::warning);
  EXPECT_EQ(f.text, "aclk.plugin is running, and not online (stopped): the agent is not found");
  EXPECT_EQ(f.remedy, "set agent url");
  EXPECT(check_running(told(R"({"online":true,"attempts":[{"reason":"connected to x"}]})"))
             .text.ends_with("online: connected to x"));
  EXPECT(check_running({}).text.find("not running") != std::string::npos);
  RunningLink mute;
  mute.trouble = "/s: does not answer within 5 s";
  const auto m = check_running(mute);
  EXPECT(m.verdict == Verdict::bad && m.text.ends_with("/s: does not answer within 5 s"));
  EXPECT(m.text.find("not running") == std::string::npos);
  return {};
}

std::string running_link__its_agent__is_where_it_has_found_it() {
  EXPECT(!agent_as_the_plugin_says({}) && !agent_as_the_plugin_says(told("{}")));
  const auto found =
      agent_as_the_plugin_says(told(R"({"plugin":{"agent":{"place":"unix:/s","version":"v1.37.1","reason":null}}})"));
  EXPECT(found && found->verdict == Verdict::good);
  EXPECT_EQ(found->text, "netdata v1.37.1 at unix:/s, as aclk.plugin has it");
  const auto lost =
      agent_as_the_plugin_says(told(R"({"plugin":{"agent":{"place":null,"reason":"refused; set agent url"}}})"));
  EXPECT(lost && lost->verdict == Verdict::bad);
  EXPECT_EQ(lost->remedy, "set agent url");
  return {};
}

std::string running_link__written_claim__is_told_with_what_comes_next() {
  EXPECT(!claim_as_the_plugin_says(told(R"({"plugin":{"written-claim":null}})")));
  const auto failed = claim_as_the_plugin_says(
      told(R"({"plugin":{"written-claim":{"outcome":"Failed: token; put a fresh one into claim.conf","failed":true,)"
           R"("attempts":2,"next-utc":"2026-11-27 01:00:00"}}})"));
  EXPECT(failed && failed->verdict == Verdict::bad);
  EXPECT_EQ(failed->text, "the claim that is written down does not work (2 attempts): Failed: token");
  EXPECT_EQ(failed->remedy, "put a fresh one into claim.conf (the next attempt is at 2026-11-27 01:00:00 UTC)");
  const auto final =
      claim_as_the_plugin_says(told(R"({"plugin":{"written-claim":{"outcome":"no","failed":true,"attempts":1}}})"));
  EXPECT_EQ(final->remedy, "it is tried again when what asks for it changes");
  const auto once = check_running(
      told(R"({"state":"not claimed","reason":"x: no","plugin":{"written-claim":{"outcome":"no","failed":true}}})"));
  EXPECT_EQ(once.text, "aclk.plugin is running, and not online (not claimed)");
  EXPECT(claim_as_the_plugin_says(told(R"({"plugin":{"written-claim":{"runs":true}}})"))->text.find("is being made") !=
         std::string::npos);
  EXPECT(claim_as_the_plugin_says(told(R"({"plugin":{"written-claim":{"outcome":"ignored: unclaimed by hand"}}})"))
             ->text.ends_with("ignored: unclaimed by hand"));
  return {};
}

std::string running_link__that_keeps_falling__is_a_finding() {
  EXPECT(!check_drops(told(R"({"drops":{"last-hour":2,"finding":null}})")));
  const auto f = check_drops(told(R"({"drops":{"finding":"the link fell 3 times; raise it"}})"));
  EXPECT(f && f->verdict == Verdict::warning);
  EXPECT_EQ(f->text, "the link fell 3 times");
  EXPECT_EQ(f->remedy, "raise it");
  return {};
}

std::string running_link__what_is_not_on_disk__is_a_finding_with_the_files_next_step() {
  EXPECT_EQ(told(R"({"durable-state":"ok"})").not_kept, "");
  EXPECT_EQ(told(R"({"durable-state":"not open"})").not_kept, "");
  const auto link = told(R"({"durable-state":"/d/aclk.db was written by a newer version; install it again"})");
  const auto f = check_disk(DoctorContext({}), link);
  EXPECT(f.verdict == Verdict::bad);
  EXPECT_EQ(f.text, "/d/aclk.db was written by a newer version");
  EXPECT_EQ(f.remedy, "install it again");
  return {};
}

std::string disk__database_of_a_newer_version_and_no_plugin__is_a_finding() {
  const test::TempDir d;
  external::Environment env;
  env.lib = d.path();
  std::filesystem::create_directory(env.cloud_dir());
  std::string header("SQLite format 3");
  header.resize(100);
  EXPECT(write_file_atomically(env.cloud_dir() / "aclk.db", header, 0600));
  EXPECT(check_disk(DoctorContext(env), {}).verdict != Verdict::bad);
  header[63] = 99;
  EXPECT(write_file_atomically(env.cloud_dir() / "aclk.db", header, 0600));
  const auto f = check_disk(DoctorContext(env), {});
  EXPECT(f.verdict == Verdict::bad);
  EXPECT(f.text.find("aclk.db was written by a newer version of netdata-aclk (it has version 99") != std::string::npos);
  EXPECT(f.remedy.starts_with("install the newer version again, or remove the file"));
  return {};
}

std::string running_link__reads_that_fail_each_time__are_findings() {
  EXPECT(check_reads(told(R"({"online":true,"unreadable":[]})")).empty());
  const auto f = check_reads(told(R"({"online":true,"unreadable":[{"what":"the alerts of node x",
      "since-utc":"2026-11-27 01:00:00","attempts":12,"reason":"bad message"}]})"));
  EXPECT_EQ(verdicts(f), "readsx ");
  EXPECT_EQ(f.at(0).text,
            "aclk.plugin cannot read the alerts of node x, since 2026-11-27 01:00:00 UTC (12 attempts): bad message");
  return {};
}

std::string documents__that_cannot_be_read__are_findings_each_with_its_node() {
  const auto info = nlohmann::json::parse(R"({"uid":"11111111-2222-3333-4444-555555555555","mirrored_hosts_status":[
      {"guid":"11111111-2222-3333-4444-555555555555","hostname":"me","reachable":true,"hops":0},
      {"guid":"21111111-2222-3333-4444-555555555555","hostname":"kid","reachable":true,"hops":1},
      {"guid":"31111111-2222-3333-4444-555555555555","hostname":"gone","reachable":false,"hops":1}]})");
  std::string broken;
  const auto look = [&] {
    return look_at_documents("11111111-2222-3333-4444-555555555555",
                             [&](std::string_view node, std::string_view target) -> Result<nlohmann::json> {
                               if (target == "/api/v1/info") return info;
                               if (target == "/api/v1/contexts") return tl::unexpected(Error{Errc::not_found, "none"});
                               if (!node.empty() && target == broken)
                                 return tl::unexpected(Error{Errc::parse, "bad message"});
                               return nlohmann::json::object();
                             });
  };
  EXPECT_EQ(verdicts(look()), "documents+ ");
  EXPECT(look().at(0).text.ends_with("of 2 nodes can be read; not looked at: 1 not connected now"));
  for (const auto *target : {"/api/v1/alarms?all", "/api/v1/alarm_log", "/api/v1/charts"}) {
    broken = target;
    const auto f = look();
    EXPECT_EQ(verdicts(f), "documentsx ");
    EXPECT(f.at(0).text.find("node kid (2111") != std::string::npos && f.at(0).text.ends_with("bad message"));
  }
  return {};
}

std::string documents__of_an_agent_that_hangs__are_a_finding_beside_the_plugins_word() {
  const Error hangs{Errc::timeout, "no answer in 10 s"};
  EXPECT(documents_not_read(hangs, {}).empty());  // "agent" says it
  RunningLink link;
  link.there = true;
  link.agent_place = "http://127.0.0.1:19999";
  const auto f = documents_not_read(hangs, link);
  EXPECT_EQ(verdicts(f), "documentsx ");
  EXPECT(f.at(0).text.find(link.agent_place) != std::string::npos && f.at(0).text.ends_with("no answer in 10 s"));
  EXPECT(f.at(0).remedy.find("restart it") != std::string::npos);
  return {};
}

std::string silence__plugin_runs__is_never_told_as_if_it_did_not() {
  using claim::Standing;
  for (const auto standing : {Standing::disabled, Standing::not_claimed, Standing::broken, Standing::claimed}) {
    cli::Surroundings s;
    s.plugin_runs = true;
    s.standing = standing;
    s.identity_why = "WHY";
    EXPECT(cli::diagnose_no_answer(s).starts_with("aclk.plugin runs, but does not listen"));
    EXPECT(standing == Standing::claimed || cli::diagnose_no_answer(s).find("WHY") != std::string::npos);
    s.no_socket = true;
    EXPECT(cli::diagnose_no_answer(s).starts_with("aclk.plugin runs without a socket"));
  }
  return {};
}

std::string silence__each_cause__comes_before_what_is_wrong_besides() {
  cli::Surroundings s;
  s.identity_why = "nobody";
  const auto begins = [&s](const char *with) { return cli::diagnose_no_answer(s).starts_with(with); };
  EXPECT(begins("aclk.plugin is not installed"));
  s.plugin_file = "/p";
  EXPECT_EQ(cli::diagnose_no_answer(s).substr(0, 76),
            "the agent is not running: start it (with systemd: systemctl start netdata). ");
  s.agent_runs = true;
  EXPECT(begins("the agent runs, but aclk.plugin does not"));
  EXPECT(cli::diagnose_no_answer(s).find(external::kPluginLog) != std::string::npos);
  s.given_up = "GIVEN UP";
  EXPECT(begins("GIVEN UP. Besides, "));
  s.not_started = "NOT STARTED";
  EXPECT(begins("NOT STARTED. Besides, the node is not claimed: nobody. Claim it"));
  s.identity_why = claim::kNotClaimedYet;
  EXPECT(begins("NOT STARTED. Besides, the node is not claimed. Claim it"));
  s.claim_source = "/etc/netdata/claim.conf";
  EXPECT(begins("NOT STARTED. Besides, the node is not claimed yet; /etc/netdata/claim.conf asks for it"));
  s.standing = claim::Standing::claimed;
  EXPECT_EQ(cli::diagnose_no_answer(s), "NOT STARTED");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(running_link__what_is_not_on_disk__is_a_finding_with_the_files_next_step),
    ACLK_TEST(disk__database_of_a_newer_version_and_no_plugin__is_a_finding),
    ACLK_TEST(running_link__reads_that_fail_each_time__are_findings),
    ACLK_TEST(documents__that_cannot_be_read__are_findings_each_with_its_node),
    ACLK_TEST(documents__of_an_agent_that_hangs__are_a_finding_beside_the_plugins_word),
    ACLK_TEST(silence__plugin_runs__is_never_told_as_if_it_did_not),
    ACLK_TEST(silence__each_cause__comes_before_what_is_wrong_besides),
    ACLK_TEST(running_link__not_online__repeats_the_plugins_reason_and_its_next_step),
    ACLK_TEST(running_link__its_agent__is_where_it_has_found_it),
    ACLK_TEST(running_link__written_claim__is_told_with_what_comes_next),
    ACLK_TEST(running_link__that_keeps_falling__is_a_finding),
    ACLK_TEST(sentence__its_last_part__is_the_remedy),
    ACLK_TEST(check_sequence__each_rung__is_reached_by_those_before_it),
    ACLK_TEST(check_sequence__a_fall_without_advice__gets_that_of_its_rung),
    ACLK_TEST(findings__as_text_json_and_status__say_the_same),
    ACLK_TEST(host__one_family_is_dead__is_a_warning_only),
};

}  // namespace

int main() { return cmocka_run_group_tests_name("doctor", tests, nullptr, nullptr); }
