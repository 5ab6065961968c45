// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "plugin-api/external/agent/agent_client.h"
#include "plugin-api/external/agent/local_call.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/netdata_conf.h"
#include "plugin-api/external/control/local_socket.h"
#include "plugin-api/external/control/plugin_status.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::doctor {
using external::bool_of;
using external::object_of;
using external::text_of;
namespace {

constexpr std::size_t kMostNodes = 100;
constexpr std::string_view kRemedy =
    "look at that document of the agent (curl http://127.0.0.1:19999 and the path); what it holds of it reaches no "
    "cloud";

struct Document {
  std::string_view target;
  std::string_view what;
};
constexpr std::array kDocuments{
    Document{"/api/v1/alarms?all", "alerts"},
    Document{"/api/v1/alarm_log", "alert log"},
    Document{"/api/v1/contexts", "contexts"},
    Document{"/api/v1/charts", "charts"},
};

}  // namespace

RunningLink read_running_link(const nlohmann::json &state) {
  RunningLink link;
  link.there = true;
  link.online = bool_of(state, "online");
  link.state = text_of(state, "state");
  link.reason = text_of(state, "reason");
  if (const auto a = state.find("attempts"); link.reason.empty() && a != state.end() && a->is_array() && !a->empty())
    link.reason = text_of(a->back(), "reason");
  const auto &plugin = object_of(state, "plugin");
  const auto &agent = object_of(plugin, "agent");
  link.agent_place = text_of(agent, "place");
  link.agent_version = text_of(agent, "version");
  link.agent_trouble = text_of(agent, "reason");
  const auto &claim = object_of(plugin, "written-claim");
  link.claim_line = text_of(claim, "outcome");
  link.claim_failed = bool_of(claim, "failed");
  link.claim_runs = bool_of(claim, "runs");
  link.claim_attempts = external::uint_of(claim, "attempts");
  link.claim_next = text_of(claim, "next-utc");
  if (const auto durable = text_of(state, "durable-state"); durable != "ok" && durable != external::kDatabaseNotOpen)
    link.not_kept = durable;
  link.drops = text_of(object_of(state, "drops"), "finding");
  if (const auto list = state.find("unreadable"); list != state.end() && list->is_array())
    for (const auto &u : *list)
      link.unreadable.push_back(fmt::format("{}, since {} UTC ({} attempts): {}", text_of(u, "what"),
                                            text_of(u, "since-utc"), external::uint_of(u, "attempts"),
                                            text_of(u, "reason")));
  return link;
}

RunningLink ask_running_link(const DoctorContext &context) {
  const auto setting = context.conf().get("plugin:aclk", "socket").value_or("");
  RunningLink none;
  for (const auto &place : external::socket_places(setting, context.env().run, context.env().lib)) {
    const auto answer = external::call_local(place, HttpMethod::get, "/api/v1/aclk");
    if (!answer && answer.error().code == Errc::not_found) continue;
    const auto state = answer && answer->status == 200 ? external::parse_agent_json(answer->body, "state")
                                                       : Result<nlohmann::json>(fail(Errc::io, ""));
    if (state && state->is_object()) return read_running_link(*state);
    none.trouble = fmt::format("{}: {}", place.native(),
                               !answer                 ? answer.error().what
                               : answer->status != 200 ? fmt::format("it answered with status {}", answer->status)
                                                       : std::string("its answer is not one of aclk.plugin"));
  }
  return none;
}

Finding check_running(const RunningLink &link) {
  if (!link.trouble.empty() && !link.there)
    return bad(
        "plugin", fmt::format("somebody listens at the local socket, but does not answer: {}", link.trouble),
        fmt::format("see the agent's {} for lines with ACLK; if it stays so, restart the agent", external::kPluginLog));
  if (!link.there)
    return warning("plugin", "aclk.plugin is not running, or its local socket cannot be used",
                   fmt::format("start the agent; see its {} for lines with ACLK", external::kPluginLog));
  if (link.online) return good("plugin", fmt::format("aclk.plugin is running and online: {}", link.reason));
  if (link.claim_failed && link.state == "not claimed")
    return warning("plugin", "aclk.plugin is running, and not online (not claimed)",
                   "the claim that is written down has its own line");
  auto finding = bad_from("plugin", fmt::format("aclk.plugin is running, and not online ({}){}{}", link.state,
                                                link.reason.empty() ? "" : ": ", link.reason));
  finding.verdict = Verdict::warning;  // what is wrong has its own line
  if (finding.remedy.empty()) finding.remedy = "see the other lines for the reason; `netdata-aclk state` shows more";
  return finding;
}

