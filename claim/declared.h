// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes this node what was written down (claim_sources.h), if it is not so already. Done when a plugin starts and
// whenever one of the files changes; doing it again changes nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "claim/claim_node.h"

namespace aclk::claim {

struct Places {
  std::filesystem::path cloud_dir;
  std::filesystem::path lib_dir;
  std::filesystem::path config_dir;  // claim.conf, netdata.conf
  // Of a host that knows these itself: instead of what the agent's files say.
  std::optional<std::string> machine_guid{};
  std::optional<std::string> hostname{};
  std::optional<std::string> netdata_conf{};  // as text
  std::optional<Limit> limit{};               // with netdata_conf: what the settings limit

  // What netdata.conf limits: of the host that knows, else of the file.
  [[nodiscard]] std::optional<Limit> netdata_conf_limit() const;
};

enum class Settled : std::uint8_t {
  yes,    // all is as it shall be, or will not be however often it is tried
  later,  // trying again makes sense: network, cloud, disk
};

// How it is told: one line each, for the log. `bad` = an error.
using TellLine = std::function<void(bool bad, const std::string &line)>;

// Blocks as claim_node does, for each wish until one is granted. Nothing is said when there is no wish.
[[nodiscard]] Settled carry_out_written_claims(const Places &places, const Doors &doors, const TellLine &tell);

// Changes when one of the files does, or when it is touched; 0 when nothing is written down anywhere.
[[nodiscard]] std::uint64_t claim_files_print(const Places &places, const Getenv &getenv);

}  // namespace aclk::claim
