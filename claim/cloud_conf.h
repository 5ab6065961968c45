// SPDX-License-Identifier: GPL-3.0-or-later
//
// cloud.d/cloud.conf, section [global] (claim/README.md, "cloud.conf").
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "claim/base/result.h"

namespace aclk::claim {

inline constexpr std::string_view kDefaultCloudUrl = "https://app.netdata.cloud";

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

}  // namespace aclk::claim
