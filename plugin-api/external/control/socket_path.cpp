// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/socket_path.h"

namespace aclk::external {

std::vector<std::filesystem::path> socket_places(std::string_view setting, const std::filesystem::path &run_dir,
                                                 const std::filesystem::path &lib_dir) {
  constexpr const char *kName = "aclk.sock";
  if (setting == "no" || setting == "none") return {};
  if (setting.starts_with('/')) return {std::filesystem::path(setting)};
  std::vector<std::filesystem::path> places;
  if (!run_dir.empty()) places.push_back(run_dir / kName);
  if (run_dir.empty() && lib_dir.lexically_normal() == "/var/lib/netdata")
    places.push_back(std::filesystem::path("/run/netdata") / kName);
  places.push_back(lib_dir / kName);
  return places;
}

}  // namespace aclk::external
