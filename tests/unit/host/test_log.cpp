// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "aclk/host/log.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host/tests.h"
#include "tests/unit/host_table.h"

namespace test_log {
using namespace aclk;

namespace {

// A host that keeps what it is given.
naclk_host keeping(std::string &lines, std::uint32_t options) {
  auto t = test::empty_host(&lines);
  t.options = options;
  t.log = [](void *host, naclk_log_source, naclk_log_level, naclk_str line) {
    *static_cast<std::string *>(host) += std::string(line.data, line.len) + ";";
  };
  return t;
}

std::string debug_line__of_a_host_that_throws_it_away__is_not_made() {
  std::string lines;
  const auto host = test::adopted(keeping(lines, NACLK_OPTION_NO_DEBUG));
  const host::Log log(host);
  int made = 0;
  log.debug([&] {
    ++made;
    return std::string("costly");
  });
  log.debug("cheap {}", 1);
  EXPECT_EQ(made, 0);
  EXPECT_EQ(lines, "");
  log.error("an error");
  log.access(NACLK_LOG_DEBUG, "a question");
  EXPECT_EQ(lines, "ACLK: an error;ACLK: a question;");
  return {};
}

std::string debug_line__of_a_host_that_says_nothing__is_made_and_given() {
  std::string lines;
  const auto host = test::adopted(keeping(lines, 0));
  const host::Log log(host);
  log.debug([] { return std::string("costly"); });
  log.debug("cheap {}", 1);
  EXPECT_EQ(lines, "ACLK: costly;ACLK: cheap 1;");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(debug_line__of_a_host_that_throws_it_away__is_not_made),
    ACLK_TEST(debug_line__of_a_host_that_says_nothing__is_made_and_given),
};

}  // namespace
}  // namespace test_log

int run_log_tests() { return cmocka_run_group_tests_name("log", test_log::tests, nullptr, nullptr); }
