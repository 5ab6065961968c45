// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a claim's settings come from, in order: the command line, the environment (claim/README.md, "Environment"),
// netdata.conf [cloud] (claim/README.md, "Settings in netdata.conf"), cloud.d/cloud.conf (claim/README.md,
// "cloud.conf"). The token may lie in a file of its own. Pure, but for what takes a path.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "claim/base/result.h"
#include "claim/limits.h"
#include "claim/proxy.h"

namespace aclk::claim {

inline constexpr std::string_view kDefaultCloudUrl = "https://app.netdata.cloud";

// cloud.conf, section [global].
struct CloudConf {
  bool enabled = true;
  std::string off_by;  // not enabled: by which key and value, as they are written; else empty
  std::string off_value;
  std::string url{kDefaultCloudUrl};  // also read from the old key `cloud base url`
  std::string proxy = "env";
  std::string token;  // secret
  std::string rooms;
  bool insecure = false;
  std::string machine_guid;  // of the machine that was claimed; empty: by an older agent, unknown
  std::string claimed_id;
  std::string hostname;
};

// Never fails on content: unknown keys are skipped. `enabled` is on when nothing is written about it, and for what the
// agent takes for yes (limits.h). `insecure` is on for yes, true and on only.
[[nodiscard]] CloudConf parse_cloud_conf(std::string_view text);
// not_found when the file does not exist; parse when it cannot be understood (limits.h): then nobody knows what it
// limits.
[[nodiscard]] Result<CloudConf> read_cloud_conf(const std::filesystem::path &file);
// The text the agent would write: indented `key = value`, comments, defaults written commented out. Its first line says
// whose claim it is: by kCloudConfMark a purge of the Debian package knows one of ours from one of an agent's own
// (packaging/debian/netdata-plugin-aclk.postrm).
inline constexpr std::string_view kCloudConfMark = "# The agent-cloud link of this node.";
[[nodiscard]] std::string format_cloud_conf(const CloudConf &conf);

// A claiming token in a file of its own, as secrets of Docker and Kubernetes are mounted: `--token-file`, or
// NETDATA_CLAIM_TOKEN_FILE in the environment, whose value is the file's absolute path.
inline constexpr const char *kTokenFileVariable = "NETDATA_CLAIM_TOKEN_FILE";

// The token that is all of the file, without white space and quotes around it. Errors name the file and the cause:
// not_found, denied, io, too_big; parse for a text that is not the agent's (byte order mark, UTF-16) or empty.
[[nodiscard]] Result<std::string> read_token_file(const std::filesystem::path &file);

// What NETDATA_CLAIM_TOKEN_FILE names. nullopt: nothing. Errors: invalid_argument for what is no absolute path; the
// value is not shown, because it may be the token itself.
[[nodiscard]] Result<std::optional<std::filesystem::path>> token_file_of_environment(const Getenv &getenv);

// NETDATA_CLAIM_TOKEN holds something: then the file does not count.
[[nodiscard]] bool environment_has_token(const Getenv &getenv);

// What to do about a file of the environment that cannot be read.
[[nodiscard]] std::string token_file_advice(Errc cause);

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
  std::optional<std::string> hostname;  // nullopt: as registry_hostname (identity.h) says
  std::optional<std::filesystem::path>
      written_in;  // the file that asks; empty: the environment; nullopt: a person, now
  // Of a host that knows these itself: instead of what the files say.
  std::optional<std::string> machine_guid;
  std::optional<std::string> netdata_conf_text;
  std::optional<Limit> limit{};  // with netdata_conf_text: what the settings limit
};

// What a claim goes by.
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
