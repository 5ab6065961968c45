// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/declared.h"

#include <fmt/format.h>

#include <array>
#include <system_error>

#include "claim/base/hash.h"
#include "claim/base/url.h"
#include "claim/claim_sources.h"
#include "claim/cloud_dir.h"
#include "claim/machine_guid.h"
#include "claim/written_advice.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

constexpr mode_t kMode = 0660;

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

Verdict judge_now(const WrittenClaim &w, const Places &p, const Doors &doors) {
  const auto guid = p.machine_guid ? *p.machine_guid : read_machine_guid(p.lib_dir).value_or("");
  const auto id = load_identity(p.cloud_dir, guid, doors.getenv, p.netdata_conf_limit());
  return judge(w, id, unclaimed_at(p.cloud_dir), p.cloud_dir);
}

Settled adjust(const WrittenClaim &w, const Places &p, const Doors &doors, const TellLine &tell) {
  const auto held = CloudDir::open(p.cloud_dir);
  if (!held) {
    tell(true, held.error().what);
    return Settled::later;
  }
  // What was read before the lock may be another claim's by now, and its key gone.
  const auto v = judge_now(w, p, doors);
  if (v.deed != ClaimAction::adjust) return Settled::later;
  const auto file = p.cloud_dir / "cloud.conf";
  auto done = doors.disk->stage(file, format_cloud_conf(v.conf), kMode).and_then([&](const fs::path &staged) {
    return doors.disk->put_in_place(staged, file);
  });
  if (done) done = doors.disk->sync(p.cloud_dir);
  tell(!done, done ? v.line : done.error().what);
  return done ? Settled::yes : Settled::later;
}

ClaimReport ask(const WrittenClaim &w, const Places &p, const Doors &doors) {
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
  o.wish = w.file;
  o.insecure = w.insecure.value_or(false);
  auto with = doors;
  if (!w.file.empty())  // one wish is not mixed with another
    with.getenv = [&](const char *name) -> std::optional<std::string> {
      const std::string_view n = name;
      if (n.starts_with("NETDATA_CLAIM_") || n == "NETDATA_EXTRA_CLAIM_OPTS") return std::nullopt;
      return doors.getenv(name);
    };
  return claim_node(o, with);
}

}  // namespace

std::optional<Limit> Places::netdata_conf_limit() const {
  return netdata_conf ? limit : claim::netdata_conf_limit(config_dir / "netdata.conf");
}

Settled carry_out_written_claims(const Places &p, const Doors &doors, const TellLine &tell) {
  const auto files = read_claim_files(p.config_dir, p.cloud_dir);
  for (const auto *f : {&files.claim_conf, &files.token, &files.rooms})
    if (!f->trouble.empty()) tell(true, fmt::format("{}; give it to the agent's group (chmod 0640)", f->trouble));
  for (const auto &line : useless(files, doors.getenv)) tell(true, line);
  auto settled = Settled::yes;
  for (const auto &w : written_claims(files, doors.getenv)) {
    const auto v = judge_now(w, p, doors);
    if (v.deed == ClaimAction::adjust) return adjust(w, p, doors, tell);
    if (v.deed == ClaimAction::nothing) {
      tell(false, v.line);
      return Settled::yes;  // what comes after it does not count
    }
    const auto report = ask(w, p, doors);
    if (report.exit == ExitCode::claimed) {
      const auto now = load_identity(p.cloud_dir);
      for (const auto *name : {"token", "rooms"}) (void)doors.disk->remove(p.cloud_dir / name);
      tell(false, fmt::format("changed: {} asks for a claim, and this node is claimed as {} at {} now", w.source,
                              now.claim_id, masked_url(now.conf.url)));
      return Settled::yes;
    }
    const auto &what = report.reason.empty() ? report.message : report.reason;
    const auto advice = written_advice(report.exit, report.cause, w);
    tell(true, fmt::format("{} (asked for by {}){}{}", what, w.source, advice.empty() ? "" : "; ", advice));
    if (worth_another_try(report.exit)) settled = Settled::later;
  }
  return settled;
}

std::uint64_t claim_files_print(const Places &p, const Getenv &getenv) {
  const auto files = read_claim_files(p.config_dir, p.cloud_dir);
  bool any = !written_claims(files, getenv).empty() || !useless(files, getenv).empty();
  Hash h;
  for (const auto *f : {&files.claim_conf, &files.token, &files.rooms}) {
    any = any || !f->trouble.empty();
    h.add(f->text);
    h.add(f->written ? static_cast<std::uint64_t>(f->written->time_since_epoch().count()) : 0U);
  }
  return any ? h.value() | 1U : 0U;
}

}  // namespace aclk::claim
