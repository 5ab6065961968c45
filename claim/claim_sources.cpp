// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_sources.h"

#include <fmt/format.h>

#include <array>
#include <system_error>

#include "claim/base/files.h"
#include "claim/base/hash.h"
#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/claim_request.h"
#include "claim/cloud_dir.h"
#include "claim/identity.h"
#include "claim/ini.h"
#include "claim/limits.h"
#include "claim/settings.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

bool worth_another_try(ExitCode e) {
  switch (e) {
    case ExitCode::local_files:
    case ExitCode::unreachable:
    case ExitCode::other_status:
    case ExitCode::in_progress:
    case ExitCode::server_error:
    case ExitCode::gateway_timeout:
    case ExitCode::service_unavailable:
    case ExitCode::no_machine_guid:
    case ExitCode::busy:
      return true;
    default:
      return false;
  }
}

std::optional<fs::file_time_type> unclaimed_at(const fs::path &dir) {
  std::error_code ec;
  const auto when = fs::last_write_time(dir / "unclaimed", ec);
  if (ec) return std::nullopt;
  return when;
}

Verdict judge_now(const WrittenClaim &w, const Places &p, const ClaimEnvironment &environment) {
  const auto guid = p.machine_guid ? *p.machine_guid : read_machine_guid(p.lib_dir).value_or("");
  const auto id = load_identity(p.cloud_dir, guid, environment.getenv, p.netdata_conf_limit());
  return judge(w, id, unclaimed_at(p.cloud_dir), p.cloud_dir);
}

Settled adjust(const WrittenClaim &w, const Places &p, const ClaimEnvironment &environment, const LogClaim &log) {
  const auto held = CloudDir::open(p.cloud_dir);
  if (!held) {
    log(ClaimLine::failure, held.error().what);
    return Settled::later;
  }
  // What was read before the lock may be another claim's by now, and its key gone.
  const auto v = judge_now(w, p, environment);
  if (v.deed != ClaimAction::adjust) return Settled::later;
  const auto file = p.cloud_dir / "cloud.conf";
  auto done =
      environment.disk->stage(file, format_cloud_conf(v.conf), kCloudFileMode).and_then([&](const fs::path &staged) {
        return environment.disk->put_in_place(staged, file);
      });
  if (done) done = environment.disk->sync(p.cloud_dir);
  log(done ? ClaimLine::news : ClaimLine::failure, done ? v.line : done.error().what);
  return done ? Settled::yes : Settled::later;
}

ClaimReport ask(const WrittenClaim &w, const Places &p, const ClaimEnvironment &environment) {
  ClaimOptions o;
  o.cloud_dir = p.cloud_dir;
  o.lib_dir = p.lib_dir;
  o.netdata_conf = p.config_dir / "netdata.conf";
  o.netdata_conf_text = p.netdata_conf;
  o.limit = p.limit;
  o.machine_guid = p.machine_guid;
  o.hostname = p.hostname;
  o.token = w.token;
  o.rooms = w.rooms;
  o.url = w.url;
  o.proxy = w.proxy;
  o.written_in = w.file;
  o.insecure = w.insecure.value_or(false);
  auto with = environment;
  if (!w.file.empty())  // one written claim is not mixed with another
    with.getenv = [&](const char *name) -> std::optional<std::string> {
      const std::string_view n = name;
      if (n.starts_with("NETDATA_CLAIM_") || n == "NETDATA_EXTRA_CLAIM_OPTS") return std::nullopt;
      return environment.getenv(name);
    };
  return claim_node(o, with);
}

}  // namespace

std::optional<Limit> Places::netdata_conf_limit() const {
  return netdata_conf ? limit : claim::netdata_conf_limit(config_dir / "netdata.conf");
}

Settled carry_out_written_claims(const Places &p, const ClaimEnvironment &environment, const LogClaim &log) {
  const auto files = read_claim_files(p.config_dir, p.cloud_dir, environment.getenv);
  for (const auto *f : {&files.claim_conf, &files.token, &files.rooms})
    if (!f->trouble.empty())
      log(ClaimLine::failure, fmt::format("{}; give it to the agent's group (chmod 0640)", f->trouble));
  for (const auto &line : useless(files, environment.getenv)) log(ClaimLine::failure, line);
  if (environment_has_token(environment.getenv) &&
      !unquoted(environment.getenv(kTokenFileVariable).value_or("")).empty())
    log(ClaimLine::news,
        fmt::format("NETDATA_CLAIM_TOKEN and {} are both set: NETDATA_CLAIM_TOKEN counts, the file is not read",
                    kTokenFileVariable));
  auto settled = Settled::yes;
  for (const auto &w : written_claims(files, environment.getenv)) {
    const auto v = judge_now(w, p, environment);
    if (v.deed == ClaimAction::adjust) return adjust(w, p, environment, log);
    if (v.deed == ClaimAction::nothing) {
      log(ClaimLine::news, v.line);
      return Settled::yes;  // what comes after it does not count
    }
    const auto report = ask(w, p, environment);
    if (report.exit == ExitCode::claimed) {
      const auto now = load_identity(p.cloud_dir);
      for (const auto *name : {"token", "rooms"}) (void)environment.disk->remove(p.cloud_dir / name);
      log(ClaimLine::news, fmt::format("changed: {} asks for a claim, and this node is claimed as {} at {} now",
                                       w.source, now.claim_id, masked_url(now.conf.url)));
      return Settled::yes;
    }
    const auto &what = report.reason.empty() ? report.message : report.reason;
    const auto advice = written_advice(report.exit, report.cause, w);
    log(ClaimLine::failure,
        fmt::format("{} (asked for by {}){}{}", what, w.source, advice.empty() ? "" : "; ", advice));
    if (worth_another_try(report.exit)) settled = Settled::later;
  }
  return settled;
}

