// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/static/buildinfo.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/unit/cmocka_main.h"

namespace test_buildinfo {
using aclk::static_entry::buildinfo_lines;

namespace {

// Debian's libwebsockets calls itself "4.1.6-": its version, a dash, and the commit, which a tarball does not have.
std::string buildinfo__versions__have_no_dash_with_nothing_after_it() {
  bool named = false;
  for (const auto &line : buildinfo_lines()) {
    EXPECT(line.find("-,") == std::string::npos);
    EXPECT(!line.empty() && line.back() != '-');
    named = named || line.find("libwebsockets ") != std::string::npos;
  }
  EXPECT(named);
  return {};
}

// aclk/report/README.md, "Build information": what people and scripts look for, as each generation of agents writes it.
std::string buildinfo__lines_of_every_generation__are_there_word_for_word() {
  const auto lines = buildinfo_lines();
  for (const auto *const wanted :
       {"Netdata Cloud ____ : YES", "ACLK (Agent-Cloud Link: MQTT over WebSockets over TLS) _____ : YES",
        "    Netdata Cloud:              YES ", "    ACLK:                       YES",
        "    Cloud Implementation:       Next Generation", "    ACLK Next Generation:       YES",
        "    ACLK-NG New Cloud Protocol: YES", "    ACLK Legacy:                NO"})
    if (std::ranges::find(lines, wanted) == lines.end()) return std::string("not there: ") + wanted;
  return {};
}

std::string buildinfo_json__keys_of_every_generation__are_true_or_false() {
  const auto j = nlohmann::json::parse(aclk::static_entry::buildinfo_json());
  for (const auto *const key : {"cloud", "aclk", "aclk-ng", "aclk-ng-new-cloud-proto"})
    EXPECT(j["features"][key] == true);
  for (const auto *const key : {"cloud-disabled", "aclk-legacy"}) EXPECT(j["features"][key] == false);
  EXPECT(j["connectivity"]["aclk"] == true);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(buildinfo__versions__have_no_dash_with_nothing_after_it),
    ACLK_TEST(buildinfo__lines_of_every_generation__are_there_word_for_word),
    ACLK_TEST(buildinfo_json__keys_of_every_generation__are_true_or_false),
};

}  // namespace
}  // namespace test_buildinfo

int main() { return cmocka_run_group_tests_name("static", test_buildinfo::tests, nullptr, nullptr); }
