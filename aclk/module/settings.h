// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the link goes by: the identity in cloud.d, with netdata.conf [cloud] over it (claim/README.md, "Settings in
// netdata.conf").
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/host/log.h"
#include "aclk/net/http_client.h"
#include "aclk/query/target.h"
#include "claim/identity.h"

namespace aclk::module {

// All of them, as the link uses them.
struct Settings {
  claim::Identity identity;
  std::string cloud_url;
  net::Reach reach;
  // Settings that limit whom the node talks to and cannot be understood, or whom to trust cannot be read: a sentence
  // each, with what, why and the next step. There is no link until they are mended. For the log and the state; they are
  // not logged here.
  std::vector<std::string> troubles;
  std::string proxy_shown = "none";  // for the state: Proxy::display(), or that it cannot be used
  std::string proxy_line;            // for the log, when the link begins: which way it takes (claim/README.md, "Proxy")
  unsigned query_threads = 2;
  query::Scope scope = query::Scope::full;
  std::string scope_line;                  // for the log, when the scope is not full
  std::filesystem::path conversation_log;  // empty = none is wanted
};

// Where the keys, the claim and the durable state are: LIB/cloud.d.
[[nodiscard]] std::filesystem::path cloud_dir(const host::Host &host);

// What the host's settings limit (claim/limits.h).
[[nodiscard]] std::optional<claim::Limit> host_limit(const host::Host &host);

// The keys of [cloud] in netdata.conf that count for the link, `enabled` aside: it begins anew when one changes.
inline constexpr std::array<std::string_view, 8> kLinkKeys{"url",
                                                           "cloud base url",
                                                           "proxy",
                                                           "scope",
                                                           "query threads",
                                                           "query thread count",
                                                           "conversation log",
                                                           "conversation log file"};
// Their values, as text that changes when one of them does.
[[nodiscard]] std::string link_settings(const host::Host &host);

// Reads files; opens no socket. What it cannot use is named in the log and replaced by the default.
[[nodiscard]] Settings read_settings(const host::Host &host, const host::Log &log);

// Settings of netdata.conf that older agents knew, and that mean nothing here: named in the log, with the reason, when
// they ask for something else than what happens (claim/README.md, "Settings in netdata.conf"). A line for each, without
// secrets. `read`: nullopt when the key is not set. Pure.
using ReadSetting = std::function<std::optional<std::string>(const char *section, const char *key)>;
[[nodiscard]] std::vector<std::string> ignored_settings(const ReadSetting &read);

}  // namespace aclk::module
