// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/environment.h"

#include <unistd.h>

#include <array>
#include <cstdlib>

#include "claim/base/files.h"
#include "claim/base/uuid.h"

namespace aclk::external {
namespace {

std::string own_hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("localhost");
}

// The flag that the documents promise (0x800) and the two of the sources; aclk/report/README.md, "Log lines".
bool wants_debug(const std::string &flags) {
  constexpr unsigned long long kAclk = 0x800ULL | 0x01000000ULL | 0x200000000ULL;
  return (std::strtoull(flags.c_str(), nullptr, 0) & kAclk) != 0;
}

}  // namespace

Environment read_environment(const Getenv &getenv) {
  const auto get = [&](const char *name, std::string fallback) {
    auto value = getenv(name);
    return value && !value->empty() ? std::move(*value) : std::move(fallback);
  };
  Environment e;
  e.version = get("NETDATA_VERSION", "");
  if (!e.version.empty() && e.version.front() != 'v') e.version.insert(0, 1, 'v');
  e.user_config = get("NETDATA_USER_CONFIG_DIR", get("NETDATA_CONFIG_DIR", "/etc/netdata"));
  e.stock_config = get("NETDATA_STOCK_CONFIG_DIR", "/usr/lib/netdata/conf.d");
  e.lib = get("NETDATA_LIB_DIR", "/var/lib/netdata");
  e.cache = get("NETDATA_CACHE_DIR", "/var/cache/netdata");
  e.log = get("NETDATA_LOG_DIR", "/var/log/netdata");
  e.run = get("NETDATA_RUN_DIR", "");
  e.pipe_name = get("NETDATA_PIPENAME", "");
  e.hostname = get("NETDATA_HOSTNAME", own_hostname());
  e.registry_hostname = get("NETDATA_REGISTRY_HOSTNAME", "");
  e.logfmt = getenv("NETDATA_LOG_FORMAT").has_value();
  e.debug = wants_debug(get("NETDATA_DEBUG_FLAGS", "0")) || get("NETDATA_LOG_LEVEL", "") == "debug";
  e.from_agent = getenv("NETDATA_LIB_DIR").has_value() || getenv("NETDATA_VERSION").has_value();

  auto guid = get("NETDATA_REGISTRY_UNIQUE_ID", "");
  if (guid.empty()) guid = read_file(e.lib / "registry" / "netdata.public.unique.id", 256).value_or("");
  e.machine_guid = parse_uuid(guid).value_or("");
  return e;
}

}  // namespace aclk::external
