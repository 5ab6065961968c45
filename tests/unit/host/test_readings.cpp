// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the host tells of an alert, as it is kept and sent.
#include "aclk/host/readings.h"

#include <string>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/host/tests.h"

namespace test_readings {
using namespace aclk;

namespace {

naclk_str view(const std::string &s) { return {s.data(), s.size()}; }

proto::Alert with_info(const std::string &info) {
  const std::string name = "load";
  const std::string id = "load.load/load";
  naclk_alert told{};
  told.size = sizeof told;
  told.alert_id = view(id);
  told.name = view(name);
  told.log_id = 7;
  told.info = view(info);
  return host::alert_of(told, "11111111-2222-3333-4444-555555555555");
}

std::string host_alert__larger_than_an_entry_may_be__is_known_and_never_sent() {
  EXPECT(!with_info("fine").entry.empty());
  EXPECT(proto::decode_alarm_log_entry(with_info(std::string(proto::kMaxAlarm / 2, 'x')).entry).has_value());
  const auto huge = with_info(std::string(proto::kMaxAlarm, 'x'));
  EXPECT(huge.entry.empty());
  EXPECT_EQ(huge.alert_id, "load.load/load");
  EXPECT_EQ(huge.log_id, 7U);
  return {};
}

const CMUnitTest tests[] = {ACLK_TEST(host_alert__larger_than_an_entry_may_be__is_known_and_never_sent)};

}  // namespace
}  // namespace test_readings

int run_readings_tests() { return cmocka_run_group_tests_name("readings", test_readings::tests, nullptr, nullptr); }
