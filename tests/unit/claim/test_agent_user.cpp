// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/agent_user.h"

#include <sys/stat.h>
#include <unistd.h>

#include "claim/base/files.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_agent_user {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kNetdata = 999;
constexpr uid_t kAlice = 1000;
constexpr gid_t kStaff = 50;

PathPart dir(const char *path, uid_t uid, gid_t gid = 0, mode_t mode = 0755) {
  return {path, uid, gid, S_IFDIR | mode};
}

std::string path_owner__first_part_that_is_not_roots__decides() {
  // What the agent's user has put below his directory, of whomever it is, says nothing.
  const auto owner = first_owner({dir("/", 0), dir("/var/lib/netdata", kNetdata, 995), dir("/root", 0)});
  EXPECT(owner && owner->uid == kNetdata && owner->gid == 995 && owner->of == "/var/lib/netdata");
  EXPECT_EQ(first_owner({dir("/", 0), dir("/home/alice", kAlice), dir("/home/alice/netdata", kNetdata)})->uid, kAlice);
  EXPECT(!first_owner({dir("/", 0), dir("/var/lib/netdata", 0)}));
  EXPECT(!first_owner({}));
  return {};
}

std::string path_owner__roots_directories_that_others_may_change__are_named() {
  EXPECT_EQ(shared_part({dir("/", 0), dir("/a", 0, kStaff, 0775)}).string(), "/a");
  EXPECT_EQ(shared_part({dir("/", 0), dir("/a", 0, 0, 0777)}).string(), "/a");
  EXPECT(shared_part({dir("/", 0), dir("/a", 0, 0, 0775)}).empty());    // root's own group
  EXPECT(shared_part({dir("/tmp", 0, 0, 01777)}).empty());              // each has what is his there
  EXPECT(shared_part({{"/link", 0, kStaff, S_IFLNK | 0777}}).empty());  // nobody writes to a link
  EXPECT(shared_part({{"/sock", 0, kStaff, S_IFSOCK | 0770}}).empty());
  EXPECT_EQ(shared_part({{"/conf", 0, kStaff, S_IFREG | 0664}}).string(), "/conf");
  EXPECT(is_roots_alone({dir("/", 0), dir("/a", 0)}));
  EXPECT(!is_roots_alone({dir("/", 0), dir("/a", kAlice)}));
  EXPECT(!is_roots_alone({dir("/", 0), dir("/a", 0, kStaff, 0775)}));
  return {};
}

std::string path_owner__roots_links__are_followed_to_the_owner() {
  if (::geteuid() != 0) return {};  // only root can make another's directory
  const TempDir tmp;
  const auto base = fs::canonical(tmp.path());
  fs::create_directories(base / "volume" / "deep");
  fs::create_directory(base / "agents");
  EXPECT_EQ(::chown((base / "agents").c_str(), 65534, 65534), 0);
  fs::create_symlink("volume/./deep", base / "relative");
  fs::create_symlink(base / "agents", base / "volume" / "deep" / "absolute");
  const auto owner = first_owner(way_to(base / "relative" / "absolute" / "cloud.d"));
  EXPECT(owner && owner->uid == 65534 && owner->of == base / "agents");

  // A link of the agent's user's own: his, wherever it leads to.
  fs::create_symlink("/root", base / "agents" / "cloud.d");
  EXPECT_EQ(first_owner(way_to(base / "agents" / "cloud.d" / "x"))->of.string(), (base / "agents").string());
  fs::create_symlink("/root", base / "his");
  EXPECT_EQ(::lchown((base / "his").c_str(), 65534, 65534), 0);
  EXPECT_EQ(first_owner(way_to(base / "his" / "x"))->of.string(), (base / "his").string());
  return {};
}

std::string path_owner__loops_and_missing_parts__end() {
  const TempDir tmp;
  fs::create_symlink("b", tmp.path() / "a");
  fs::create_symlink("a", tmp.path() / "b");
  (void)way_to(tmp.path() / "a" / "x");
  EXPECT_EQ(way_to("/").size(), 1U);
  EXPECT_EQ(way_to("/nowhere-at-all/x/y").size(), 1U);
  EXPECT_EQ(way_to("/nowhere-at-all/../..").size(), 1U);
  return {};
}

