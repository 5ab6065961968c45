// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_request.h"
#include "claim/claim_sources.h"

#include <map>
#include <memory>
#include <utility>

#include "claim/identity.h"
#include "claim/settings.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_claim_sources {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;
namespace fs = std::filesystem;

namespace {

bool contains(const std::string &text, std::string_view part) { return text.find(part) != std::string::npos; }

Getenv env(std::map<std::string, std::string> vars) {
  return [vars = std::move(vars)](const char *name) -> std::optional<std::string> {
    const auto it = vars.find(name);
    if (it == vars.end()) return std::nullopt;
    return it->second;
  };
}

Identity claimed() {
  Identity id;
  id.standing = Standing::claimed;
  id.claim_id = kOldClaim;
  id.conf.url = "https://cloud.test";
  id.conf.token = "tok-secret";
  id.conf.rooms = "r1,r2";
  return id;
}

WrittenClaim written_claim() {
  WrittenClaim w;
  w.source = "/etc/netdata/claim.conf";
  w.file = w.source;
  w.token = "tok-secret";
  w.rooms = "r1, r2";
  w.url = "https://cloud.test/";
  return w;
}

std::string claim_sources__of_all_kinds__come_in_the_documented_order() {
  ClaimFiles files;
  files.claim_conf = {"/c/claim.conf",
                      "[global]\n token = t1\n rooms = r1\n url = https://a\n proxy = http://p\n insecure = yes\n",
                      {},
                      {}};
  files.token = {"/d/token", " t3\n", {}, {}};
  files.rooms = {"/d/rooms", "r3\n", {}, {}};
  const auto all = written_claims(files, env({{"NETDATA_CLAIM_TOKEN", "t2"}, {"NETDATA_CLAIM_URL", "https://b"}}));
  EXPECT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].token, "t1");
  EXPECT_EQ(all[0].source, "/c/claim.conf");
  EXPECT(all[0].rooms == "r1" && all[0].url == "https://a" && all[0].proxy == "http://p" && all[0].insecure == true);
  EXPECT_EQ(all[1].token, "t2");
  EXPECT(contains(all[1].source, "NETDATA_CLAIM_TOKEN") && all[1].url == "https://b" && !all[1].insecure);
  EXPECT(all[2].token == "t3" && all[2].rooms == "r3" && !all[2].url);
  return {};
}

std::string claim_sources__without_a_token__are_none() {
  ClaimFiles files;
  files.claim_conf = {"/c/claim.conf", "[global]\n url = https://a\n# token = t\n token =\n", {}, {}};
  files.token = {"/d/token", " \n", {}, {}};
  EXPECT(written_claims(files, env({{"NETDATA_CLAIM_ROOMS", "r"}, {"NETDATA_CLAIM_TOKEN", ""}})).empty());
  return {};
}

std::string extra_claim_opts__word_insecure__and_nothing_else_means_insecure() {
  for (const auto *text : {"-insecure", " -verbose  -insecure", "\"-insecure\"", "-insecure -noreload", "--insecure"})
    EXPECT(insecure_by_environment(env({{"NETDATA_EXTRA_CLAIM_OPTS", text}})));
  for (const auto *text : {"", "-verbose", "-insecured", "insecure", "x-insecure"})
    EXPECT(!insecure_by_environment(env({{"NETDATA_EXTRA_CLAIM_OPTS", text}})));
  EXPECT(!insecure_by_environment(env({})));
  return {};
}

std::string claim_comparison__claimed_with_the_same_token__is_kept() {
  const auto v = judge(written_claim(), claimed(), std::nullopt, "/d");
  EXPECT(v.deed == ClaimAction::nothing);
  EXPECT_EQ(v.line, std::string("kept: this node is claimed as ") + kOldClaim +
                        " at https://cloud.test, as /etc/netdata/claim.conf asks");
  auto by_old_script = claimed();
  by_old_script.conf.token.clear();
  EXPECT(judge(written_claim(), by_old_script, std::nullopt, "/d").line.starts_with("kept: "));
  auto rooms = written_claim();
  rooms.rooms = "r3";
  EXPECT(contains(judge(rooms, claimed(), std::nullopt, "/d").line, "rooms are ignored"));
  return {};
}

