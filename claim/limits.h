// SPDX-License-Identifier: GPL-3.0-or-later
//
// What limits this node towards the cloud, wherever it is written: cloud.conf, netdata.conf, the environment. Only what
// the agent takes as yes is yes, and nothing written is yes; any other text is taken for the limit that somebody meant.
// A file that is there and cannot be read or understood may hold a limit: trouble, nothing is sent to anybody until it
// is mended. Pure, but for what takes a path.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::claim {

struct Limit {
  bool trouble = false;  // false: somebody switched the link off; true: nobody can tell whether somebody did
  std::string why;       // a sentence with file, key and value; no secrets
};

// NETDATA_DISABLE_CLOUD: anything but nothing or a clear no.
[[nodiscard]] std::optional<Limit> environment_limit(const Getenv &getenv);

// netdata.conf [cloud] enabled, and whether what is written about the cloud can be understood. `file`: for the
// sentence.
[[nodiscard]] std::optional<Limit> netdata_conf_limit(std::string_view text, const std::filesystem::path &file);
// Of the file. One that does not exist limits nothing.
[[nodiscard]] std::optional<Limit> netdata_conf_limit(const std::filesystem::path &file);
// Of a host that is asked for its settings one by one: the value of [cloud] enabled.
[[nodiscard]] std::optional<Limit> enabled_limit(const std::optional<std::string> &value);

// [cloud] scope: all that the node has, as opposed to facts about nodes. Only for nothing or `full`.
[[nodiscard]] bool scope_is_full(std::string_view value);

// Why the text of netdata.conf, of cloud.conf, or of any file in the agent's format says nothing that can be relied on:
// a part of a sentence, with a line number where there is one. Empty: it does.
[[nodiscard]] std::string netdata_conf_trouble(std::string_view text);
[[nodiscard]] std::string cloud_conf_trouble(std::string_view text);
// Only: a byte order mark, UTF-16, zero bytes.
[[nodiscard]] std::string encoding_trouble(std::string_view text);

// A key that somebody wrote who meant `enabled`: Enabled, enable, "enabled", disabled. Not one that is commented out
// with ; or //.
[[nodiscard]] bool means_enabled(std::string_view key);
// What such a key and its value say: may the link work? For `enabled` itself as the agent reads it.
[[nodiscard]] bool says_enabled(std::string_view key, std::string_view value);

// As read_file, but only a name that nothing has is not_found: not a symbolic link to nothing.
[[nodiscard]] Result<std::string> read_limiting_file(const std::filesystem::path &file, std::size_t max_bytes);
inline constexpr std::size_t kMaxNetdataConf = 4U << 20;

// The sentence for `key = value` in PLACE, when it switches the link off.
[[nodiscard]] std::string off_sentence(std::string_view key, std::string_view value, std::string_view place);

}  // namespace aclk::claim
