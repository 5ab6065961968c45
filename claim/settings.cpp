// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/settings.h"

#include <fmt/format.h>

#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/claim_request.h"
#include "claim/claim_sources.h"
#include "claim/ini.h"

namespace aclk::claim {
namespace {

std::optional<std::string> env_text(const Getenv &getenv, const char *name) {
  const auto value = getenv(name);
  if (!value || unquoted(*value).empty()) return std::nullopt;
  return std::string(unquoted(*value));
}

// What asks for it: an option of a command, unless it is a written claim (claim_sources.h).
std::string asked_by(const ClaimOptions &o, const char *option, const char *variable) {
  if (!o.written_in) return option;
  return o.written_in->empty() ? variable : o.written_in->string();
}

struct Text {
  std::string text;
  std::string source;
};

Text url_text(const ClaimOptions &o, const CloudConf &conf, std::string_view netdata_conf, const Getenv &getenv) {
  if (o.url && !trimmed(*o.url).empty())
    return {std::string(unquoted(*o.url)), asked_by(o, "--url", "NETDATA_CLAIM_URL")};
  if (auto v = env_text(getenv, "NETDATA_CLAIM_URL")) return {*v, "NETDATA_CLAIM_URL"};
  for (const auto *key : {"url", "cloud base url"})
    if (auto v = ini_value(netdata_conf, "cloud", key)) return {*v, "netdata.conf [cloud]"};
  return {conf.url, "cloud.conf"};
}

// What is asked for now, before what the files say.
std::optional<Text> proxy_asked_for(const ClaimOptions &o, const Getenv &getenv) {
  if (o.proxy) return Text{std::string(unquoted(*o.proxy)), asked_by(o, "--proxy", "NETDATA_CLAIM_PROXY")};
  if (auto v = env_text(getenv, "NETDATA_CLAIM_PROXY")) return Text{*v, "NETDATA_CLAIM_PROXY"};
  return std::nullopt;
}

Result<void> settle_proxy(const ClaimOptions &o, const CloudConf &conf, std::string_view netdata_conf,
                          const Getenv &getenv, Settings &s) {
  const auto asked = proxy_asked_for(o, getenv);
  ACLK_TRY(s.proxy, asked ? resolve_proxy(asked->text, asked->source, getenv)
                          : configured_proxy(ini_value(netdata_conf, "cloud", "proxy"), conf.proxy, getenv));
  s.warning = s.proxy.warning;
  if (!asked) return {};
  if (trimmed(asked->text) == "env" && s.proxy.kind == ProxyKind::none && s.warning.empty())
    s.warning =
        "proxy is explicitly set to 'env' but neither 'http_proxy' nor 'https_proxy' environment variables are set. "
        "Will connect directly without proxy.";
  s.conf.proxy = trimmed(asked->text);
  return {};
}

}  // namespace

Result<Settings> resolve_settings(const ClaimOptions &o, const CloudConf &conf, std::string_view netdata_conf,
                                  const Getenv &getenv) {
  Settings s;
  s.conf = conf;
  const auto asked = o.token ? o.token : env_text(getenv, "NETDATA_CLAIM_TOKEN");
  if (!asked && conf.token.empty())
    return fail(Errc::invalid_argument,
                "there is no claiming token: the cloud shows it where nodes are added; give it with --token-file FILE, "
                "in NETDATA_CLAIM_TOKEN, or in the file that NETDATA_CLAIM_TOKEN_FILE names");
  ACLK_TRY(s.token, checked_token(unquoted(asked ? *asked : conf.token)));
  // The rooms of cloud.conf belong to its token: another token may be of another Space, which does not have them.
  const auto &kept = s.token == conf.token ? conf.rooms : std::string();
  s.rooms = unquoted(o.rooms ? *o.rooms : env_text(getenv, "NETDATA_CLAIM_ROOMS").value_or(kept));
  s.insecure = o.insecure || conf.insecure || insecure_by_environment(getenv);
  const auto url = url_text(o, conf, netdata_conf, getenv);
  auto checked = checked_cloud_url(url.text, s.insecure);
  if (!checked) return fail(checked.error().code, fmt::format("{} (from {})", checked.error().what, url.source));
  s.url = std::move(*checked);
  ACLK_CHECK(settle_proxy(o, conf, netdata_conf, getenv, s));
  if (const auto to = parse_url(s.url)) s.proxy = s.proxy.towards(to->host);
  s.conf.url = s.url;
  s.conf.token = s.token;
  s.conf.rooms = s.rooms;
  s.conf.insecure = s.insecure;
  return s;
}

std::filesystem::path default_lib_dir(const Getenv &getenv) {
  return env_text(getenv, "NETDATA_LIB_DIR").value_or("/var/lib/netdata");
}

std::filesystem::path default_netdata_conf(const Getenv &getenv) {
  return std::filesystem::path(env_text(getenv, "NETDATA_USER_CONFIG_DIR").value_or("/etc/netdata")) / "netdata.conf";
}

}  // namespace aclk::claim
