// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/directories.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <system_error>

#include "claim/base/text.h"
#include "claim/settings.h"

namespace aclk::cli {
namespace fs = std::filesystem;

void add_cloud_dir_option(CLI::App &command, std::string &value) {
  command
      .add_option("--cloud-dir", value,
                  "The agent's cloud directory (default: cloud.d in NETDATA_LIB_DIR, else /var/lib/netdata/cloud.d)")
      ->type_name("DIR");
}

Directories directories(const std::string &cloud_dir_option) {
  const auto getenv = claim::process_environment();
  Directories d;
  d.lib = claim::default_lib_dir(getenv);
  d.cloud = d.lib / "cloud.d";
  if (!cloud_dir_option.empty()) {
    std::error_code ignored;
    d.cloud = fs::absolute(cloud_dir_option, ignored).lexically_normal();
    if (!d.cloud.has_filename()) d.cloud = d.cloud.parent_path();  // "DIR/"
    if (!getenv("NETDATA_LIB_DIR")) d.lib = d.cloud.parent_path();
  }
  d.config = claim::default_netdata_conf(getenv).parent_path();
  d.config_named = getenv("NETDATA_USER_CONFIG_DIR").has_value();
  d.cache = getenv("NETDATA_CACHE_DIR").value_or(d.lib == fs::path("/var/lib/netdata") ? "/var/cache/netdata" : "");
  return d;
}

claim::AgentPlaces places_of(const Directories &d) {
  return {d.cloud, d.lib, d.config / "netdata.conf", d.config_named};
}

int finish(claim::ExitCode exit, const std::string &message) {
  std::FILE *const out = exit == claim::ExitCode::claimed ? stdout : stderr;
  fmt::print(out, "{}\n", terminal_text(message));
  return static_cast<int>(exit);
}

std::string caller_name() {
  auto sudo = claim::process_environment()("SUDO_USER").value_or("");
  const bool plain = std::all_of(sudo.begin(), sudo.end(), [](unsigned char c) { return std::isgraph(c) != 0; });
  if (!sudo.empty() && plain && sudo.size() <= 64) return sudo;
  std::array<char, 4096> text{};
  passwd entry{};
  passwd *found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found) != 0 || found == nullptr)
    return fmt::format("user {}", ::geteuid());
  return found->pw_name;
}

}  // namespace aclk::cli