std::string claim_comparison__claimed_elsewhere__is_ignored_with_the_way_to_follow() {
  auto token = written_claim();
  token.token = "other-secret";
  auto url = written_claim();
  url.url = "https://other.test";
  for (const auto &w : {token, url}) {
    const auto v = judge(w, claimed(), std::nullopt, "/d");
    EXPECT(v.deed == ClaimAction::nothing && v.line.starts_with("ignored: /etc/netdata/claim.conf asks for "));
    EXPECT(contains(v.line, kOldClaim) && contains(v.line, "--reclaim") && !contains(v.line, "secret"));
  }
  return {};
}

std::string claim_comparison__claimed_and_another_proxy__changes_cloud_conf_only() {
  auto w = written_claim();
  w.proxy = "http://u:p-secret@proxy:1";
  w.insecure = true;
  const auto v = judge(w, claimed(), std::nullopt, "/d");
  EXPECT(v.deed == ClaimAction::adjust);
  EXPECT_EQ(v.conf.proxy, "http://u:p-secret@proxy:1");
  EXPECT(v.conf.insecure && v.conf.token == "tok-secret");
  EXPECT(v.line.starts_with("changed: proxy = http://") && contains(v.line, "insecure = yes"));
  EXPECT(!contains(v.line, "secret"));
  return {};
}

std::string claim_comparison__disabled_broken_or_copied__is_ignored_with_the_reason() {
  for (const auto s : {Standing::disabled, Standing::broken, Standing::copied}) {
    Identity id;
    id.standing = s;
    id.why = "the reason";
    const auto v = judge(written_claim(), id, std::nullopt, "/d");
    EXPECT(v.deed == ClaimAction::nothing && contains(v.line, "ignored: ") && contains(v.line, "the reason"));
  }
  return {};
}

std::string claim_comparison__unclaimed_by_hand__needs_a_file_written_later() {
  const auto then = fs::file_time_type::clock::now();
  auto w = written_claim();
  w.written = then - std::chrono::seconds(1);
  EXPECT(judge(w, {}, std::nullopt, "/d").deed == ClaimAction::claim);
  EXPECT(judge(w, {}, then, "/d").deed == ClaimAction::nothing);
  EXPECT(contains(judge(w, {}, then, "/d").line, "unclaimed by hand"));
  w.written = then + std::chrono::seconds(1);
  EXPECT(judge(w, {}, then, "/d").deed == ClaimAction::claim);
  w.written.reset();
  w.file.clear();
  EXPECT(judge(w, {}, then, "/d").deed == ClaimAction::nothing);
  EXPECT(judge(w, {}, then, "/d").line.ends_with("run netdata-aclk claim, or remove /d/unclaimed"));
  return {};
}

struct Declared : Node {
  Declared() { fs::create_directory(dir()); }
  void write(const std::string &text) { put(lib() / "claim.conf", text); }
  Settled fulfil() {
    lines.clear();
    return carry_out_written_claims({dir(), lib(), lib()}, environment,
                                    [this](ClaimLine kind, const std::string &line) {
                                      lines += (kind == ClaimLine::failure ? "ERROR " : "") + line + "\n";
                                    });
  }
  std::string lines;
};

std::string claim_sources__fulfilled_twice__claims_once() {
  Declared n;
  n.answers = {HttpAnswer{204, ""}};
  n.write("[global]\n token = tok-secret\n rooms = r1\n url = https://cloud.test\n proxy = http://u:secret@p:1\n");
  EXPECT(n.fulfil() == Settled::yes);
  EXPECT(n.lines.starts_with("changed: ") && !contains(n.lines + n.said, "secret"));
  const auto id = load_identity(n.dir(), kMachineGuid);
  EXPECT(id.standing == Standing::claimed && id.conf.proxy == "http://u:secret@p:1");
  EXPECT(n.fulfil() == Settled::yes);
  EXPECT(n.lines.starts_with("kept: "));
  EXPECT_EQ(n.calls.size(), 1U);
  return {};
}

