// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a claim's settings come from, in order: the command line, the environment (claim/README.md, "Environment"),
// netdata.conf [cloud] (claim/README.md, "Settings in netdata.conf"), cloud.conf. Pure.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "claim/base/result.h"
#include "claim/cloud_conf.h"
#include "claim/limits.h"
#include "claim/proxy.h"

namespace aclk::claim {

// What the person (or a provisioning tool) asked for. Directories are absolute or relative to the working directory.
struct ClaimOptions {
  std::filesystem::path cloud_dir;     // cloud.d
  std::filesystem::path lib_dir;       // the agent's library directory, for its machine guid
  std::filesystem::path netdata_conf;  // need not exist
  std::optional<std::string> token;    // secret
  std::optional<std::string> rooms;    // comma list
  std::optional<std::string> url;
  std::optional<std::string> proxy;  // may hold credentials
  bool insecure = false;
  bool reclaim = false;
  std::optional<std::string> claim_id;  // a UUID; nullopt: a new one for each attempt
  std::optional<std::string> hostname;  // nullopt: as registry_hostname (machine_guid.h) says
  std::optional<std::filesystem::path>
      written_in;  // the file that asks; empty: the environment; nullopt: a person, now
  // Of a host that knows these itself: instead of what the files say.
  std::optional<std::string> machine_guid;
  std::optional<std::string> netdata_conf_text;
  std::optional<Limit> limit{};  // with netdata_conf_text: what the settings limit
};

struct Settings {
  std::string token;  // checked, see claim_request.h
  std::string rooms;
  std::string url;  // checked
  Proxy proxy;
  bool insecure = false;
  CloudConf conf;       // what cloud.conf shall say after success, but for claim id, guid and host name
  std::string warning;  // a sentence about a setting that was passed over; else empty
};

// Errors: invalid_argument, parse, denied (http without insecure). A proxy that cannot be used is an error wherever it
// is written: nothing goes out directly instead.
[[nodiscard]] Result<Settings> resolve_settings(const ClaimOptions &options, const CloudConf &conf,
                                                std::string_view netdata_conf, const Getenv &getenv);

// NETDATA_LIB_DIR or /var/lib/netdata.
[[nodiscard]] std::filesystem::path default_lib_dir(const Getenv &getenv);
// netdata.conf in NETDATA_USER_CONFIG_DIR or /etc/netdata.
[[nodiscard]] std::filesystem::path default_netdata_conf(const Getenv &getenv);

}  // namespace aclk::claim
