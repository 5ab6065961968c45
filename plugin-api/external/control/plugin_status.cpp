// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/plugin_status.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string_view>

#include <nlohmann/json.hpp>

#include "aclk/report/state.h"
#include "aclk/report/traffic.h"
#include "claim/base/hash.h"

namespace aclk::external {
namespace {

using Json = nlohmann::ordered_json;

// broken_down: gmtime_r or localtime_r.
std::string time_text(std::int64_t s, std::tm *(*broken_down)(const std::time_t *, std::tm *)) {
  const auto t = static_cast<std::time_t>(s);
  std::tm tm{};
  broken_down(&t, &tm);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &tm)};
}

std::string local_time_text(std::int64_t s) { return time_text(s, ::localtime_r); }
Json utc(std::int64_t s) { return s == 0 ? Json(nullptr) : Json(time_text(s, ::gmtime_r)); }
Json text_or_null(const std::string &s) { return s.empty() ? Json(nullptr) : Json(s); }
std::string dumped(const Json &j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace); }

// For programs; times as text like those of the state around it.
Json shown(const PluginStatus &w) {
  Json j;
  j["began-utc"] = utc(w.began_s);
  j["agent"] = {{"place", text_or_null(w.agent.place)},
                {"version", text_or_null(w.agent.version)},
                {"reason", text_or_null(w.agent.trouble)},
                {"since-utc", utc(w.agent.since_s)}};
  j["rests-because"] = text_or_null(w.rests);
  j["next-start-utc"] = utc(w.next_start_s);
  const auto &c = w.claim;
  if (!c.any() && !c.runs) {
    j["written-claim"] = nullptr;
    return j;
  }
  j["written-claim"] = {{"outcome", text_or_null(c.line)},
                        {"failed", c.bad},
                        {"runs", c.runs},
                        {"attempts", c.attempts},
                        {"since-utc", utc(c.since_s)},
                        {"last-utc", utc(c.ended_s)},
                        {"next-utc", utc(c.next_s)}};
  return j;
}

std::string agent_line(const AgentStatus &a) {
  if (!a.place.empty()) return fmt::format("Agent: netdata {} at {}\n", a.version, a.place);
  if (a.since_s == 0) return {};
  return fmt::format("Agent: looked for since {}{}{}\n", local_time_text(a.since_s), a.trouble.empty() ? "" : ": ",
                     a.trouble);
}

std::string claim_lines(const claim::ClaimOutcome &c, ClaimOutcomeText text) {
  if (!c.any()) return c.runs ? "Written Claim: the cloud is being asked\n" : "";
  auto out = fmt::format("Written Claim: {}\n", text == ClaimOutcomeText::see_reason ? "see Reason" : c.line);
  if (!c.bad) return out;
  out += fmt::format("Written Claim Attempts: {} since {}", c.attempts, local_time_text(c.since_s));
  if (c.runs) return out + ", one runs\n";
  if (c.next_s != 0) return out + fmt::format(", the next at {}\n", local_time_text(c.next_s));
  return out + ", the next when what asks for it changes\n";
}

constexpr int kLooks = 100;

struct Head {
  std::uint64_t length = 0;
  std::uint64_t hash = 0;  // of the text: what was read is whole
};

std::uint64_t hash_of(std::string_view text) {
  Hash h;
  h.add(text);
  return h.value();
}

report::LinkState state_of(const Unlinked &now) {
  using claim::Standing;
  const auto &id = now.identity;
  report::LinkState s;
  s.claimed = !id.claim_id.empty();
  if (s.claimed) {
    s.claim_id = id.claim_id;
    s.cloud_url = now.cloud_url;
    s.proxy = now.proxy;
  }
  s.why = why_unlinked(now);
  s.session.state = id.standing == Standing::disabled      ? session::ConnectionState::disabled
                    : id.standing == Standing::not_claimed ? session::ConnectionState::not_claimed
                                                           : session::ConnectionState::stopped;
  s.session.status = id.standing == Standing::disabled ? login::Status::disabled : login::Status::offline;
  s.session.next_attempt_s = now.status.next_start_s;
  s.began_s = now.status.began_s;
  s.durable = kDatabaseNotOpen;
  return s;
}

struct UnlinkedPath {
  std::string_view path;
  std::string_view method;
  std::string_view type;
  std::string (*text)(const Unlinked &, const Environment &, std::int64_t now_s);
};
constexpr std::array kPaths{
    UnlinkedPath{"/api/v1/aclk", "GET", kJsonText,
                 [](const Unlinked &u, const Environment &, std::int64_t) {
                   return with_status_object(report::state_json(state_of(u)), u.status);
                 }},
    UnlinkedPath{"/api/v1/aclk/text", "GET", kPlainText,
                 [](const Unlinked &u, const Environment &, std::int64_t) {
                   return with_status_lines(report::state_text(state_of(u)), u.status);
                 }},
    UnlinkedPath{"/api/v1/aclk/what-is-sent", "GET", kJsonText,
                 [](const Unlinked &u, const Environment &, std::int64_t) {
                   return report::traffic_json({}, u.status.began_s);
                 }},
    UnlinkedPath{"/api/v3/info", "GET", kJsonText,
                 [](const Unlinked &u, const Environment &env, std::int64_t now_s) {
                   return report::info_json(state_of(u), {env.machine_guid, env.hostname, env.version}, now_s);
                 }},
    UnlinkedPath{"/api/v1/reload-claiming-state", "POST", kPlainText,
                 [](const Unlinked &, const Environment &, std::int64_t) { return std::string("ok"); }},
};

