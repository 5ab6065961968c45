// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/settings.h"

#include <map>
#include <string>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/module/tests.h"

namespace test_ignored_settings {
using namespace aclk;
using namespace aclk::module;

namespace {

std::vector<std::string> told(std::map<std::string, std::string> set) {
  return ignored_settings([&](const char *, const char *key) -> std::optional<std::string> {
    const auto it = set.find(key);
    return it == set.end() ? std::nullopt : std::optional(it->second);
  });
}

std::string old_settings__that_ask_for_what_happens_anyway__are_not_mentioned() {
  EXPECT(told({}).empty());
  EXPECT(
      told({{"aclk implementation", "ng"}, {"mqtt5", "yes"}, {"link cert", "*"}, {"link server cert", " "}}).empty());
  EXPECT(told({{"mqtt5", "on"}}).empty());
  return {};
}

std::string old_settings__that_ask_for_something_else__are_named_with_the_reason() {
  for (const auto &[key, value] : std::map<std::string, std::string>{{"aclk implementation", "legacy"},
                                                                     {"mqtt5", "no"},
                                                                     {"aclk ssl keylog file", "/tmp/x"},
                                                                     {"link cert", "/a.pem"},
                                                                     {"agent cloud link hostname", "h"},
                                                                     {"agent cloud link port", "9002"}}) {
    const auto lines = told({{key, value}});
    EXPECT_EQ(lines.size(), 1U);
    EXPECT(lines[0].find("] " + key + " is ignored: ") != std::string::npos);
  }
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(old_settings__that_ask_for_what_happens_anyway__are_not_mentioned),
    ACLK_TEST(old_settings__that_ask_for_something_else__are_named_with_the_reason),
};

}  // namespace
}  // namespace test_ignored_settings

int run_ignored_settings_tests() {
  return cmocka_run_group_tests_name("link: old settings", test_ignored_settings::tests, nullptr, nullptr);
}
