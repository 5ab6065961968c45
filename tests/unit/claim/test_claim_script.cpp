// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_script.h"

#include "claim/ini.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_claim_script {
using namespace aclk;
using namespace aclk::claim;

namespace {

std::string script__options_of_137__are_read_and_answered_as_137() {
  const auto a =
      parse_script_arguments({"-token=T", "-rooms=r1,r2", "-url=https://u", "-id=I", "-hostname=h", "-proxy=http://p",
                              "-user=netdata", "-insecure", "-noreload", "-daemon-not-running", "-verbose"});
  EXPECT(!a.v2 && a.unknown.empty() && a.warnings.empty());
  EXPECT(a.token == "T" && a.rooms == "r1,r2" && a.url == "https://u" && a.id == "I" && a.hostname == "h");
  EXPECT(a.proxy == "http://p" && a.user == "netdata" && a.insecure && a.verbose);
  EXPECT(parse_script_arguments({"-proxy=http://p", "-noproxy"}).proxy == "none");
  EXPECT(!parse_script_arguments({"-url="}).url);
  return {};
}

std::string script__options_of_2x__are_read_and_answered_as_2x() {
  for (const auto &args :
       {std::vector<std::string>{"--claim-token", "T", "--claim-rooms", "r", "--claim-url", "https://u",
                                 "--claim-proxy", "http://p", "--noreload", "--insecure"},
        std::vector<std::string>{"--claim-token=T", "-rooms=r", "-url=https://u", "--claim-proxy=http://p",
                                 "-insecure"}}) {
    const auto a = parse_script_arguments(args);
    EXPECT(a.v2 && a.token == "T" && a.rooms == "r" && a.url == "https://u" && a.proxy == "http://p" && a.insecure);
    EXPECT(a.unknown.empty() && a.warnings.empty());
  }
  EXPECT(parse_script_arguments({"--noproxy"}).proxy == "none");
  const auto old =
      parse_script_arguments({"--claim-token", "T", "-id=I", "-hostname=h", "-user=u", "-what=ever-secret"});
  EXPECT(!old.id && !old.hostname && !old.user);
  EXPECT_EQ(old.warnings.size(), 4U);
  EXPECT_EQ(old.warnings[0], "WARNING: Ignoring unrecognized option -what");
  EXPECT_EQ(old.warnings[1], "WARNING: -id option is no longer supported and is ignored");
  return {};
}

std::string script__first_release__takes_token_and_rooms_as_next_arguments() {
  const auto a = parse_script_arguments({"--token", "T", "--rooms", "general,web"});
  EXPECT(!a.v2 && a.token == "T" && a.rooms == "general,web" && a.unknown.empty());
  return {};
}

std::string script__unknown_argument__is_named_without_its_value() {
  EXPECT_EQ(parse_script_arguments({"-tokn=secret"}).unknown, "-tokn");
  EXPECT_EQ(parse_script_arguments({"-token", "secret"}).unknown, "-token");
  EXPECT_EQ(parse_script_arguments({"secret"}).unknown, "(a value)");
  EXPECT_EQ(parse_script_arguments({"-insecure=yes"}).unknown, "-insecure");
  EXPECT_EQ(parse_script_arguments({"--token"}).unknown, "--token");
  return {};
}

std::string script__each_ending__has_the_exit_status_and_text_of_137() {
  struct Row {
    ExitCode exit;
    int status;
    std::string_view text, key;
  };
  for (const auto &r : {Row{ExitCode::claimed, 0, "", ""},
                        Row{ExitCode::usage, 1, "", ""},
                        Row{ExitCode::local_files, 2, "", ""},
                        Row{ExitCode::disabled, 3, "", ""},
                        Row{ExitCode::unreachable, 4, "", ""},
                        Row{ExitCode::wrong_user, 6, "", ""},
                        Row{ExitCode::other_status, 7, "Unknown HTTP error message", ""},
                        Row{ExitCode::invalid_node_id, 8, "invalid node id", "ErrInvalidNodeID"},
                        Row{ExitCode::invalid_node_name, 9, "invalid node name", "ErrInvalidNodeName"},
                        Row{ExitCode::invalid_room_id, 10, "invalid room id", "ErrInvalidRoomID"},
                        Row{ExitCode::invalid_public_key, 11, "invalid public key", "ErrInvalidPublicKey"},
                        Row{ExitCode::token_refused, 12, "token expired/token not found/invalid token", "ErrForbidden"},
                        Row{ExitCode::already_claimed, 13, "already claimed", "ErrAlreadyClaimed"},
                        Row{ExitCode::in_progress, 14, "processing claiming", "ErrProcessingClaim"},
                        Row{ExitCode::server_error, 15, "Internal Server Error", "ErrInternalServerError"},
                        Row{ExitCode::gateway_timeout, 16, "Gateway Timeout", "ErrGatewayTimeout"},
                        Row{ExitCode::service_unavailable, 17, "Service Unavailable", "ErrServiceUnavailable"},
                        Row{ExitCode::no_machine_guid, 18, "", ""},
                        Row{ExitCode::unprocessable, 7, "Unknown HTTP error message", ""},
                        Row{ExitCode::answer_too_big, 7, "Unknown HTTP error message", ""},
                        Row{ExitCode::busy, 2, "", ""}}) {
    EXPECT_EQ(script_exit(r.exit), r.status);
    EXPECT_EQ(script_error(r.exit), r.text);
    EXPECT_EQ(script_error_key(r.exit), r.key);
  }
  return {};
}

std::string claim_conf__written__is_read_back_and_has_one_line_for_each_key() {
  ScriptArguments a;
  a.token = "T\n[evil]";
  a.rooms = "r1,r2";
  a.proxy = "none";
  a.insecure = true;
  const auto text = format_claim_conf(a);
  EXPECT_EQ(ini_value(text, "global", "token").value_or(""), "T [evil]");
  EXPECT_EQ(ini_value(text, "global", "rooms").value_or(""), "r1,r2");
  EXPECT_EQ(ini_value(text, "global", "url").value_or(""), "https://app.netdata.cloud");
  EXPECT_EQ(ini_value(text, "global", "proxy").value_or(""), "none");
  EXPECT_EQ(ini_value(text, "global", "insecure").value_or(""), "yes");
  EXPECT_EQ(ini_value(format_claim_conf({}), "global", "proxy").value_or(""), "env");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(script__options_of_137__are_read_and_answered_as_137),
    ACLK_TEST(script__options_of_2x__are_read_and_answered_as_2x),
    ACLK_TEST(script__first_release__takes_token_and_rooms_as_next_arguments),
    ACLK_TEST(script__unknown_argument__is_named_without_its_value),
    ACLK_TEST(script__each_ending__has_the_exit_status_and_text_of_137),
    ACLK_TEST(claim_conf__written__is_read_back_and_has_one_line_for_each_key),
};

}  // namespace
}  // namespace test_claim_script

int run_claim_script_tests() {
  return cmocka_run_group_tests_name("claim: script", test_claim_script::tests, nullptr, nullptr);
}
