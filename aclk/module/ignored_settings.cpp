// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/ignored_settings.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "claim/base/text.h"
#include "claim/ini.h"

namespace aclk::module {
namespace {

struct Key {
  const char *section;
  const char *key;
  std::string_view fine;  // the value that is what happens anyway; empty: there is none
  std::string_view why;
};

constexpr std::array kKeys{
    Key{"cloud", "aclk implementation", "ng", "there is one implementation, and it is not the legacy one"},
    Key{"cloud", "mqtt5", "yes", "the link always speaks MQTT 5"},
    Key{"cloud", "aclk ssl keylog file", "", "keys of connections are not written down"},
    Key{"cloud", "link cert", "*", "the link identifies itself by the key of the claim, not by a certificate"},
    Key{"cloud", "link server cert", "*", "what is trusted is in cloud.d/trusted.pem, else the system's CAs"},
    Key{"cloud", "link server key", "*", "what is trusted is in cloud.d/trusted.pem, else the system's CAs"},
    Key{"agent_cloud_link", "agent cloud link hostname", "", "the cloud says where the link goes; see [cloud] url"},
    Key{"agent_cloud_link", "agent cloud link port", "", "the cloud says where the link goes; see [cloud] url"},
    Key{"agent_cloud_link", "agent cloud link receive maximum", "", "the cloud says how much may be under way"},
    Key{"agent_cloud_link", "agent cloud link send maximum", "", "the cloud says how much may be under way"},
    Key{"agent_cloud_link", "agent cloud link cert", "", "the link identifies itself by the key of the claim"},
};

}  // namespace

std::vector<std::string> ignored_settings(const ReadSetting &read) {
  std::vector<std::string> lines;
  for (const auto &k : kKeys) {
    const auto value = read(k.section, k.key);
    if (!value || trimmed(*value).empty()) continue;
    const bool is_yes = claim::ini_yes(trimmed(*value));
    if (!k.fine.empty() && (trimmed(*value) == k.fine || (k.fine == "yes" && is_yes))) continue;
    lines.push_back(fmt::format("netdata.conf [{}] {} is ignored: {}", k.section, k.key, k.why));
  }
  return lines;
}

}  // namespace aclk::module
