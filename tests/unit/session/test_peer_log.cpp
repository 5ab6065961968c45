// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>
#include <vector>

#include "aclk/session/session_log.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host_table.h"
#include "tests/unit/session/tests.h"

namespace test_peer_log {
using namespace aclk;
using namespace aclk::session;
using namespace std::chrono_literals;

namespace {

struct Rig {
  Rig() : host(test::adopted(table(lines))), log(host), peer(log) {}
  Rig(const Rig &) = delete;
  Rig &operator=(const Rig &) = delete;

  static naclk_host table(std::vector<std::string> &lines) {
    auto t = test::empty_host(&lines);
    t.log = [](void *to, naclk_log_source, naclk_log_level, naclk_str line) {
      static_cast<std::vector<std::string> *>(to)->emplace_back(line.data, line.len);
    };
    return t;
  }

  std::vector<std::string> lines;
  host::Host host;
  host::Log log;
  PeerLog peer;
};

constexpr loop::Instant kBegin{1h};

std::string peer_log__a_flood_of_refusals__is_twenty_lines_in_ten_seconds_and_a_count() {
  Rig r;
  for (int i = 0; i < 1000; ++i) r.peer.refused("a reply", 0x97, kBegin + i * 9ms);
  EXPECT_EQ(r.lines.size(), 20U);
  EXPECT_EQ(r.lines.front(), "ACLK: the broker does not take a message for a reply: PUBACK reason 151");
  r.lines.clear();
  r.peer.refused("a reply", 0x80, kBegin + 10s);
  EXPECT_EQ(r.lines.size(), 2U);
  EXPECT_EQ(r.lines[0], "ACLK: 980 more messages that the broker does not take were not logged");
  EXPECT_EQ(r.lines[1], "ACLK: the broker does not take a message for a reply: PUBACK reason 128");
  return {};
}

std::string peer_log__each_kind__has_lines_of_its_own() {
  Rig r;
  for (int i = 0; i < 100; ++i) {
    r.peer.shutting_down(kBegin);
    r.peer.no_type("topic" + std::string(1000, 'x'), kBegin);
    r.peer.too_big("a reply", kBegin);
    r.peer.refused("a reply", 0x97, kBegin);
  }
  EXPECT_EQ(r.lines.size(), 80U);
  EXPECT(r.lines[1].starts_with("ACLK: Cannot get message type from topic. Ignoring message from topic \"topicx"));
  EXPECT(r.lines[1].size() < 400);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(peer_log__a_flood_of_refusals__is_twenty_lines_in_ten_seconds_and_a_count),
    ACLK_TEST(peer_log__each_kind__has_lines_of_its_own),
};

}  // namespace
}  // namespace test_peer_log

int run_peer_log_tests() { return cmocka_run_group_tests_name("peer_log", test_peer_log::kTests, nullptr, nullptr); }