std::string claim_sources__refused__leaves_its_place_to_the_next_one() {
  Declared n;
  n.answers = {HttpAnswer{403, ""}, HttpAnswer{204, ""}};
  n.write("[global]\n token = bad-secret\n url = https://cloud.test\n");
  put(n.dir() / "token", "good-secret\n");
  put(n.dir() / "rooms", "r9");
  put(n.dir() / "cloud.conf", "[global]\n url = https://mine.test\n");
  n.environment.getenv = env({{"NETDATA_CLAIM_URL", "https://not.test"}, {"NETDATA_CLAIM_ROOMS", "not"}});
  EXPECT(n.fulfil() == Settled::yes);
  EXPECT(n.lines.starts_with("ERROR Failed: token is expired, not found, or invalid"));
  EXPECT_EQ(n.calls.size(), 2U);
  EXPECT(contains(n.calls[0].body, "bad-secret") && contains(n.calls[1].body, "good-secret"));
  EXPECT(contains(n.calls[1].body, "[\"r9\"]") && n.calls[1].url.starts_with("https://mine.test/"));
  EXPECT(!fs::exists(n.dir() / "token") && !fs::exists(n.dir() / "rooms"));
  return {};
}

std::string claim_sources__cloud_away__is_for_later_and_refused_ones_are_not() {
  Declared n;
  n.write("[global]\n token = t\n url = https://cloud.test\n");
  n.answers = {HttpAnswer{503, ""}};
  EXPECT(n.fulfil() == Settled::later);
  n.answers = {HttpAnswer{403, ""}};
  EXPECT(n.fulfil() == Settled::yes);
  n.write("");
  EXPECT(n.fulfil() == Settled::yes && n.lines.empty());
  return {};
}

std::string claim_sources__fails__is_told_what_to_change_where_it_is_written() {
  Declared n;
  n.write("[global]\n token = t\n url = https://cloud.test\n");
  const auto conf = (n.lib() / "claim.conf").string();
  const auto said = [&](HttpAnswer answer) {
    n.answers = {std::move(answer)};
    n.lines.clear();
    (void)n.fulfil();
    return n.lines;
  };
  EXPECT(contains(said({403, ""}), "(asked for by " + conf +
                                       "); put a fresh claiming token of your Space into `token` in " + conf + "\n"));
  EXPECT(!contains(n.lines, "the command"));  // nobody has run one
  EXPECT(contains(said({422, R"({"errorMsgKey":"ErrInvalidRoomID"})"}), "; compare `rooms` in " + conf));
  EXPECT(contains(said({418, ""}), "; check `url` in " + conf));
  WrittenClaim w;
  for (const auto &[cause, part] :
       {std::pair{Errc::dns, "check the name in NETDATA_CLAIM_URL"}, std::pair{Errc::proxy, "NETDATA_CLAIM_PROXY"},
        std::pair{Errc::tls, "trusted.pem"}, std::pair{Errc::tcp, "a firewall"}})
    EXPECT(contains(written_advice(ExitCode::unreachable, cause, w), part));
  for (int exit = 0; exit <= 21; ++exit)
    EXPECT(!contains(written_advice(static_cast<ExitCode>(exit), std::nullopt, w), ";"));
  w.file = "/c/cloud.d/token";
  EXPECT(contains(written_advice(ExitCode::token_refused, std::nullopt, w), "into /c/cloud.d/token"));
  EXPECT(contains(written_advice(ExitCode::unreachable, Errc::tcp, w), "`url` in /c/cloud.d/cloud.conf"));
  return {};
}

