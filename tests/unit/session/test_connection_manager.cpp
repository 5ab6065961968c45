// SPDX-License-Identifier: GPL-3.0-or-later
//
// The link before its first connection, on a real loop. What it does with one is for tests/integration.
#include "aclk/session/connection_manager.h"

#include <string>
#include <utility>
#include <vector>

#include "aclk/loop/loop.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host_table.h"
#include "tests/unit/session/tests.h"

namespace test_connection_manager {
using namespace aclk;
using namespace aclk::session;
using namespace std::chrono_literals;
using mqtt::Delivery;
using proto::MessageType;

namespace {

struct Rig {
  Rig() : host(test::adopted(test::empty_host(nullptr))), log(host) {
    ConnectionManager::SessionEvents e;
    e.session_id = [this](std::int64_t now_us) {
      ++sessions;
      return now_us;
    };
    e.sending = [this](MessageType, std::string_view) { ++sent; };
    e.delivered = [this](MessageType, Delivery) { ++delivered; };
    e.online = [this](const Online &) { ++onlines; };
    e.offline = [this] { ++offlines; };
    Plan plan;
    plan.cloud_url = *parse_url("https://cloud.invalid");
    plan.claim_id = "11111111-1111-4111-8111-111111111111";
    plan.agent_version = "v1.37.1";
    link = std::make_unique<ConnectionManager>(loop.uv(), std::move(plan), log, std::move(e));
  }
  ~Rig() {
    link.reset();
    loop.drain();
  }
  Rig(const Rig &) = delete;
  Rig &operator=(const Rig &) = delete;

  [[nodiscard]] int events() const { return sessions + sent + delivered + onlines + offlines; }

  loop::Loop loop;
  host::Host host;
  host::Log log;
  int sessions = 0, sent = 0, delivered = 0, onlines = 0, offlines = 0;
  std::unique_ptr<ConnectionManager> link;
};

std::string connection_manager__before_its_start__reports_nothing_done() {
  Rig r;
  const auto now = r.link->report();
  EXPECT(now.state == ConnectionState::stopped && !now.online && !now.banned);
  EXPECT(now.connects == 0 && now.last_connect_s == 0 && now.next_attempt_s == 0 && now.attempts.empty());
  EXPECT(now.queued == 0 && now.pending_pubacks == 0 && now.totals.bytes_out == 0 && now.drops == 0);
  EXPECT(r.link->take_slowest_ack() == 0us);
  EXPECT_EQ(r.events(), 0);
  return {};
}

std::string connection_manager__publish_while_offline__is_lost_at_once_and_told_once() {
  Rig r;
  std::vector<Delivery> heard;
  const auto hear = [&](Delivery d, int) { heard.push_back(d); };
  EXPECT(!r.link->publish(MessageType::update_node_info, "x", mqtt::Priority::reply, hear));
  EXPECT(heard == std::vector{Delivery::lost});
  EXPECT(!r.link->reply("/callback", std::string("x"), hear));
  EXPECT(heard == std::vector({Delivery::lost, Delivery::lost}));
  EXPECT(!r.link->publish(MessageType::update_node_info, "x", mqtt::Priority::reply));  // nobody asks
  EXPECT(!r.link->reply("/callback", std::string("x")));
  EXPECT(r.sent == 0 && r.onlines == 0);
  EXPECT(r.link->report().queued == 0);
  return {};
}

std::string connection_manager__stopped_before_anything__says_so_once() {
  Rig r;
  int done = 0;
  r.link->stop(Stop::for_good, [&] { ++done; });
  for (int i = 0; i < 10 && done == 0; ++i) uv_run(&r.loop.uv(), UV_RUN_NOWAIT);
  EXPECT_EQ(done, 1);
  EXPECT(r.link->report().state == ConnectionState::stopped);
  EXPECT(r.offlines == 0 && r.sessions == 0);
  return {};
}

std::string connection_manager__order_to_leave_while_stopped__changes_nothing() {
  Rig r;
  proto::DisconnectReq order;
  order.permaban = true;
  order.reconnect_after_seconds = 60;
  r.link->obey(order);
  EXPECT(r.link->report().state == ConnectionState::stopped && !r.link->report().banned);
  EXPECT_EQ(r.link->report().next_attempt_s, 0);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(connection_manager__before_its_start__reports_nothing_done),
    ACLK_TEST(connection_manager__publish_while_offline__is_lost_at_once_and_told_once),
    ACLK_TEST(connection_manager__stopped_before_anything__says_so_once),
    ACLK_TEST(connection_manager__order_to_leave_while_stopped__changes_nothing),
};

}  // namespace
}  // namespace test_connection_manager

int run_connection_manager_tests() {
  return cmocka_run_group_tests_name("connection_manager", test_connection_manager::kTests, nullptr, nullptr);
}
