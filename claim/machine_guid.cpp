// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/machine_guid.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "claim/base/files.h"
#include "claim/base/uuid.h"
#include "claim/ini.h"

namespace aclk::claim {

Result<std::string> read_machine_guid(const std::filesystem::path &lib_dir) {
  const auto file = lib_dir / "registry" / "netdata.public.unique.id";
  const auto text = read_file(file, 1024);
  if (!text && text.error().code == Errc::not_found)
    return fail(Errc::not_found,
                fmt::format("this machine has no identity yet: {} does not exist. The Netdata agent makes it when it "
                            "first starts: start it once and run the command again, or set NETDATA_LIB_DIR to the "
                            "agent's library directory",
                            file.string()));
  if (!text)
    return fail(text.error().code,
                fmt::format("netdata.public.unique.id is not readable. Please make sure you have rights to read it "
                            "(Filename: {}). The cause: {}",
                            file.string(), text.error().what));
  const auto guid = parse_uuid(*text);
  if (guid) return *guid;
  return fail(Errc::parse, fmt::format("{} does not hold a UUID. Stop the agent, delete the file and start the agent: "
                                       "it makes a new one",
                                       file.string()));
}

std::string registry_hostname(std::string_view netdata_conf, const std::function<std::string()> &system_name) {
  if (auto name = ini_value(netdata_conf, "registry", "registry hostname")) return *name;
  if (auto name = ini_value(netdata_conf, "global", "hostname")) return *name;
  return system_name();
}

std::string system_hostname() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "unknown";
  return name.data();
}

}  // namespace aclk::claim