std::string claim_sources__proxy_changed__rewrites_cloud_conf_without_asking_the_cloud() {
  Declared n;
  n.answers = {HttpAnswer{204, ""}};
  n.write("[global]\n token = t\n url = https://cloud.test\n");
  EXPECT(n.fulfil() == Settled::yes);
  n.write("[global]\n token = t\n url = https://cloud.test\n proxy = http://new:1\n");
  EXPECT(n.fulfil() == Settled::yes && n.lines.starts_with("changed: proxy = http://new:1"));
  const auto id = load_identity(n.dir());
  EXPECT(id.standing == Standing::claimed && id.conf.proxy == "http://new:1");
  EXPECT_EQ(n.calls.size(), 1U);
  return {};
}

// The environment is asked once the identity was read: there, somebody else is quicker.
std::string claim_sources__claimed_anew_before_the_lock__the_new_claim_stays() {
  Declared n;
  n.answers = {HttpAnswer{204, ""}};
  const std::string wanted = "[global]\n token = t\n url = https://cloud.test\n";
  n.write(wanted);
  EXPECT(n.fulfil() == Settled::yes);
  n.write(wanted + " proxy = http://new:1\n");
  const auto conf = n.dir() / "cloud.conf";
  const auto old_conf = get(conf);
  const auto swap_in = [&](const std::string &text) {
    n.environment.getenv = [conf, text, done = std::make_shared<bool>(false)](const char *name) {
      if (std::string_view(name) == "NETDATA_DISABLE_CLOUD" && !std::exchange(*done, true)) put(conf, text);
      return std::optional<std::string>();
    };
  };
  // By a claim elsewhere: the written_claim does not fit it any more, which the next look tells.
  auto other = old_conf;
  const auto id = load_identity(n.dir()).claim_id;
  EXPECT(contains(other, id) && contains(other, "https://cloud.test"));
  other.replace(other.find(id), id.size(), "00000000-0000-4000-8000-0000000000bb");
  auto elsewhere = other;
  elsewhere.replace(elsewhere.find("https://cloud.test"), 18, "https://other.test");
  for (const auto &text : {elsewhere, std::string("[global]\n url = https://cloud.test\n")}) {
    std::filesystem::remove(n.dir() / "claimed_id");
    put(conf, old_conf);
    swap_in(text);
    EXPECT(n.fulfil() == Settled::later);
    EXPECT_EQ(get(conf), text);
  }
  // By the same command once more, with the same settings: they are changed, its claim id is kept.
  put(conf, old_conf);
  swap_in(other);
  EXPECT(n.fulfil() == Settled::yes && n.lines.starts_with("changed: proxy = http://new:1"));
  EXPECT(contains(n.lines, "0000000000bb"));
  const auto now = load_identity(n.dir());
  EXPECT_EQ(now.claim_id, "00000000-0000-4000-8000-0000000000bb");
  EXPECT_EQ(now.conf.proxy, "http://new:1");
  return {};
}