std::uint64_t claim_files_print(const Places &p, const Getenv &getenv) {
  const auto files = read_claim_files(p.config_dir, p.cloud_dir, getenv);
  bool any = !written_claims(files, getenv).empty() || !useless(files, getenv).empty();
  Hash h;
  for (const auto *f : {&files.claim_conf, &files.token, &files.rooms, &files.secret}) {
    any = any || !f->trouble.empty();
    h.add(f->text);
    h.add(f->written ? static_cast<std::uint64_t>(f->written->time_since_epoch().count()) : 0U);
  }
  return any ? h.value() | 1U : 0U;
}
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxFile = 64U << 10;

ClaimFile read(fs::path path) {
  ClaimFile f{std::move(path), {}, std::nullopt, {}};
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

ClaimFile read_secret(const Getenv &getenv) {
  ClaimFile f;
  if (environment_has_token(getenv)) return f;
  const auto file = token_file_of_environment(getenv);
  if (file && !*file) return f;
  const auto token = file ? read_token_file(**file) : Result<std::string>(tl::unexpected<Error>(file.error()));
  if (file) f.path = **file;
  if (token)
    f.text = *token;
  else
    f.trouble = fmt::format("nothing can be claimed by the environment: {}{}; {}", token.error().what,
                            file ? fmt::format(" (named by {})", kTokenFileVariable) : "",
                            token_file_advice(token.error().code));
  return f;
}

std::optional<std::string> non_empty(std::optional<std::string> text) {
  if (!text || unquoted(*text).empty()) return std::nullopt;
  return std::string(unquoted(*text));
}

std::optional<WrittenClaim> of_claim_conf(const ClaimFile &f) {
  const auto get = [&](const char *key) { return ini_value(f.text, "global", key); };
  auto token = non_empty(get("token"));
  if (!token) return std::nullopt;
  WrittenClaim w;
  w.source = f.path.string();
  w.file = f.path;
  w.token = std::move(*token);
  w.rooms = unquoted(get("rooms").value_or(""));
  w.url = non_empty(get("url"));
  w.proxy = non_empty(get("proxy"));
  if (const auto text = get("insecure")) w.insecure = ini_clear_yes(unquoted(*text));
  w.written = f.written;
  return w;
}

std::optional<WrittenClaim> of_environment(const ClaimFiles &files, const Getenv &getenv) {
  const auto token = non_empty(getenv("NETDATA_CLAIM_TOKEN"));
  if (!token && files.secret.text.empty()) return std::nullopt;
  WrittenClaim w;
  w.source = token ? "the environment (NETDATA_CLAIM_TOKEN)"
                   : fmt::format("the environment ({} = {})", kTokenFileVariable, files.secret.path.string());
  w.token = token ? *token : files.secret.text;
  if (!token) w.token_file = files.secret.path;
  w.rooms = non_empty(getenv("NETDATA_CLAIM_ROOMS")).value_or("");
  w.url = non_empty(getenv("NETDATA_CLAIM_URL"));
  w.proxy = non_empty(getenv("NETDATA_CLAIM_PROXY"));
  if (insecure_by_environment(getenv)) w.insecure = true;
  return w;
}

std::optional<WrittenClaim> of_split_files(const ClaimFiles &files) {
  if (unquoted(files.token.text).empty()) return std::nullopt;
  WrittenClaim w;
  w.source = files.token.path.string();
  w.file = files.token.path;
  w.token = unquoted(files.token.text);
  w.rooms = unquoted(files.rooms.text);
  w.written = files.token.written;
  return w;
}

// Why no token is found in what the agent's parser makes of it; empty: nothing is written there.
std::string why_no_token(std::string_view text) {
  if (auto trouble = encoding_trouble(text); !trouble.empty()) return trouble;
  bool section = false;
  bool empty_token = false;
  std::size_t odd_line = 0;
  std::size_t lines = 0;
  visit_ini_lines(text, [&](const IniLine &line) {
    ++lines;
    section = section || (line.in_section && line.section == "global");
    empty_token = empty_token || (line.section == "global" && line.key == "token");
    if (line.key.empty() && odd_line == 0) odd_line = line.number;
  });
  if (text.find("\\n") != std::string_view::npos) return "its lines are separated by the two characters \\n";
  if (lines == 0 && trimmed(text).find('[') == std::string_view::npos) return {};
  if (!section && lines > 0) return "it has nothing in a section [global]";
  if (empty_token) return "the token is empty";
  if (odd_line != 0) return fmt::format("line {} has no '='", odd_line);
  return "it has no key 'token'";
}

std::string without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

// Empty when the written claim is what is there.
std::string difference(const WrittenClaim &w, const CloudConf &conf) {
  if (w.url && without_slash(*w.url) != without_slash(conf.url)) return fmt::format("the cloud {}", masked_url(*w.url));
  if (!conf.token.empty() && w.token != conf.token) return "another token";
  return {};
}

Verdict of_claimed(const WrittenClaim &w, const Identity &id, const fs::path &dir) {
  const auto here = fmt::format("this node is claimed as {} at {}", id.claim_id, masked_url(id.conf.url));
  if (const auto other = difference(w, id.conf); !other.empty())
    return {ClaimAction::nothing,
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
    return {ClaimAction::adjust, conf,
            fmt::format("changed: {} in cloud.conf, as {} says; {}", changes, w.source, here)};
  const bool rooms = !conf.token.empty() && split_rooms(w.rooms) != split_rooms(conf.rooms);
  return {ClaimAction::nothing,
          {},
          fmt::format("kept: {}, as {} asks{}", here, w.source,
                      rooms ? "; its rooms are ignored: those of a claimed node are changed in the cloud" : "")};
}

}  // namespace

ClaimFiles read_claim_files(const fs::path &config_dir, const fs::path &cloud_dir, const Getenv &getenv) {
  return {read(config_dir / "claim.conf"), read(cloud_dir / "token"), read(cloud_dir / "rooms"), read_secret(getenv)};
}

std::vector<WrittenClaim> written_claims(const ClaimFiles &files, const Getenv &getenv) {
  std::vector<WrittenClaim> out;
  for (auto w : {of_claim_conf(files.claim_conf), of_environment(files, getenv), of_split_files(files)})
    if (w) out.push_back(std::move(*w));
  return out;
}

std::vector<std::string> useless(const ClaimFiles &files, const Getenv &getenv) {
  std::vector<std::string> out;
  const auto expected =
      "; expected are the lines '[global]', 'token = TOKEN' and, if wanted, 'rooms = ROOM,ROOM' and "
      "'url = https://CLOUD'";
  if (!of_claim_conf(files.claim_conf))
    if (const auto why = why_no_token(files.claim_conf.text); !why.empty())
      out.push_back(fmt::format("nothing can be claimed by {}: {}{}", files.claim_conf.path.string(), why, expected));
  if (!files.secret.trouble.empty()) out.push_back(files.secret.trouble);
  if (files.secret.trouble.empty() && !of_environment(files, getenv) && !of_claim_conf(files.claim_conf) &&
      !of_split_files(files))
    for (const auto *name : {"NETDATA_CLAIM_TOKEN", "NETDATA_CLAIM_URL", "NETDATA_CLAIM_ROOMS"})
      if (const auto value = getenv(name);
          value && (!unquoted(*value).empty() || value->find_first_of("\"'") != std::string::npos)) {
        out.push_back(
            fmt::format("nothing can be claimed by the environment: {} is set, but NETDATA_CLAIM_TOKEN is {}; "
                        "expected is NETDATA_CLAIM_TOKEN = TOKEN",
                        name, getenv("NETDATA_CLAIM_TOKEN") ? "empty" : "not"));
        break;
      }
  for (const auto *f : {&files.token, &files.rooms})
    if (const auto why = encoding_trouble(f->text); !why.empty())
      out.push_back(fmt::format("{} cannot be used: {}; expected is plain text", f->path.string(), why));
  if (!of_split_files(files) && files.token.trouble.empty() &&
      (files.token.written || !trimmed(files.rooms.text).empty()))
    out.push_back(fmt::format(
        "nothing can be claimed by {}: it is {}; expected is the token as the cloud shows it, and nothing else",
        files.token.path.string(),
        files.token.written ? "empty" : fmt::format("not there, while {} is", files.rooms.path.string())));
  return out;
}

bool insecure_by_environment(const Getenv &getenv) {
  auto text = one_line(getenv("NETDATA_EXTRA_CLAIM_OPTS").value_or(""));
  for (auto &c : text)
    if (c == '"' || c == '\'') c = ' ';
  text = " " + text + " ";
  return text.find(" -insecure ") != std::string::npos || text.find(" --insecure ") != std::string::npos;
}

Verdict judge(const WrittenClaim &w, const Identity &id, std::optional<fs::file_time_type> unclaimed,
              const fs::path &dir) {
  const auto ignored = [&](const std::string &why) {
    return Verdict{ClaimAction::nothing, {}, fmt::format("ignored: {} asks for a claim, but {}", w.source, why)};
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
        fmt::format("this node was unclaimed by hand ({}). To claim it again, run netdata-aclk claim, or {}"
                    "remove {}",
                    unclaimed_note(dir), w.file.empty() ? "" : fmt::format("edit {}, or ", w.file.string()),
                    (dir / "unclaimed").string()));
  return {ClaimAction::claim, {}, {}};
}

}  // namespace aclk::claim
