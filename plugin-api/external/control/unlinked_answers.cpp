// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/unlinked_answers.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "aclk/report/state.h"
#include "aclk/report/traffic.h"

namespace aclk::external {
namespace {

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
  s.session.next_attempt_s = now.word.next_start_s;
  s.began_s = now.word.began_s;
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
                   return with_status_object(report::state_json(state_of(u)), u.word);
                 }},
    UnlinkedPath{"/api/v1/aclk/text", "GET", kPlainText,
                 [](const Unlinked &u, const Environment &, std::int64_t) {
                   return with_status_lines(report::state_text(state_of(u)), u.word);
                 }},
    UnlinkedPath{
        "/api/v1/aclk/what-is-sent", "GET", kJsonText,
        [](const Unlinked &u, const Environment &, std::int64_t) { return report::traffic_json({}, u.word.began_s); }},
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

bool needs_only_a_claim(const claim::Identity &identity) {
  return identity.standing == claim::Standing::not_claimed && identity.why.starts_with("Agent is not claimed");
}

std::string why_unlinked(const Unlinked &now) {
  using claim::Standing;
  const auto &id = now.identity;
  const auto &word = now.word;
  if (id.standing == Standing::not_claimed) {
    if (auto why = of_the_claim(word.claim); !why.empty()) return why;
    if (word.claim.runs) return id.why + "; the claim that is written down is being made";
    if (word.claim.any()) return fmt::format("{}; {}", id.why, word.claim.line);
    return needs_only_a_claim(id) ? id.why + "; claim it with netdata-aclk claim" : id.why;
  }
  if (id.standing != Standing::claimed) return id.why;
  if (!word.rests.empty()) return word.rests;
  if (!word.agent.trouble.empty()) return "the agent is not found: " + word.agent.trouble;
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
