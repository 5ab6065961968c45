// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/cloud_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "claim/base/text.h"
#include "claim/ini.h"
#include "claim/limits.h"

namespace aclk::claim {
namespace {

// Far above any real file; the reference has no bound.
constexpr std::size_t kMaxBytes = 256U << 10;

// The agent's own form: a head line, then the value, commented out when it is the default.
void add(std::string &out, std::string_view key, std::string_view value, std::string_view fallback,
         std::string_view help) {
  fmt::format_to(std::back_inserter(out), "\n    #| >>> [global].{} <<<\n    #| {}\n    {}{} = {}\n", key, help,
                 value == fallback ? "# " : "", key, one_line(value));
}

const char *yes_no(bool b) { return b ? "yes" : "no"; }

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
  ACLK_TRY(const auto text, read_limiting_file(file, kMaxBytes));
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

}  // namespace aclk::claim
