// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/commands.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/identity.h"
#include "plugin-api/cli/ask_plugin.h"

namespace aclk::cli {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr int kOk = 200;
constexpr auto kReloadTime = 10s;  // the reference's, claim/README.md, "Order of settings, and reload"
constexpr auto kLook = 100ms;
constexpr auto kSettle = 1s;  // for what was ordered to begin

constexpr const char *kStateExits = R"(
Exit status:
   0  the plugin answered: see what it says of the link
   1  the command line is wrong
   3  the plugin does not run: not installed, off, agent not running, disabled, not claimed; why is said
   4  the plugin listens, but does not answer, or this user may not ask it)";

// What can be said without the plugin, in the words of its own answer.
std::string text_of(const Offline &o) {
  const bool claimed = !o.identity.claim_id.empty();
  std::string out = fmt::format("ACLK Available: No\nClaimed: {}\n", claimed ? "Yes" : "No");
  if (claimed)
    out += fmt::format("Claimed Id: {}\nCloud URL: {}\n", o.identity.claim_id, masked_url(o.identity.conf.url));
  return out + fmt::format("Online: {}\nReason: {}\n", o.plugin_runs ? "Unknown" : "No", o.why);
}

std::string json_of(const Offline &o) {
  const bool claimed = !o.identity.claim_id.empty();
  Json j;
  j["aclk-available"] = false;
  j["agent-claimed"] = claimed;
  j["claimed-id"] = claimed ? Json(o.identity.claim_id) : Json(nullptr);
  j["cloud-url"] = claimed ? Json(masked_url(o.identity.conf.url)) : Json(nullptr);
  j["online"] = o.plugin_runs ? Json(nullptr) : Json(false);
  j["blocked-by"] = o.why;
  return j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

struct StateOptions {
  Where where;
  bool json = false;
};

int show_state(const StateOptions &wanted) {
  const auto &where = wanted.where;
  const auto answer = ask_plugin(where, HttpMethod::get, wanted.json ? "/api/v1/aclk" : "/api/v1/aclk/text");
  if (!answer && answer.error().code == Errc::not_found) {
    const auto o = look_at_files(where);
    fmt::print("{}", wanted.json ? json_of(o) : terminal_text(text_of(o)));
    return static_cast<int>(Seen::not_running);
  }
  if (!answer) return no_answer(where, answer.error());
  if (answer->status != kOk) return no_answer(where, {Errc::io, answer->body});
  fmt::print("{}{}", terminal_text(answer->body), answer->body.ends_with('\n') ? "" : "\n");
  return static_cast<int>(Seen::answered);
}

// Why it is not online, else its status.
std::string why(const Json &state, const char *otherwise) {
  const auto reason = state.value("reason", Json(nullptr));
  return reason.is_string() ? reason.get<std::string>() : state.value("status", otherwise);
}

// Nothing will come of waiting: no claim is being made, and there is none, or it is switched off.
bool settled(const Json &state) {
  const auto plugin = state.value("plugin", Json::object());
  const auto claim = plugin.is_object() ? plugin.value("written-claim", Json(nullptr)) : Json(nullptr);
  if (claim.is_object() && claim.value("runs", false)) return false;
  return !state.value("agent-claimed", false) || state.value("status-symbol", Json(nullptr)) == "ACLK_STATUS_DISABLED";
}

// As netdatacli reload-claiming-state answers (claim/README.md, "Commands").
std::string sentence(const Json &state) {
  const bool claimed = state.value("agent-claimed", false);
  if (!claimed) {
    auto reason = why(state, "not claimed");
    const auto said = std::string(claim::kNotClaimedYet) + "; ";
    if (reason.starts_with(said)) reason.erase(0, said.size());
    return "Netdata Agent is not claimed to Netdata Cloud: " + reason;
  }
  if (state.value("banned-by-cloud", false)) return "Netdata Agent is claimed to Netdata Cloud, but it is banned.";
  if (state.value("online", false)) return "Netdata Agent is claimed to Netdata Cloud and is currently online.";
  return fmt::format("Netdata Agent is claimed to Netdata Cloud, but it is currently offline: {}",
                     why(state, "offline"));
}

int reload(const Where &where) {
  const auto before = ask_plugin(where, HttpMethod::get, "/api/v1/aclk");
  if (!before) return no_answer(where, before.error());
  const auto done = ask_plugin(where, HttpMethod::post, "/api/v1/reload-claiming-state");
  if (!done) return no_answer(where, done.error());
  // It goes offline first; an answer from before that would be about the old connection.
  const auto began = std::chrono::steady_clock::now();
  const auto until = began + kReloadTime;
  const auto was = Json::parse(before->body, nullptr, false);
  const auto connected = [](const Json &s) {
    return s.is_object() ? s.value("last-connect-time-utc", Json(nullptr)) : Json(nullptr);
  };
  Json now = was;
  bool left = !was.is_object() || !was.value("online", false);
  for (;;) {
    std::this_thread::sleep_for(kLook);
    if (const auto answer = ask_plugin(where, HttpMethod::get, "/api/v1/aclk"); answer && answer->status == kOk)
      now = Json::parse(answer->body, nullptr, false);
    else if (std::chrono::steady_clock::now() >= until)
      return answer ? no_answer(where, {Errc::io, answer->body}) : no_answer(where, answer.error());
    else
      continue;
    if (!now.is_object()) now = Json::object();
    const bool online = now.value("online", false);
    left = left || !online || connected(now) != connected(was);
    if (settled(now) && std::chrono::steady_clock::now() >= began + kSettle) break;
    if ((online && left) || std::chrono::steady_clock::now() >= until) break;
  }
  fmt::print("{}\n", terminal_text(sentence(now)));
  return static_cast<int>(Seen::answered);
}

struct WhatIsSentArguments {
  Where where;
  std::string type;
  bool json = false;
  bool last = false;
};

void print_lines(const Json &types, const char *direction, const WhatIsSentArguments &given) {
  for (const auto &t : types) {
    const auto type = t.value("type", "");
    if (!given.type.empty() && given.type != type) continue;
    fmt::print("{:<9} {:<29} {:>8} {:>12}  {}", direction, terminal_text(type), t.value("count", 0ULL),
               t.value("bytes", 0ULL), terminal_text(t.value("last-utc", "")));
    if (const auto failed = t.value("failed", 0ULL); failed != 0) fmt::print("  ({} not delivered)", failed);
    fmt::print("\n");
    if (!given.last && given.type.empty()) continue;
    const auto &last = t.contains("last") ? t["last"] : Json(nullptr);
    const auto text = last.is_string() ? last.get<std::string>()
                      : last.is_null() ? fmt::format("({} bytes, not kept)", t.value("last-bytes", 0ULL))
                                       : last.dump(2, ' ', false, Json::error_handler_t::replace);
    fmt::print("{}\n\n", terminal_text(text));
  }
}

int run(const WhatIsSentArguments &given) {
  const auto answer = ask_plugin(given.where, HttpMethod::get, "/api/v1/aclk/what-is-sent");
  if (!answer) return no_answer(given.where, answer.error());
  const auto j = Json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !j.is_object()) return no_answer(given.where, {Errc::io, answer->body});
  if (given.json) {
    fmt::print("{}\n", terminal_text(answer->body));
    return static_cast<int>(Seen::answered);
  }
  fmt::print("{:<9} {:<29} {:>8} {:>12}  {}\n", "", "message", "count", "bytes", "last (UTC)");
  print_lines(j.value("sent", Json::array()), "sent", given);
  print_lines(j.value("received", Json::array()), "received", given);
  return static_cast<int>(Seen::answered);
}

}  // namespace

