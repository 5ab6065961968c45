// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/wish.h"

#include <fmt/format.h>

#include <system_error>

#include "claim/base/files.h"
#include "claim/base/url.h"
#include "claim/claim_request.h"
#include "claim/ini.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxFile = 64U << 10;

WishFile read(fs::path path) {
  WishFile f{std::move(path), {}, std::nullopt, {}};
  auto text = read_file(f.path, kMaxFile);
  if (text)
    f.text = std::move(*text);
  else if (text.error().code != Errc::not_found)
    f.trouble = text.error().what;
  std::error_code ec;
  const auto written = fs::last_write_time(f.path, ec);
  if (!ec) f.written = written;
  return f;
}

std::optional<std::string> non_empty(std::optional<std::string> text) {
  if (!text || trimmed(*text).empty()) return std::nullopt;
  return std::string(trimmed(*text));
}

std::optional<Wish> of_claim_conf(const WishFile &f) {
  const auto get = [&](const char *key) { return ini_value(f.text, "global", key); };
  auto token = non_empty(get("token"));
  if (!token) return std::nullopt;
  Wish w;
  w.source = f.path.string();
  w.file = f.path;
  w.token = std::move(*token);
  w.rooms = get("rooms").value_or("");
  w.url = non_empty(get("url"));
  w.proxy = non_empty(get("proxy"));
  if (const auto text = get("insecure")) w.insecure = ini_clear_yes(*text);
  w.written = f.written;
  return w;
}

std::optional<Wish> of_environment(const Getenv &getenv) {
  auto token = non_empty(getenv("NETDATA_CLAIM_TOKEN"));
  if (!token) return std::nullopt;
  Wish w;
  w.source = "the environment (NETDATA_CLAIM_TOKEN)";
  w.token = std::move(*token);
  w.rooms = getenv("NETDATA_CLAIM_ROOMS").value_or("");
  w.url = non_empty(getenv("NETDATA_CLAIM_URL"));
  w.proxy = non_empty(getenv("NETDATA_CLAIM_PROXY"));
  if (insecure_by_environment(getenv)) w.insecure = true;
  return w;
}

std::optional<Wish> of_split_files(const WishFiles &files) {
  if (trimmed(files.token.text).empty()) return std::nullopt;
  Wish w;
  w.source = files.token.path.string();
  w.file = files.token.path;
  w.token = trimmed(files.token.text);
  w.rooms = trimmed(files.rooms.text);
  w.written = files.token.written;
  return w;
}

std::string without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

// Empty when the wish is what is there.
std::string difference(const Wish &w, const CloudConf &conf) {
  if (w.url && without_slash(*w.url) != without_slash(conf.url)) return fmt::format("the cloud {}", masked_url(*w.url));
  if (!conf.token.empty() && w.token != conf.token) return "another token";
  return {};
}

Verdict of_claimed(const Wish &w, const Identity &id, const fs::path &dir) {
  const auto here = fmt::format("this node is claimed as {} at {}", id.claim_id, masked_url(id.conf.url));
  if (const auto other = difference(w, id.conf); !other.empty())
    return {Deed::nothing,
            {},
            fmt::format("ignored: {} asks for {}, but {}. To give up that claim for a new one, run {} with the new "
                        "settings",
                        w.source, other, here, reclaim_command(dir))};
  auto conf = id.conf;
  std::string changes;
  if (w.proxy && *w.proxy != conf.proxy) {
    conf.proxy = *w.proxy;
    changes = fmt::format("proxy = {}", masked_proxy(conf.proxy));
  }
  if (w.insecure && *w.insecure != conf.insecure) {
    conf.insecure = *w.insecure;
    changes += fmt::format("{}insecure = {}", changes.empty() ? "" : ", ", conf.insecure ? "yes" : "no");
  }
  if (!changes.empty())
    return {Deed::adjust, conf, fmt::format("changed: {} in cloud.conf, as {} says; {}", changes, w.source, here)};
  const bool rooms = !conf.token.empty() && split_rooms(w.rooms) != split_rooms(conf.rooms);
  return {Deed::nothing,
          {},
          fmt::format("kept: {}, as {} asks{}", here, w.source,
                      rooms ? "; its rooms are ignored: those of a claimed node are changed in the cloud" : "")};
}

}  // namespace

WishFiles read_wish_files(const fs::path &config_dir, const fs::path &cloud_dir) {
  return {read(config_dir / "claim.conf"), read(cloud_dir / "token"), read(cloud_dir / "rooms")};
}

std::vector<Wish> wishes(const WishFiles &files, const Getenv &getenv) {
  std::vector<Wish> out;
  for (auto w : {of_claim_conf(files.claim_conf), of_environment(getenv), of_split_files(files)})
    if (w) out.push_back(std::move(*w));
  return out;
}

bool insecure_by_environment(const Getenv &getenv) {
  auto text = getenv("NETDATA_EXTRA_CLAIM_OPTS").value_or("");
  for (auto &c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\'') c = ' ';
  text = " " + text + " ";
  return text.find(" -insecure ") != std::string::npos || text.find(" --insecure ") != std::string::npos;
}

Verdict judge(const Wish &w, const Identity &id, std::optional<fs::file_time_type> unclaimed, const fs::path &dir) {
  const auto ignored = [&](const std::string &why) {
    return Verdict{Deed::nothing, {}, fmt::format("ignored: {} asks for a claim, but {}", w.source, why)};
  };
  switch (id.standing) {
    case Standing::claimed:
      return of_claimed(w, id, dir);
    case Standing::disabled:
    case Standing::broken:
    case Standing::copied:
      return ignored(id.why);
    case Standing::not_claimed:
      break;
  }
  if (unclaimed && (!w.written || *w.written <= *unclaimed))
    return ignored(
        fmt::format("this node was unclaimed by hand ({}). To claim it again, run netdata-aclk claim, or {} "
                    "remove {}",
                    unclaimed_note(dir), w.file.empty() ? "" : fmt::format("edit {}, or", w.file.string()),
                    (dir / "unclaimed").string()));
  return {Deed::claim, {}, {}};
}

}  // namespace aclk::claim
