// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which tables of hooks are taken.
#include "tests/unit/host_table.h"

#include <fmt/format.h>
#include <cstring>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/host/tests.h"

namespace test_host {
using namespace aclk;

namespace {

std::string refusal(const naclk_host &table) {
  const auto host = host::Host::adopt(&table);
  return host ? "taken" : host.error().what;
}

std::string host_table__abi__is_of_major_2() {
  EXPECT_EQ(NACLK_ABI_MAJOR, 2U);
  EXPECT_EQ(refusal(aclk::test::empty_host(nullptr)), "taken");
  return {};
}

std::string host_table__of_another_major__is_refused_with_both_versions() {
  auto table = aclk::test::empty_host(nullptr);
  table.abi = (1U << 16) | 3U;
  EXPECT_EQ(refusal(table),
            fmt::format("this host speaks ABI 1.3, this module 2.{}: build both with the same <netdata-aclk/plugin.h>, "
                        "their major versions must be equal",
                        NACLK_ABI_MINOR));
  table.abi = NACLK_ABI + 7;  // a newer minor
  EXPECT_EQ(refusal(table), "taken");
  return {};
}

std::string host_table__shorter_one_without_the_last_fields__is_taken() {
  auto table = aclk::test::empty_host(nullptr);
  table.options = NACLK_OPTION_QUERY_NEVER_BLOCKS;
  table.size = offsetof(naclk_host, options);
  auto host = host::Host::adopt(&table);
  EXPECT(host && !host->query_never_blocks());
  table.size = sizeof table;
  host = host::Host::adopt(&table);
  EXPECT(host && host->query_never_blocks());
  return {};
}

std::string host_table__with_the_hook_read__needs_none_of_the_hooks_that_block() {
  auto table = aclk::test::empty_host(nullptr);
  table.nodes = nullptr;
  EXPECT_EQ(refusal(table), "naclk_host.nodes is missing");
  table.node_info = nullptr;
  table.collectors = nullptr;
  table.contexts = nullptr;
  table.alert_log = nullptr;
  table.active_alerts = nullptr;
  table.alert_config = nullptr;
  table.read = [](void *, const naclk_read *) {};
  EXPECT_EQ(refusal(table), "taken");
  table.query = nullptr;
  EXPECT_EQ(refusal(table), "naclk_host.query is missing");
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(host_table__with_the_hook_read__needs_none_of_the_hooks_that_block),
    ACLK_TEST(host_table__abi__is_of_major_2),
    ACLK_TEST(host_table__of_another_major__is_refused_with_both_versions),
    ACLK_TEST(host_table__shorter_one_without_the_last_fields__is_taken),
};

}  // namespace
}  // namespace test_host

int run_host_tests() { return cmocka_run_group_tests_name("host table", test_host::kTests, nullptr, nullptr); }