std::string of_the_claim(const claim::ClaimOutcome &c) {
  if (!c.bad) return {};
  return "the claim that is written down does not work: " + c.line;
}

}  // namespace

std::string status_to_json(const PluginStatus &w) {
  return dumped({{"began", w.began_s},
                 {"place", w.agent.place},
                 {"version", w.agent.version},
                 {"trouble", w.agent.trouble},
                 {"since", w.agent.since_s},
                 {"line", w.claim.line},
                 {"bad", w.claim.bad},
                 {"runs", w.claim.runs},
                 {"attempts", w.claim.attempts},
                 {"claim-since", w.claim.since_s},
                 {"ended", w.claim.ended_s},
                 {"next", w.claim.next_s}});
}

PluginStatus status_from_json(std::string_view json) {
  PluginStatus w;
  const auto j = Json::parse(json, nullptr, false);
  if (!j.is_object()) return w;
  try {
    w.began_s = j.value("began", w.began_s);
    w.agent = {j.value("place", ""), j.value("version", ""), j.value("trouble", ""), j.value("since", w.began_s)};
    auto &c = w.claim;
    c.line = j.value("line", "");
    c.bad = j.value("bad", false);
    c.runs = j.value("runs", false);
    c.attempts = j.value("attempts", c.attempts);
    c.since_s = j.value("claim-since", c.since_s);
    c.ended_s = j.value("ended", c.ended_s);
    c.next_s = j.value("next", c.next_s);
  } catch (const Json::exception &) {  // a value of another type
    return {};
  }
  return w;
}

std::string status_lines(const PluginStatus &status, ClaimOutcomeText outcome) {
  return agent_line(status.agent) + claim_lines(status.claim, outcome);
}

std::string with_status_lines(std::string state, const PluginStatus &status) {
  const auto blank = state.find("\n\n");
  const auto outcome = status.claim.any() && state.find(status.claim.line) != std::string::npos
                           ? ClaimOutcomeText::see_reason
                           : ClaimOutcomeText::written_out;
  state.insert(blank == std::string::npos ? state.size() : blank + 1, status_lines(status, outcome));
  return state;
}

std::string with_status_object(std::string state, const PluginStatus &status) {
  if (!state.ends_with('}') || state.size() < 3) return state;
  std::string object;
  for (const char c : dumped(shown(status))) {  // as the state around it is written
    if (c == '/') object += '\\';
    object += c;
  }
  state.insert(state.size() - 1, ",\"plugin\":" + object);
  return state;
}

SharedText SharedText::make() { return SharedText(::memfd_create("aclk-plugin-status", MFD_CLOEXEC)); }

void SharedText::write(std::string_view text) const {
  if (!fd_) return;
  if (text.size() > kMaxText) text = {};
  const Head head{text.size(), hash_of(text)};
  std::string all(sizeof head, '\0');
  std::memcpy(all.data(), &head, sizeof head);
  all += text;
  (void)!::pwrite(fd_.get(), all.data(), all.size(), 0);
}

std::string SharedText::read() const {
  if (!fd_) return {};
  for (int look = 0; look < kLooks; ++look) {
    std::string all(sizeof(Head) + kMaxText, '\0');
    const auto n = ::pread(fd_.get(), all.data(), all.size(), 0);
    Head head;
    if (n < static_cast<ssize_t>(sizeof head)) return {};
    std::memcpy(&head, all.data(), sizeof head);
    if (head.length > static_cast<std::uint64_t>(n) - sizeof head) continue;
    auto text = all.substr(sizeof head, head.length);
    if (hash_of(text) == head.hash) return text;
  }
  return {};
}

bool needs_only_a_claim(const claim::Identity &identity) {
  return identity.standing == claim::Standing::not_claimed && identity.why.starts_with("Agent is not claimed");
}

std::string why_unlinked(const Unlinked &now) {
  using claim::Standing;
  const auto &id = now.identity;
  const auto &status = now.status;
  if (id.standing == Standing::not_claimed) {
    if (auto why = of_the_claim(status.claim); !why.empty()) return why;
    if (status.claim.runs) return id.why + "; the claim that is written down is being made";
    if (status.claim.any()) return fmt::format("{}; {}", id.why, status.claim.line);
    return needs_only_a_claim(id) ? id.why + "; claim it with netdata-aclk claim" : id.why;
  }
  if (id.standing != Standing::claimed) return id.why;
  if (!status.rests.empty()) return status.rests;
  if (!status.agent.trouble.empty()) return "the agent is not found: " + status.agent.trouble;
  return "the link is about to begin: the agent is looked for";
}

HttpResponse answer_unlinked(const LocalRequest &request, const Unlinked &now, const Environment &env,
                             std::int64_t now_s, const std::function<void()> &reload) {
  for (const auto &a : kPaths) {
    if (request.path != a.path) continue;
    if (request.method != a.method) return text_response(405, fmt::format("Only {} is served here.", a.method));
    if (a.method == "POST") reload();
    auto response = text_response(200, a.text(now, env, now_s));
    response.content_type = a.type;
    return response;
  }
  return local_error(404, "There is nothing at this path.");
}

}  // namespace aclk::external