std::string print__of_nothing__is_zero_and_a_touch_changes_it() {
  Declared n;
  const Places p{n.dir(), n.lib(), n.lib()};
  EXPECT_EQ(claim_files_print(p, env({})), 0U);
  const auto by_env = claim_files_print(p, env({{"NETDATA_CLAIM_TOKEN", "t"}}));
  EXPECT(by_env != 0);
  n.write("[global]\n token = t\n");
  const auto first = claim_files_print(p, env({}));
  EXPECT(first != 0);
  fs::last_write_time(n.lib() / "claim.conf", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT(claim_files_print(p, env({})) != first);
  return {};
}

std::string netdata_disable_cloud__begins_with_1__switches_off_claim_and_link() {
  Declared n;
  n.environment.getenv = env({{"NETDATA_DISABLE_CLOUD", "1"}});
  EXPECT(load_identity(n.dir(), "", n.environment.getenv).standing == Standing::disabled);
  EXPECT(n.run().exit == ExitCode::disabled);
  n.write("[global]\n token = t\n");
  EXPECT(n.fulfil() == Settled::yes && contains(n.lines, "NETDATA_DISABLE_CLOUD"));
  EXPECT(load_identity(n.dir(), "", env({{"NETDATA_DISABLE_CLOUD", "0"}})).standing == Standing::not_claimed);
  EXPECT_EQ(n.calls.size(), 0U);
  return {};
}

std::string useless__text_without_a_token__is_told_with_what_is_expected() {
  const std::vector<std::pair<std::string, std::string>> texts{
      {"token = t\nrooms = r\n", "[global]"},
      {"[global]\\ntoken = t\\n", "\\n"},
      {"\xEF\xBB\xBF[global]\ntoken = t\n", "byte order"},
      {"[global]\n token: t\n", "line 2"},
      {"[global]\n claim-token = t\n", "'token'"},
      {"[global]\n token =\n", "empty"},
      {"[global]\n token = \"\"\n", "empty"},
      {std::string("\xFF\xFE[\0g\0", 6), "UTF-16"},
  };
  for (const auto &[text, named] : texts) {
    ClaimFiles files;
    files.claim_conf = {"/c/claim.conf", text, {}, {}};
    const auto lines = useless(files, env({}));
    EXPECT_EQ(lines.size(), 1U);
    if (!contains(lines[0], named)) return lines[0];
    EXPECT(contains(lines[0], "/c/claim.conf") && contains(lines[0], "expected"));
    EXPECT(written_claims(files, env({})).empty());
  }
  for (const auto *name : {"NETDATA_CLAIM_URL", "NETDATA_CLAIM_ROOMS"}) {
    const auto lines = useless({}, env({{name, "x"}}));
    EXPECT(lines.size() == 1 && contains(lines[0], name) && contains(lines[0], "NETDATA_CLAIM_TOKEN"));
  }
  ClaimFiles rooms;
  rooms.token.path = "/d/token";
  rooms.rooms = {"/d/rooms", "r\n", {}, {}};
  EXPECT(useless(rooms, env({})).size() == 1 && contains(useless(rooms, env({}))[0], "/d/rooms"));
  for (const auto *fine : {"", "# token = t\n", "\n"}) {
    ClaimFiles files;
    files.claim_conf.text = fine;
    EXPECT(useless(files, env({})).empty());
  }
  EXPECT(useless({}, env({{"NETDATA_CLAIM_TOKEN", "t"}, {"NETDATA_CLAIM_URL", "u"}})).empty());
  return {};
}

std::string claim_sources__in_quotes__are_taken_without_them() {
  ClaimFiles files;
  files.claim_conf.text = "[global]\n token = \"t1\"\n rooms = 'r1,r2'\n url = \"https://a\"\n";
  files.token.text = "\"t3\"\n";
  const auto all = written_claims(
      files,
      env({{"NETDATA_CLAIM_TOKEN", "'t2'"}, {"NETDATA_CLAIM_URL", "\"https://b\""}, {"NETDATA_CLAIM_ROOMS", "\"r\""}}));
  EXPECT_EQ(all.size(), 3U);
  EXPECT(all[0].token == "t1" && all[0].rooms == "r1,r2" && all[0].url == "https://a");
  EXPECT(all[1].token == "t2" && all[1].rooms == "r" && all[1].url == "https://b");
  EXPECT_EQ(all[2].token, "t3");
  return {};
}

std::string claim_sources__bad_url__is_told_with_the_variable_or_file_it_came_from() {
  Declared n;
  n.environment.getenv = env({{"NETDATA_CLAIM_TOKEN", "t"}, {"NETDATA_CLAIM_URL", "ftp://x"}});
  (void)n.fulfil();
  EXPECT(contains(n.lines, "NETDATA_CLAIM_URL") && !contains(n.lines, "--url"));
  n.environment.getenv = env({});
  n.write("[global]\n token = t\n url = ftp://x\n");
  (void)n.fulfil();
  EXPECT(contains(n.lines, "(from " + (n.lib() / "claim.conf").string()));
  return {};
}

// As Docker and Kubernetes mount a secret.
std::string token_file__of_the_environment__is_read_like_any_other_token() {
  Declared n;
  const auto secret = n.lib() / "secret";
  const auto by_file = env({{"NETDATA_CLAIM_TOKEN_FILE", "'" + secret.string() + "'"},
                            {"NETDATA_CLAIM_TOKEN", ""},
                            {"NETDATA_CLAIM_URL", "https://b.test"}});
  for (const auto *text : {"tok", "tok\n", "tok\r\n", " \"tok\"\n", "'tok'\n\n"}) {
    put(secret, text);
    const auto files = read_claim_files(n.lib(), n.dir(), by_file);
    const auto all = written_claims(files, by_file);
    EXPECT(useless(files, by_file).empty() && all.size() == 1);
    EXPECT(all[0].token == "tok" && all[0].url == "https://b.test" && all[0].file.empty() && !all[0].written);
    EXPECT_EQ(all[0].source, "the environment (NETDATA_CLAIM_TOKEN_FILE = " + secret.string() + ")");
  }
  n.environment.getenv = by_file;
  n.answers = {HttpAnswer{403, ""}, HttpAnswer{204, ""}};
  EXPECT(n.fulfil() == Settled::yes &&
         contains(n.lines, "claiming token of your Space into " + secret.string() + "\n"));
  EXPECT(n.fulfil() == Settled::yes && contains(n.lines, "changed: the environment (NETDATA_CLAIM_TOKEN_FILE"));
  EXPECT(contains(n.calls[1].body, "\"tok\"") && n.calls[1].url.starts_with("https://b.test/"));
  EXPECT(fs::exists(secret));
  return {};
}

std::string token_file__that_cannot_be_used__is_told_with_variable_file_cause_and_next_step() {
  Declared n;
  const auto secret = n.lib() / "secret";
  n.environment.getenv = env({{"NETDATA_CLAIM_TOKEN_FILE", secret.string()}, {"NETDATA_CLAIM_URL", "https://b.test"}});
  const auto told = [&](const std::string &cause, const std::string &next) {
    EXPECT(n.fulfil() == Settled::yes);
    const bool all = n.lines.starts_with("ERROR ") && contains(n.lines, "NETDATA_CLAIM_TOKEN_FILE") &&
                     contains(n.lines, secret.string()) && contains(n.lines, cause) && contains(n.lines, next);
    // One line, and nothing else of the environment is complained about.
    return all && n.lines.find('\n') + 1 == n.lines.size() ? std::string() : n.lines;
  };
  EXPECT_EQ(told("No such file", "mount the secret there"), "");
  EXPECT(claim_files_print({n.dir(), n.lib(), n.lib()}, n.environment.getenv) != 0);
  fs::create_directory(secret);  // as Docker does where the host's file is missing
  EXPECT_EQ(told("not a regular file", "expected is a file with the token"), "");
  fs::remove(secret);
  put(secret, " \n");
  EXPECT_EQ(told("it is empty", "expected is"), "");
  put(secret, "\xEF\xBB\xBFtok\n");
  EXPECT_EQ(told("byte order mark", "UTF-8"), "");
  put(secret, std::string("\xFF\xFEt\0o\0", 6));
  EXPECT_EQ(told("UTF-16", "UTF-8"), "");
  put(secret, std::string(70'000, 'x'));
  EXPECT_EQ(told("larger than", "expected is"), "");
  EXPECT(contains(token_file_advice(Errc::denied), "let the agent's user read it"));
  EXPECT_EQ(n.calls.size(), 0U);
  // What is no path may be the token.
  n.environment.getenv = env({{"NETDATA_CLAIM_TOKEN_FILE", "tok-secret"}});
  EXPECT(n.fulfil() == Settled::yes && contains(n.lines, "NETDATA_CLAIM_TOKEN_FILE is not the absolute path"));
  EXPECT(!contains(n.lines, "secret there") && !contains(n.lines, "tok-secret"));
  return {};
}

std::string token_file__beside_a_token__does_not_count_and_that_is_told() {
  Declared n;
  n.environment.getenv =
      env({{"NETDATA_CLAIM_TOKEN_FILE", (n.lib() / "secret").string()}, {"NETDATA_CLAIM_TOKEN", "mine"}});
  put(n.dir() / "cloud.conf", "[global]\n url = https://mine.test\n");
  n.answers = {HttpAnswer{204, ""}};
  EXPECT(n.fulfil() == Settled::yes && contains(n.calls.at(0).body, "\"mine\""));
  EXPECT(
      n.lines.starts_with("NETDATA_CLAIM_TOKEN and NETDATA_CLAIM_TOKEN_FILE are both set: NETDATA_CLAIM_TOKEN counts"));
  return {};
}

std::string token_file__mounted_or_replaced_later__changes_the_print() {
  Declared n;
  const Places p{n.dir(), n.lib(), n.lib()};
  const auto secret = n.lib() / "secret";
  const auto by_file = env({{"NETDATA_CLAIM_TOKEN_FILE", secret.string()}});
  const auto missing = claim_files_print(p, by_file);
  put(secret, "one");
  const auto one = claim_files_print(p, by_file);
  put(secret, "two");
  EXPECT(missing != 0 && one != missing && claim_files_print(p, by_file) != one);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(token_file__of_the_environment__is_read_like_any_other_token),
    ACLK_TEST(token_file__that_cannot_be_used__is_told_with_variable_file_cause_and_next_step),
    ACLK_TEST(token_file__beside_a_token__does_not_count_and_that_is_told),
    ACLK_TEST(token_file__mounted_or_replaced_later__changes_the_print),
    ACLK_TEST(useless__text_without_a_token__is_told_with_what_is_expected),
    ACLK_TEST(claim_sources__in_quotes__are_taken_without_them),
    ACLK_TEST(claim_sources__bad_url__is_told_with_the_variable_or_file_it_came_from),
    ACLK_TEST(claim_sources__of_all_kinds__come_in_the_documented_order),
    ACLK_TEST(claim_sources__without_a_token__are_none),
    ACLK_TEST(extra_claim_opts__word_insecure__and_nothing_else_means_insecure),
    ACLK_TEST(claim_comparison__claimed_with_the_same_token__is_kept),
    ACLK_TEST(claim_comparison__claimed_elsewhere__is_ignored_with_the_way_to_follow),
    ACLK_TEST(claim_comparison__claimed_and_another_proxy__changes_cloud_conf_only),
    ACLK_TEST(claim_comparison__disabled_broken_or_copied__is_ignored_with_the_reason),
    ACLK_TEST(claim_comparison__unclaimed_by_hand__needs_a_file_written_later),
    ACLK_TEST(claim_sources__fulfilled_twice__claims_once),
    ACLK_TEST(claim_sources__refused__leaves_its_place_to_the_next_one),
    ACLK_TEST(claim_sources__cloud_away__is_for_later_and_refused_ones_are_not),
    ACLK_TEST(claim_sources__fails__is_told_what_to_change_where_it_is_written),
    ACLK_TEST(claim_sources__proxy_changed__rewrites_cloud_conf_without_asking_the_cloud),
    ACLK_TEST(claim_sources__claimed_anew_before_the_lock__the_new_claim_stays),
    ACLK_TEST(print__of_nothing__is_zero_and_a_touch_changes_it),
    ACLK_TEST(netdata_disable_cloud__begins_with_1__switches_off_claim_and_link),
};

}  // namespace
}  // namespace test_claim_sources

int run_claim_sources_tests() {
  return cmocka_run_group_tests_name("claim: written claims", test_claim_sources::tests, nullptr, nullptr);
}
