// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "claim/base/c_own.h"
#include "plugin-api/external/agent/peer_owner.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_peer_owner {
namespace {

constexpr const char *kHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

std::string row(const std::string &local, const std::string &remote, const std::string &state, unsigned uid,
                unsigned inode = 7) {
  return "   0: " + local + " " + remote + " " + state + " 00000000:00000000 00:00000000 00000000 " +
         std::to_string(uid) + "        0 " + std::to_string(inode) + " 1 0000000000000000 100 0 0 10 0\n";
}

constexpr const char *kNobody4 = "00000000:0000";
constexpr const char *kNobody6 = "00000000000000000000000000000000:0000";

std::string uids(const std::vector<uid_t> &list) {
  std::string out;
  for (const auto u : list) out += std::to_string(u) + " ";
  return out;
}

TcpEnds to(const char *ip, std::uint16_t port = 19999) { return {ip, port, ip, 40000}; }

std::string listener__closest_address__tells_the_owner() {
  const TcpTables t{kHead + row("0100007F:4E1F", kNobody4, "0A", 65534) + row("00000000:4E1F", kNobody4, "0A", 0) +
                        row("00000000:0050", kNobody4, "0A", 33) + row("0100007F:4E20", "0100007F:9C40", "01", 9),
                    kHead + row("00000000000000000000000000000000:4E1F", kNobody6, "0A", 105) +
                        row("00000000000000000000000001000000:0051", kNobody6, "0A", 34) +
                        row("00000000000000000000000000000000:0052", kNobody6, "0A", 35)};
  EXPECT_EQ(uids(listener_owners(t, to("127.0.0.1"))), "65534 ");
  EXPECT_EQ(uids(listener_owners(t, to("10.0.0.1"))), "0 ");
  EXPECT_EQ(uids(listener_owners(t, to("::1"))), "105 ");
  EXPECT_EQ(uids(listener_owners(t, to("127.0.0.1", 80))), "33 ");
  EXPECT_EQ(uids(listener_owners(t, to("::1", 81))), "34 ");
  EXPECT_EQ(uids(listener_owners(t, to("127.0.0.1", 82))), "35 ");
  EXPECT_EQ(uids(listener_owners(t, to("127.0.0.1", 20000))), "");
  EXPECT_EQ(uids(listener_owners(t, to("::1", 80))), "");
  return {};
}

std::string listener__several_on_one_place__are_all_told() {
  const TcpTables t{row("0100007F:4E1F", kNobody4, "0A", 0) + row("0100007F:4E1F", kNobody4, "0A", 65534), ""};
  EXPECT_EQ(uids(listener_owners(t, to("127.0.0.1"))), "0 65534 ");
  EXPECT(judge(listener_owners(t, to("127.0.0.1")), 105) == Owner::stranger);
  return {};
}

std::string accepted__this_very_connection__and_only_with_a_process() {
  const std::string mapped = "0000000000000000FFFF00000100007F";
  const TcpTables t{row("0100007F:4E1F", "0100007F:9C40", "01", 65534) +
                        row("0100007F:4E1F", "0100007F:9C41", "01", 1) +
                        row("0100007F:4E21", "0100007F:9C40", "01", 0, 0),
                    row(mapped + ":4E22", mapped + ":9C40", "08", 77)};
  EXPECT_EQ(uids(accepted_owners(t, to("127.0.0.1"))), "65534 ");
  EXPECT_EQ(uids(accepted_owners(t, to("127.0.0.1", 20001))), "");
  EXPECT_EQ(uids(accepted_owners(t, to("127.0.0.1", 20002))), "77 ");
  return {};
}

std::string table__garbage__tells_nothing() {
  for (const auto *text : {"", "\n\n", "x", "0: 0100007F 0 0A", " 0: 0100007F:4E1F 00000000:0000 0A 0 0 0 x 0 1\n",
                           " 0: 0100007F:4E1F 00000000:0000 0A 0:0 0:0 0 -1 0 1\n"})
    EXPECT_EQ(uids(listener_owners({text, text}, to("127.0.0.1"))), "");
  EXPECT_EQ(uids(listener_owners({row("0100007F:4E1F", kNobody4, "0A", 1), ""}, to("localhost"))), "");
  return {};
}

std::string owner__root_and_own_user__are_ours() {
  EXPECT(judge({}, 105) == Owner::unknown);
  EXPECT(judge({0}, 105) == Owner::ours);
  EXPECT(judge({105, 0}, 105) == Owner::ours);
  EXPECT(judge({65534}, 105) == Owner::stranger);
  EXPECT(describe_stranger({0, 65534}, 105).find("user id 65534") != std::string::npos);
  return {};
}

std::string unix_owner__of_a_pair__is_this_process() {
  std::array<int, 2> fds{};
  EXPECT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  const Fd a(fds[0]);
  const Fd b(fds[1]);
  EXPECT_EQ(uids(unix_owner(a.get())), uids({::geteuid()}));
  EXPECT_EQ(uids(unix_owner(-1)), "");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(listener__closest_address__tells_the_owner),
    ACLK_TEST(listener__several_on_one_place__are_all_told),
    ACLK_TEST(accepted__this_very_connection__and_only_with_a_process),
    ACLK_TEST(table__garbage__tells_nothing),
    ACLK_TEST(owner__root_and_own_user__are_ours),
    ACLK_TEST(unix_owner__of_a_pair__is_this_process),
};

}  // namespace
}  // namespace test_peer_owner

int peer_owner_tests() { return cmocka_run_group_tests_name("peer_owner", test_peer_owner::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
