// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/agent_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "plugin-api/external/agent/agent_client.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/config/settings.h"
#include "plugin-api/external/hooks/read_nodes.h"

namespace aclk::doctor {
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