Command add_state_command(CLI::App &app) {
  const auto given = std::make_shared<StateOptions>();
  auto *const c = app.add_subcommand("state", "How the link is: the plugin's own word, or why it does not run");
  c->add_flag("--json", given->json, "One JSON object, as GET /api/v1/aclk gives it");
  add_where_options(*c, given->where);
  c->footer(kStateExits);
  return {c, [given] { return show_state(*given); }};
}

Command add_reload_command(CLI::App &app) {
  const auto where = std::make_shared<Where>();
  auto *const c = app.add_subcommand(
      "reload", "Read the claim anew and reconnect; waits up to 10 s for the link and says how it is then");
  add_where_options(*c, *where);
  c->footer(kStateExits);
  return {c, [where] { return reload(*where); }};
}

Command add_what_is_sent_command(CLI::App &app) {
  const auto given = std::make_shared<WhatIsSentArguments>();
  auto *const c = app.add_subcommand(
      "what-is-sent", "What goes over the link: each type of message, how often, how large, and the last one in clear");
  c->add_flag("--last", given->last, "Also the last message of each type, in clear");
  c->add_option("--type", given->type, "Only this type, with its last message in clear")->type_name("TYPE");
  c->add_flag("--json", given->json, "Everything, as JSON");
  add_where_options(*c, given->where);
  c->footer(R"(
Exit status:
   0  done
   1  the command line is wrong
   3  the plugin does not run; why is said
   4  the plugin listens, but does not answer, or this user may not ask it)");
  return {c, [given] { return run(*given); }};
}

}  // namespace aclk::cli
