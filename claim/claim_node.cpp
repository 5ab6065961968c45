// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_node.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <thread>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/base/url.h"
#include "claim/base/uuid.h"
#include "claim/claim_request.h"
#include "claim/cloud_dir.h"
#include "claim/identity.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

// All that one claim is made of, once nothing local can fail any more.
struct Plan {
  Settings settings;
  KeyPair keys;
  std::string machine_guid;
  std::string hostname;
  std::optional<std::string> claim_id;  // when it is given from outside
  std::string trust_file;               // empty: the system's CAs only
  fs::path dir;
};

using Stop = tl::unexpected<ClaimReport>;

Stop stop(ExitCode exit, std::string message) { return Stop(ClaimReport{exit, std::move(message)}); }

Stop refuse_disabled(const Identity &id, const fs::path &dir) {
  const auto remedy = id.conf.enabled
                          ? std::string("change that")
                          : fmt::format("set 'enabled = yes' in section [global] of {}", (dir / "cloud.conf").string());
  return stop(ExitCode::disabled,
              fmt::format("Refusing to claim agent -> cloud functionality has been disabled\nThe cause: {}.\nTo allow "
                          "it, {} and run the command again.",
                          id.why, remedy));
}

std::optional<Limit> netdata_conf_limit_of(const ClaimOptions &o) {
  return o.netdata_conf_text ? o.limit : netdata_conf_limit(o.netdata_conf);
}

// A node whose link is switched off, or may be, is not touched.
std::optional<ClaimReport> refuse_limited(const Identity &id, const fs::path &dir) {
  if (id.standing == Standing::disabled) return refuse_disabled(id, dir).value();
  if (id.unclear) return ClaimReport{ExitCode::local_files, id.why + ".\nNothing was changed."};
  return std::nullopt;
}

// The claim that is there. A copy of the claim id that an interrupted run could not write any more is written now.
ClaimReport report_claimed(const Identity &id, const ClaimOptions &options, const ClaimEnvironment &environment) {
  const auto copy = options.cloud_dir / "claimed_id";
  if (const auto text = read_file(copy, 1024); !text && text.error().code == Errc::not_found)
    if (auto r = write_claimed_id(*environment.disk, options.cloud_dir, id.claim_id); !r)
      return {ExitCode::local_files, fmt::format("This node is claimed, but: {}.", r.error().what)};
  auto message = fmt::format(
      "This node is already claimed.\nClaim id: {}\nCloud URL: {}\nNothing was changed. To give it "
      "a new identity (new key, new claim id), run the command with --reclaim.",
      id.claim_id, masked_url(id.conf.url));
  if (options.url)
    if (const auto url = checked_cloud_url(*options.url, PlainHttp::allowed); url && *url != id.conf.url)
      message += fmt::format("\nThe cloud asked for now, {}, is another one.", *url);
  return {ExitCode::claimed, message};
}

Result<std::string> machine_guid(const ClaimOptions &o) {
  if (o.machine_guid) return *o.machine_guid;
  return read_machine_guid(o.lib_dir);
}

tl::expected<Identity, ClaimReport> check_standing(const ClaimOptions &options, const ClaimEnvironment &environment) {
  auto id = load_identity(options.cloud_dir, machine_guid(options).value_or(""), environment.getenv,
                          netdata_conf_limit_of(options));
  if (const auto no = refuse_limited(id, options.cloud_dir)) return Stop(*no);
  if (id.standing == Standing::claimed && !options.reclaim) return Stop(report_claimed(id, options, environment));
  if (id.standing == Standing::copied && !options.reclaim)
    return stop(ExitCode::local_files, fmt::format("{}\nNothing was changed.", id.why));
  if (id.standing == Standing::broken && !options.reclaim)
    return stop(ExitCode::local_files,
                fmt::format("This node is claimed as {}, but {}.\nNothing was changed. To give it a new identity, run "
                            "the command with --reclaim.",
                            id.claim_id.empty() ? "somebody unknown" : id.claim_id, id.why));
  return id;
}