std::string agent_user__owner_of_the_directories__is_the_one() {
  Evidence e;
  e.owner = PathOwner{kNetdata, 995, "/var/lib/netdata"};
  // Not whom the configuration names: he would be in a directory that somebody else can change.
  for (const auto *named : {"netdata", "root", "alice"}) {
    e.run_as_user = named;
    const auto v = judge_user(e);
    EXPECT(v.uid == kNetdata && !v.name && !v.unknown);
  }
  return {};
}

std::string agent_user__agent_that_is_root_in_anothers_directory__is_root_where_cloud_d_is() {
  Evidence e;
  e.owner = PathOwner{kNetdata, 995, "/var/lib/netdata"};
  e.run_as_user = "root";
  e.roots_cloud_dir = true;
  EXPECT(!judge_user(e).uid && !judge_user(e).name && !judge_user(e).unknown);
  e.run_as_user = "netdata";
  EXPECT(judge_user(e).uid == kNetdata);
  e.run_as_user.reset();
  EXPECT(judge_user(e).uid == kNetdata);
  return {};
}

std::string agent_user__roots_own_directories__configuration_decides() {
  Evidence e;
  e.has_netdata = true;
  EXPECT(!judge_user(e).uid && !judge_user(e).name && !judge_user(e).unknown);  // the agent runs as root
  e.run_as_user = "root";
  EXPECT(!judge_user(e).uid && !judge_user(e).name && !judge_user(e).unknown);
  e.run_as_user = "monitor";
  EXPECT(judge_user(e).name == "monitor");
  return {};
}

std::string agent_user__directory_that_others_may_change__is_never_roots() {
  Evidence e;
  e.shared = "/srv/netdata";
  EXPECT(judge_user(e).unknown);
  e.has_netdata = true;
  EXPECT(judge_user(e).name == "netdata");
  e.run_as_user = "monitor";
  EXPECT(judge_user(e).name == "monitor");
  return {};
}

std::string agent_user__run_as_user__counts_when_the_file_is_about_this_agent() {
  const std::string_view conf = "[global]\n  run as user = monitor\n";
  AgentPlaces p{"/var/lib/netdata/cloud.d", "/var/lib/netdata", "/etc/netdata/netdata.conf", false};
  EXPECT(run_as_user(conf, p) == "monitor");
  p.lib_dir = "/opt/netdata/var/lib/netdata";
  EXPECT(!run_as_user(conf, p));
  EXPECT(run_as_user("[directories]\n lib = /opt/netdata/var/lib/../lib/netdata\n[global]\n run as user = m\n", p) ==
         "m");
  EXPECT(run_as_user("[global]\n lib directory = /opt/netdata/var/lib/netdata\n run as user = m\n", p) == "m");
  p.conf_is_theirs = true;
  EXPECT(run_as_user(conf, p) == "monitor");
  EXPECT(!run_as_user("[global]\n", p));
  return {};
}

std::string files__group__is_there_before_the_name() {
  if (::geteuid() != 0) return {};  // others may not give files away
  const TempDir tmp;
  const auto file = tmp.path() / "claim.conf";
  EXPECT(write_file_atomically(file, "token", 0640, 4711).has_value());
  struct stat st {};
  EXPECT_EQ(::stat(file.c_str(), &st), 0);
  EXPECT_EQ(st.st_gid, 4711U);
  EXPECT_EQ(st.st_mode & 07777U, 0640U);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(path_owner__first_part_that_is_not_roots__decides),
    ACLK_TEST(path_owner__roots_directories_that_others_may_change__are_named),
    ACLK_TEST(path_owner__roots_links__are_followed_to_the_owner),
    ACLK_TEST(path_owner__loops_and_missing_parts__end),
    ACLK_TEST(agent_user__owner_of_the_directories__is_the_one),
    ACLK_TEST(agent_user__agent_that_is_root_in_anothers_directory__is_root_where_cloud_d_is),
    ACLK_TEST(agent_user__roots_own_directories__configuration_decides),
    ACLK_TEST(agent_user__directory_that_others_may_change__is_never_roots),
    ACLK_TEST(agent_user__run_as_user__counts_when_the_file_is_about_this_agent),
    ACLK_TEST(files__group__is_there_before_the_name),
};

}  // namespace
}  // namespace test_agent_user

int run_agent_user_tests() {
  return cmocka_run_group_tests_name("claim: agent's user", test_agent_user::tests, nullptr, nullptr);
}
