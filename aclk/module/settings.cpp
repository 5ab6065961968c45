// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <thread>

#include "claim/base/text.h"
#include "claim/ini.h"

namespace aclk::module {
namespace {

// The reference's of 1.37 (aclk/query/README.md, "Scheduling"), unless the host knows how many it can serve.
unsigned default_query_threads(const host::Host &host) {
  if (host.identity().query_threads > 0) return std::min(host.identity().query_threads, 64U);
  return std::clamp(std::thread::hardware_concurrency() / 2, 2U, 6U);
}

unsigned query_threads(const host::Host &host, const host::Log &log) {
  for (const char *key : {"query threads", "query thread count"}) {
    const auto text = host.config("cloud", key);
    if (!text) continue;
    int n = 0;
    const auto r = std::from_chars(text->data(), text->data() + text->size(), n);
    if (r.ec != std::errc{} || n < 1) {
      log.error("You need at least one query thread. Overriding configured setting of \"{}\"", *text);
      return 1;
    }
    return static_cast<unsigned>(std::min(n, 64));
  }
  return default_query_threads(host);
}

struct Way {
  claim::Proxy proxy;
  std::string line;
};

std::string using_line(const claim::Proxy &p) {
  const char *const kind = p.kind == claim::ProxyKind::http     ? "HTTP"
                           : p.kind == claim::ProxyKind::https  ? "HTTPS"
                           : p.kind == claim::ProxyKind::socks5 ? "SOCKS5"
                                                                : "SOCKS5H";
  return fmt::format("ACLK: using {} proxy {}", kind, p.display());
}

const char *direct_line(std::string_view setting) {
  if (trimmed(setting) == "none") return "ACLK: proxy is set to 'none', will connect directly without proxy.";
  return "ACLK: proxy is not configured, will connect directly without proxy.";
}

Result<Way> proxy(const host::Host &host, const claim::CloudConf &conf) {
  const auto ours = host.config("cloud", "proxy");
  ACLK_TRY(const auto r, claim::configured_proxy(ours, conf.proxy, claim::process_environment()));
  if (r.kind != claim::ProxyKind::none) return Way{r, using_line(r)};
  if (ours && trimmed(*ours) == "env")
    return Way{r,
               "ACLK: proxy is explicitly set to 'env' but neither 'http_proxy' nor 'https_proxy' environment "
               "variables are set. Will connect directly without proxy."};
  return Way{r, direct_line(ours ? *ours : conf.proxy)};
}

// [cloud] conversation log = yes, conversation log file = LOGDIR/aclk.log (claim/README.md, "Settings in
// netdata.conf").
std::filesystem::path conversation_log(const host::Host &host, const host::Log &log) {
  if (!claim::ini_clear_yes(trimmed(host.config("cloud", "conversation log").value_or("no")))) return {};
  const auto file = host.config("cloud", "conversation log file").value_or("");
  auto path = file.empty() ? std::filesystem::path(host.directories().log) / "aclk.log" : std::filesystem::path(file);
  if (path.is_absolute()) return path;
  log.error("ACLK: \"conversation log file\" is not an absolute path: \"{}\"; there is no conversation log",
            path.native());
  return {};
}

// Whoever wrote something about the scope that is not `full` meant a limit, and there is one.
void limit_scope(const host::Host &host, Settings &s) {
  constexpr std::string_view kLimited =
      "the cloud may ask about nodes; contexts, alerts and node instances are not published";
  const auto text = host.setting("cloud", "scope");
  if (text && claim::scope_is_full(text->value_or(""))) return;
  s.scope = query::Scope::license_manager;
  const auto value = text ? excerpt(trimmed(text->value_or("")), 64) : std::string();
  if (value == "license manager")
    s.scope_line = fmt::format("[cloud] scope = license manager: {}", kLimited);
  else if (text)
    s.scope_line = fmt::format(
        "netdata.conf [cloud] scope = {} is neither 'full' nor 'license manager', and is taken for the latter: {}",
        value, kLimited);
  else
    s.scope_line = fmt::format("{}. [cloud] scope is taken for 'license manager': {}", text.error().what, kLimited);
}

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

std::optional<claim::Limit> host_limit(const host::Host &host) {
  const auto enabled = host.setting("cloud", "enabled");
  if (enabled) return claim::enabled_limit(*enabled);
  return claim::Limit{true, enabled.error().what};
}

std::string link_settings(const host::Host &host) {
  std::string out;
  for (const auto key : kLinkKeys)
    if (const auto value = host.config("cloud", key)) out += fmt::format("{} = {}\n", key, *value);
  return out;
}

std::filesystem::path cloud_dir(const host::Host &host) {
  return std::filesystem::path(host.directories().lib) / "cloud.d";
}

Settings read_settings(const host::Host &host, const host::Log &log) {
  Settings s;
  s.identity = claim::load_identity(cloud_dir(host), host.identity().machine_guid, claim::process_environment(),
                                    host_limit(host));
  s.cloud_url = s.identity.conf.url;
  for (const char *key : {"url", "cloud base url"})
    if (auto url = host.config("cloud", key); url && !url->empty()) {
      s.cloud_url = *url;
      break;
    }
  if (auto way = proxy(host, s.identity.conf)) {
    s.reach.proxy = std::move(way->proxy);
    s.proxy_shown = s.reach.proxy.display();
    s.proxy_line = std::move(way->line);
  } else {
    s.proxy_shown = "cannot be used";
    s.troubles.push_back(way.error().what);
  }
  if (!s.identity.trust_trouble.empty()) s.troubles.push_back(s.identity.trust_trouble);
  if (s.identity.standing != claim::Standing::claimed) return s;
  if (!s.reach.proxy.warning.empty()) log.warning("{}", s.reach.proxy.warning);
  s.reach.insecure = s.identity.conf.insecure;
  if (s.identity.trust_file) s.reach.trust_file = s.identity.trust_file->string();
  s.query_threads = query_threads(host, log);
  limit_scope(host, s);
  s.conversation_log = conversation_log(host, log);
  return s;
}

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