std::optional<Finding> agent_as_the_plugin_says(const RunningLink &link) {
  if (!link.there) return std::nullopt;
  if (!link.agent_place.empty())
    return good("agent", fmt::format("netdata {} at {}, as aclk.plugin has it", link.agent_version, link.agent_place));
  if (link.agent_trouble.empty()) return std::nullopt;
  return bad_from("agent", "aclk.plugin does not find the agent: " + link.agent_trouble);
}

std::optional<Finding> claim_as_the_plugin_says(const RunningLink &link) {
  if (link.claim_failed) {
    auto text = link.claim_line;
    const auto cut = text.rfind("; ");
    const auto when = link.claim_runs           ? std::string("it is being tried again")
                      : link.claim_next.empty() ? std::string("it is tried again when what asks for it changes")
                                                : fmt::format("the next attempt is at {} UTC", link.claim_next);
    auto remedy = cut == std::string::npos ? when : fmt::format("{} ({})", text.substr(cut + 2), when);
    return bad("identity",
               fmt::format("the claim that is written down does not work ({} attempt{}): {}", link.claim_attempts,
                           link.claim_attempts == 1 ? "" : "s", text.substr(0, cut)),
               std::move(remedy));
  }
  if (link.claim_runs)
    return bad("identity", "this node is not claimed yet: the claim that is written down is being made",
               "run this again in a minute");
  if (!link.claim_line.empty()) return bad_from("identity", "this node is not claimed: " + link.claim_line);
  return std::nullopt;
}

std::optional<Finding> check_drops(const RunningLink &link) {
  if (link.drops.empty()) return std::nullopt;
  auto finding = bad_from("stability", link.drops);
  finding.verdict = Verdict::warning;
  return finding;
}

Findings look_at_documents(const std::string &local, const ReadDocument &read) {
  Findings out;
  const auto info = read({}, "/api/v1/info");
  if (!info) return {bad("documents", fmt::format("/api/v1/info: {}", info.error().what), std::string(kRemedy))};
  std::size_t nodes = 0;
  std::size_t away = 0;
  for (const auto list = external::read_mirrored_hosts(*info, local); const auto &node : list.items) {
    away += node.live != 0 ? 0 : 1;
    if (node.live == 0 || ++nodes > kMostNodes) continue;
    const auto guid = external::text(node.machine_guid);
    for (const auto &d : kDocuments) {
      const auto document = read(node.local != 0 ? std::string_view{} : guid, d.target);
      // An agent without that API has nothing there to be read.
      if (document || document.error().code == Errc::not_found) continue;
      out.push_back(bad("documents",
                        fmt::format("the {} of node {} ({}) cannot be read: {}: {}", d.what,
                                    external::text(node.hostname), guid, d.target, document.error().what),
                        std::string(kRemedy)));
    }
  }
  if (out.empty())
    out.push_back(good(
        "documents",
        fmt::format("alerts, alert log, contexts and charts of {} node{} can be read{}{}", std::min(nodes, kMostNodes),
                    nodes == 1 ? "" : "s", nodes > kMostNodes ? fmt::format(" (of {})", nodes) : "",
                    away == 0 ? "" : fmt::format("; not looked at: {} not connected now", away))));
  return out;
}

Findings documents_not_read(const Error &why, const RunningLink &link) {
  if (link.agent_place.empty()) return {};
  return {bad("documents",
              fmt::format("the agent does not answer now, although aclk.plugin has found it at {}: {}",
                          link.agent_place, why.what),
              "see whether it hangs or is only busy (top, its error.log); if it stays so, restart it")};
}

Findings check_documents(const DoctorContext &context, const RunningLink &link) {
  if (context.env().machine_guid.empty()) return {};
  const auto settings = external::read_settings(context.conf(), {});
  const auto ask = external::ask_command_sockets(context.env(), claim::process_environment(), {});
  external::AgentClient agent(context.env().machine_guid, {}, [&] { return external::find_candidates(settings, ask); });
  const auto facts = agent.locate(nullptr);
  if (!facts) return documents_not_read(facts.error(), link);
  if (facts->own_link) return {};
  return look_at_documents(context.env().machine_guid, [&](std::string_view node, std::string_view target) {
    return agent.get_json(node, target);
  });
}

Findings check_reads(const RunningLink &link) {
  Findings out;
  for (const auto &line : link.unreadable)
    out.push_back(bad("reads", "aclk.plugin cannot read " + line,
                      fmt::format("see the agent's {} for lines with ACLK", external::kPluginLog)));
  return out;
}

}  // namespace aclk::doctor
