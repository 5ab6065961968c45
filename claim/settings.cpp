// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "claim/base/files.h"
#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/claim_request.h"
#include "claim/claim_sources.h"
#include "claim/ini.h"
#include "claim/limits.h"

namespace aclk::claim {
namespace {

// Far above any real file; the reference has no bound.
constexpr std::size_t kMaxCloudConf = 256U << 10;

// The agent's own form: a head line, then the value, commented out when it is the default.
void add(std::string &out, std::string_view key, std::string_view value, std::string_view fallback,
         std::string_view help) {
  fmt::format_to(std::back_inserter(out), "\n    #| >>> [global].{} <<<\n    #| {}\n    {}{} = {}\n", key, help,
                 value == fallback ? "# " : "", key, one_line(value));
}

const char *yes_no(bool b) { return b ? "yes" : "no"; }

constexpr std::size_t kMaxTokenFile = 64U << 10;

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

CloudConf parse_cloud_conf(std::string_view text) {
  CloudConf c;
  std::optional<std::string> enabled;
  std::string url;
  std::string old_url;
  const auto set = [](std::string &to, std::string_view value) {
    if (!value.empty()) to = value;
  };
  visit_ini(text, [&](std::string_view section, std::string_view key, std::string_view value) {
    if (section != "global") return;
    if (key == "enabled") enabled = value;
    if (means_enabled(key) && !says_enabled(key, value)) {
      c.enabled = false;
      c.off_by = key;
      c.off_value = value;
    }
    if (key == "url") set(url, value);
    if (key == "cloud base url") set(old_url, value);
    if (key == "proxy") c.proxy = value;  // empty means direct
    if (key == "token") c.token = value;
    if (key == "rooms") c.rooms = value;
    if (key == "insecure") c.insecure = ini_clear_yes(value);
    if (key == "machine_guid") c.machine_guid = value;
    if (key == "claimed_id") c.claimed_id = value;
    if (key == "hostname") c.hostname = value;
  });
  if (enabled && !ini_yes(*enabled)) {
    c.enabled = false;
    c.off_by = "enabled";
    c.off_value = *enabled;
  }
  set(c.url, old_url);
  set(c.url, url);
  return c;
}

Result<CloudConf> read_cloud_conf(const std::filesystem::path &file) {
  ACLK_TRY(const auto text, read_limiting_file(file, kMaxCloudConf));
  if (const auto trouble = cloud_conf_trouble(text); !trouble.empty())
    return fail(Errc::parse, fmt::format("cannot understand {}: {}", file.string(), trouble));
  return parse_cloud_conf(text);
}

std::string format_cloud_conf(const CloudConf &c) {
  const CloudConf d;
  std::string out(kCloudConfMark);
  out +=
      " Written when the node is claimed; may be edited.\n"
      "# A setting that is commented out has the value shown.\n\n[global]";
  add(out, "enabled", yes_no(c.enabled), yes_no(d.enabled), "no = never talk to the cloud and refuse to claim");
  add(out, "url", c.url, d.url, "the cloud this node belongs to");
  add(out, "proxy", c.proxy, d.proxy, "none, env, or (http|https|socks5|socks5h)://[user:password@]host:port");
  add(out, "token", c.token, d.token, "the token last claimed with");
  add(out, "rooms", c.rooms, d.rooms, "room ids, separated by commas");
  add(out, "insecure", yes_no(c.insecure), yes_no(d.insecure), "yes = do not verify the cloud's certificate");
  add(out, "machine_guid", c.machine_guid, d.machine_guid,
      "the machine that was claimed; a copy on another one does not connect");
  add(out, "claimed_id", c.claimed_id, d.claimed_id, "who this node is to the cloud; wins over the file claimed_id");
  add(out, "hostname", c.hostname, d.hostname, "for information: the name it was claimed under");
  return out;
}

Result<std::string> read_token_file(const std::filesystem::path &file) {
  ACLK_TRY(const auto text, read_file(file, kMaxTokenFile));
  if (const auto trouble = encoding_trouble(text); !trouble.empty())
    return fail(Errc::parse, fmt::format("cannot use {}: {}", file.string(), trouble));
  auto token = std::string(unquoted(text));
  if (token.empty()) return fail(Errc::parse, fmt::format("cannot use {}: it is empty", file.string()));
  return token;
}

Result<std::optional<std::filesystem::path>> token_file_of_environment(const Getenv &getenv) {
  const auto value = getenv(kTokenFileVariable).value_or("");
  const std::filesystem::path file(unquoted(value));
  if (file.empty()) return std::optional<std::filesystem::path>();
  if (!file.is_absolute())
    return fail(Errc::invalid_argument, fmt::format("{} is not the absolute path of a file", kTokenFileVariable));
  return std::optional(file);
}

bool environment_has_token(const Getenv &getenv) {
  const auto value = getenv("NETDATA_CLAIM_TOKEN").value_or("");
  return !unquoted(value).empty();
}

std::string token_file_advice(Errc cause) {
  switch (cause) {
    case Errc::not_found:
      return fmt::format("mount the secret there, or correct {}", kTokenFileVariable);
    case Errc::denied:
      return "let the agent's user read it: by the secret's owner, group and mode";
    case Errc::invalid_argument:
      return "write the path there, or the token itself into NETDATA_CLAIM_TOKEN";
    default:
      return "expected is a file with the token as the cloud shows it, and nothing else";
  }
}

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
  auto checked = checked_cloud_url(url.text, s.insecure ? PlainHttp::allowed : PlainHttp::refused);
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
