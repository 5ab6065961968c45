// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/commands.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/proto/tests.h"

namespace test_command_dispatch {
using namespace aclk;
using namespace aclk::proto;

namespace {

struct Recorder final : Commands {
  std::string seen;
  void on_cmd(std::string_view p) override { seen += "cmd:" + std::string(p) + ";"; }
  void on(const SendNodeInstances & /*m*/) override { seen += "SendNodeInstances;"; }
  void on(const CreateNodeInstanceResult &m) override { seen += "CreateNodeInstanceResult " + m.node_id + ";"; }
  void on(const ContextsCheckpoint & /*m*/) override { seen += "ContextsCheckpoint;"; }
  void on(const StopStreamingContexts & /*m*/) override { seen += "StopStreamingContexts;"; }
  void on(const StartAlarmStreaming & /*m*/) override { seen += "StartAlarmStreaming;"; }
  void on(const SendAlarmCheckpoint & /*m*/) override { seen += "SendAlarmCheckpoint;"; }
  void on(const SendAlarmSnapshot & /*m*/) override { seen += "SendAlarmSnapshot;"; }
  void on(const SendAlarmConfiguration & /*m*/) override { seen += "SendAlarmConfiguration;"; }
  void on(const DisconnectReq &m) override {
    seen += "DisconnectReq " + std::to_string(m.reconnect_after_seconds) + ";";
  }
  void on(const CancelPendingRequest & /*m*/) override { seen += "CancelPendingRequest;"; }
};

std::string dispatch__each_known_type__reaches_its_handler_also_when_empty() {
  for (const char *type :
       {"SendNodeInstances", "ContextsCheckpoint", "StopStreamingContexts", "StartAlarmStreaming",
        "SendAlarmCheckpoint", "SendAlarmSnapshot", "SendAlarmConfiguration", "CancelPendingRequest"}) {
    Recorder r;
    EXPECT(dispatch(type, "", r) == Dispatched::handled);
    EXPECT_EQ(r.seen, std::string(type) + ";");
  }
  Recorder r;
  EXPECT(dispatch("cmd", "{}", r) == Dispatched::handled);
  EXPECT(dispatch("CreateNodeInstanceResult", std::string_view("\x0a\x02id", 4), r) == Dispatched::handled);
  EXPECT(dispatch("DisconnectReq", std::string_view("\x08\x05", 2), r) == Dispatched::handled);
  EXPECT_EQ(r.seen, "cmd:{};CreateNodeInstanceResult id;DisconnectReq 5;");
  return {};
}

std::string dispatch__garbage_obsolete_and_unknown__are_told_apart_and_reach_nobody() {
  Recorder r;
  EXPECT(dispatch("ContextsCheckpoint", "\xff\xff\xff", r) == Dispatched::undecodable);
  EXPECT(dispatch("DisconnectReq", std::string(1U << 20, '\0'), r) == Dispatched::undecodable);
  EXPECT(dispatch("UpdateChartConfigs", "", r) == Dispatched::obsolete);
  for (const char *type : {"", "AgentCommand", "sendnodeinstances", "SendNodeInstancesX", "zzz"})
    EXPECT(dispatch(type, "", r) == Dispatched::unknown);
  EXPECT_EQ(r.seen, "");
  return {};
}

std::string dispatch__nodes_asked_for_with_any_payload__are_sent() {
  Recorder r;
  EXPECT(dispatch("SendNodeInstances", "\xff\xff\xff", r) == Dispatched::handled);
  EXPECT_EQ(r.seen, "SendNodeInstances;");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(dispatch__nodes_asked_for_with_any_payload__are_sent),
    ACLK_TEST(dispatch__each_known_type__reaches_its_handler_also_when_empty),
    ACLK_TEST(dispatch__garbage_obsolete_and_unknown__are_told_apart_and_reach_nobody),
};

}  // namespace
}  // namespace test_command_dispatch

int run_command_dispatch_tests() {
  return cmocka_run_group_tests_name("inbound", test_command_dispatch::tests, nullptr, nullptr);
}