// netdata.conf may be missing. That it can be read has been seen already; if that is over now, nobody knows what it
// says.
tl::expected<std::string, ClaimReport> netdata_conf_text(const ClaimOptions &options) {
  if (options.netdata_conf_text) return *options.netdata_conf_text;
  auto text = read_file(options.netdata_conf, kMaxNetdataConf);
  if (text) return std::move(*text);
  if (text.error().code == Errc::not_found) return std::string();
  return stop(ExitCode::local_files, text.error().what + ".\nNothing was changed.");
}

tl::expected<Plan, ClaimReport> make_plan(const Identity &id, const ClaimOptions &options,
                                          const ClaimEnvironment &environment) {
  Plan p;
  p.dir = options.cloud_dir;
  const auto netdata_conf = netdata_conf_text(options);
  if (!netdata_conf) return Stop(netdata_conf.error());
  auto settings = resolve_settings(options, id.conf, *netdata_conf, environment.getenv);
  if (!settings) return stop(ExitCode::usage, settings.error().what + ".");
  p.settings = std::move(*settings);
  auto guid = machine_guid(options);
  if (!guid) return stop(ExitCode::no_machine_guid, guid.error().what + ".");
  p.machine_guid = std::move(*guid);
  p.hostname = options.hostname ? *options.hostname : registry_hostname(*netdata_conf, environment.system_hostname);
  p.claim_id = options.claim_id;
  if (!id.trust_trouble.empty()) return stop(ExitCode::local_files, id.trust_trouble + ".");
  if (id.trust_file) p.trust_file = id.trust_file->string();
  auto keys =
      choose_key_pair(options.cloud_dir, options.reclaim ? OldKey::replaced : OldKey::used_again, environment.new_key);
  if (!keys)
    return stop(ExitCode::local_files,
                fmt::format("Failed to generate private/public key pair. {}.", keys.error().what));
  p.keys = std::move(*keys);
  return p;
}

void announce(const Plan &p, const ClaimEnvironment &environment) {
  const auto &s = p.settings;
  if (!s.warning.empty()) environment.say("warning: " + s.warning);
  if (!p.keys.note.empty()) environment.say("warning: " + p.keys.note);
  if (s.insecure)
    environment.say(
        "WARNING: insecure: the cloud's certificate is NOT verified; whoever sits on the way can take the token "
        "and this node");
  environment.say(fmt::format("claiming {} (machine guid {}) at {}, proxy: {}", p.hostname, p.machine_guid,
                              masked_url(s.url), s.proxy.display()));
}

Outcome attempt(const Plan &p, const std::string &claim_id, const ClaimEnvironment &environment) {
  const auto &s = p.settings;
  ClaimCall call;
  call.url = claim_url(s.url, claim_id);
  call.body = claim_body({claim_id, p.hostname, s.token, split_rooms(s.rooms), p.keys.public_pem, p.machine_guid});
  call.proxy = s.proxy;
  call.insecure = s.insecure;
  call.trust_file = p.trust_file;
  const auto answer = environment.put(call);
  if (answer) return judge_answer(answer->status, answer->body);
  return judge_failure(answer.error(), {s.proxy.display(), s.insecure, (p.dir / "public.pem").string(), p.trust_file});
}

// The claim id the cloud granted, or what it said last.
tl::expected<std::string, Outcome> ask_the_cloud(const Plan &p, const ClaimEnvironment &environment) {
  for (unsigned failure = 0;; ++failure) {
    auto claim_id = p.claim_id ? *p.claim_id : environment.new_claim_id();
    auto outcome = attempt(p, claim_id, environment);
    if (outcome.claimed()) return claim_id;
    const auto delay = retry_delay(failure, outcome);
    if (!delay) return tl::unexpected<Outcome>(std::move(outcome));
    environment.say(fmt::format("attempt {} of {}: {}; next one in {} ms", failure + 1, kMaxAttempts,
                                outcome.reason.substr(0, outcome.reason.find('\n')), delay->count()));
    environment.sleep(*delay);
  }
}

