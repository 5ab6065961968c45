// SPDX-License-Identifier: GPL-3.0-or-later
//
// What users are told about a reason code, a close code.
#include "aclk/mqtt/reasons.h"

#include <libwebsockets.h>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/mqtt/tests.h"

namespace test_reasons {
using namespace aclk;
using namespace aclk::mqtt;

namespace {

bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

std::string reasons__mqtt__have_name_number_and_next_step() {
  EXPECT(has(mqtt_reason_text(0x87), "uthorized (reason 135, 0x87); it does not accept"));
  EXPECT(has(mqtt_reason_text(0x8E), "(reason 142, 0x8E)") && has(mqtt_reason_text(0x8E), "clone"));
  EXPECT(has(mqtt_reason_text(0x89), "overloaded"));
  for (int r = 0; r < 256; ++r) EXPECT(has(mqtt_reason_text(r), "; "));
  return {};
}

std::string reasons__websocket__have_names() {
  EXPECT_EQ(ws_close_name(1001), "going away");
  EXPECT(ws_close_name(1002).starts_with("protocol error"));
  EXPECT_EQ(ws_close_name(1002).find("1012 service restart") == std::string::npos,
            LWS_LIBRARY_VERSION_NUMBER >= 4003000);
  EXPECT_EQ(ws_close_name(1012), "service restart");
  EXPECT_EQ(ws_close_name(1009), "message too big");
  EXPECT_EQ(ws_close_name(4711), "");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(reasons__mqtt__have_name_number_and_next_step),
    ACLK_TEST(reasons__websocket__have_names),
};

}  // namespace
}  // namespace test_reasons

int run_reasons_tests() { return cmocka_run_group_tests_name("reasons", test_reasons::tests, nullptr, nullptr); }
