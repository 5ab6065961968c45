// SPDX-License-Identifier: GPL-3.0-or-later
//
// claim_print_ini FILE...: how our parser reads each file, so that a stock agent's reading can be compared with it
// (tests/integration/test_100_limits.py). Lines of words, of which section, key and value are in hexadecimal digits, as
// any byte may be in them:
//   file NAME
//   value .SECTION .KEY .VALUE WORD   for each setting, in the file's order; WORD is yes when ini_yes says so, else no
//   limit open|off|trouble            what limits a netdata.conf of this text
//   scope full|limited
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "claim/base/files.h"
#include "claim/ini.h"
#include "claim/limits.h"

using namespace aclk::claim;

namespace {

std::string hex(std::string_view text) {
  std::string out = ".";
  for (const char c : text) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

bool print(const char *file) {
  const auto text = aclk::read_file(file, kMaxNetdataConf);
  if (!text) {
    std::fprintf(stderr, "%s\n", text.error().what.c_str());
    return false;
  }
  std::printf("file %s\n", file);
  visit_ini(*text, [](std::string_view section, std::string_view key, std::string_view value) {
    std::printf("value %s %s %s %s\n", hex(section).c_str(), hex(key).c_str(), hex(value).c_str(),
                ini_yes(value) ? "yes" : "no");
  });
  const auto limit = netdata_conf_limit(*text, file);
  std::printf("limit %s\n", !limit ? "open" : limit->trouble ? "trouble" : "off");
  std::printf("scope %s\n", scope_is_full(ini_value(*text, "cloud", "scope").value_or("")) ? "full" : "limited");
  return true;
}

}  // namespace

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    if (!print(argv[i])) return 1;
  return argc > 1 ? 0 : 2;
}
