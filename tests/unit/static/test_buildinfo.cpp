// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/static/buildinfo.h"
#include "tests/unit/cmocka_main.h"

using aclk::static_entry::buildinfo_lines;

namespace {

// Debian's libwebsockets calls itself "4.1.6-": its version, a dash, and the commit, which a tarball does not have.
std::string buildinfo__versions__have_no_dash_with_nothing_after_it() {
  bool named = false;
  for (const auto &line : buildinfo_lines()) {
    EXPECT(line.find("-,") == std::string::npos);
    EXPECT(!line.empty() && line.back() != '-' && line.back() != ' ');
    named = named || line.find("libwebsockets ") != std::string::npos;
  }
  EXPECT(named);
  return {};
}

const CMUnitTest tests[] = {ACLK_TEST(buildinfo__versions__have_no_dash_with_nothing_after_it)};

}  // namespace

int main() { return cmocka_run_group_tests_name("static", tests, nullptr, nullptr); }
