// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/argv_secrets.h"

#include <algorithm>
#include <cstring>

namespace aclk::cli {
namespace {

// Through volatile, so that the writes are not dropped as dead.
void overwrite(char *text) {
  for (volatile char *p = text; *p != '\0'; ++p) *p = 'x';
}

}  // namespace

std::vector<std::string> take_arguments(int argc, char **argv, std::span<const std::string_view> secret_options) {
  std::vector<std::string> copy(argv, argv + argc);
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    for (const auto option : secret_options) {
      if (arg == option && i + 1 < argc) overwrite(argv[i + 1]);
      if (arg.starts_with(option) && arg.substr(option.size()).starts_with('=')) overwrite(argv[i] + option.size() + 1);
    }
  }
  return copy;
}

}  // namespace aclk::cli