std::string standing_now(const Identity &before) {
  if (before.claim_id.empty()) return "Nothing was changed: this node is not claimed.";
  if (before.standing == Standing::copied)
    return fmt::format(
        "Nothing was changed: the files of the claim {}, of another machine, are still there and not "
        "used.",
        before.claim_id);
  return fmt::format("Nothing was changed: the claim {} at {} stays in force.", before.claim_id,
                     masked_url(before.conf.url));
}

ClaimReport save(const Plan &p, const Identity &before, const std::string &claim_id,
                 const ClaimEnvironment &environment) {
  NewIdentity id{p.keys.private_pem, p.keys.public_pem, p.settings.conf};
  id.conf.claimed_id = claim_id;
  id.conf.machine_guid = p.machine_guid;
  id.conf.hostname = p.hostname;
  const auto in_force = before.claim_id.empty() ? std::nullopt : std::optional<CloudConf>(before.conf);
  if (const auto r = write_identity(*environment.disk, p.dir, id, in_force); !r) {
    const auto after = load_identity(p.dir);
    const auto now = after.standing == Standing::claimed ? "This node is claimed as " + after.claim_id
                                                         : std::string("This node is not claimed");
    return {
        ExitCode::local_files,
        fmt::format("Failed to save claiming info to disk: {}.\n{}. The cloud granted the claim {}{}.\nPut right what "
                    "is named above and run the command again.",
                    r.error().what, now, claim_id,
                    after.claim_id == claim_id ? "" : ", which will never connect: remove that node there")};
  }
  (void)environment.disk->remove(p.dir / "unclaimed");
  return {
      ExitCode::claimed,
      fmt::format("Agent was successfully claimed.\nClaim id: {}\nCloud URL: {}\nThe agent's aclk.plugin sees this by "
                  "itself within a second and connects; nothing needs a restart. {} then appears in your Space.",
                  claim_id, p.settings.url, p.hostname)};
}

bool cannot_be_opened(const fs::path &file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return fd.get() < 0 && errno != ENOENT;
}

}  // namespace

ClaimEnvironment real_environment(Disk &disk, HttpPut put, std::function<void(std::string_view)> say) {
  return {process_environment(),
          std::move(put),
          [](std::chrono::milliseconds t) { std::this_thread::sleep_for(t); },
          random_uuid,
          PrivateKey::generate,
          system_hostname,
          &disk,
          std::move(say)};
}

ClaimReport claim_node(const ClaimOptions &options, const ClaimEnvironment &environment) {
  // Before anything is made or locked.
  const auto as_found = load_identity(options.cloud_dir, {}, environment.getenv, netdata_conf_limit_of(options));
  const auto no = refuse_limited(as_found, options.cloud_dir);
  if (no && !cannot_be_opened(options.cloud_dir / "cloud.conf")) return *no;
  const auto dir = CloudDir::open(options.cloud_dir);
  if (!dir)  // also when it is why cloud.conf cannot be opened: that says more than the file's error
    return {dir.error().code == Errc::unavailable ? ExitCode::busy : ExitCode::local_files, dir.error().what + "."};
  if (no) return *no;
  const auto before = check_standing(options, environment);
  if (!before) return before.error();
  const auto plan = make_plan(*before, options, environment);
  if (!plan) return plan.error();
  announce(*plan, environment);
  const auto claim_id = ask_the_cloud(*plan, environment);
  if (claim_id) return save(*plan, *before, *claim_id, environment);
  const auto &o = claim_id.error();
  return {o.exit, fmt::format("{}\n{}\n{}", o.reason, o.next_step, standing_now(*before)), o.reason, o.cause};
}

}  // namespace aclk::claim
