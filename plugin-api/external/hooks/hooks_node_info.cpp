// SPDX-License-Identifier: GPL-3.0-or-later
//
// node_info and collectors: /api/v1/info of the node, and what that does not tell. contexts.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/hooks/read_meta_db.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external::hooks {
namespace {

constexpr std::chrono::hours kForEver{24 * 365};  // os and custom info do not change while an agent runs

// 1.37 prints the abbreviated time zone nowhere but in the entries of the alarm log.
std::string timezone_of_log(ExternalHost &host, const std::string &node, bool local) {
  if (const auto alarms = host.get_json(node, "/api/v1/alarms?active")) {
    const auto last = uint_of(*alarms, "latest_alarm_log_unique_id");
    const auto log = host.get_json(node, fmt::format("/api/v1/alarm_log?after={}", last > 0 ? last - 1 : 0));
    if (log && log->is_array() && !log->empty())
      if (auto zone = text_of(log->front(), "timezone"); !zone.empty()) return zone;
  }
  if (!local) return {};
  const auto now = std::time(nullptr);
  std::tm tm{};
  localtime_r(&now, &tm);
  std::array<char, 64> buf{};
  return {buf.data(), std::strftime(buf.data(), buf.size(), "%Z", &tm)};
}

bool is_stored_child(ExternalHost &host, const std::string &node) {
  const auto stored = host.stored_children();
  return std::ranges::any_of(stored.items, [&](const naclk_node &n) { return text(n.machine_guid) == node; });
}

struct InfoOfNode {
  std::shared_ptr<const nlohmann::json> document;  // never null
  bool stored = false;                             // of the database, not of the agent
};

// What the nodes hook lists has to have facts, so those of a child that is away come from the database if the agent
// does not know it (yet).
Result<InfoOfNode> info_of(ExternalHost &host, const std::string &node, AnnouncedAnswers<nlohmann::json> &announced) {
  auto info = host.info(node, announced);
  if (info) return InfoOfNode{.document = std::move(*info)};
  if (info.error().code != Errc::not_found || !is_stored_child(host, node)) return tl::unexpected<Error>(info.error());
  ACLK_TRY(auto db, host.meta_db());
  ACLK_TRY(auto stored, read_stored_info(db, node));
  return InfoOfNode{.document = std::make_shared<const nlohmann::json>(std::move(stored)), .stored = true};
}

int show(const NodeFacts &facts, naclk_node_info_fn visit, void *ctx) {
  const auto info = facts.with_labels();
  return visit(ctx, &info);
}

}  // namespace

int node_info(void *host, naclk_str machine_guid, naclk_node_info_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto node = node_of(machine_guid);
    if (!node) return -ENOENT;
    const auto read = info_of(h, *node, h.polled().node_info);
    if (!read) return negated_errno(read.error().code);
    const auto &info = *read->document;
    NodeExtras extras;
    if (read->stored) {
      extras.name = text_of(info, "hostname");
      extras.os = text_of(info, "os");
      extras.timezone = text_of(info, "timezone");
      (void)show(read_node_info(info, extras), visit, ctx);
      return 0;
    }
    extras.local = *node == h.agent().machine_guid();
    extras.proxy_label = h.facts().proxy_label;
    for (const auto list = read_mirrored_hosts(info, h.agent().machine_guid()); const auto &n : list.items)
      if (text(n.machine_guid) == *node) extras.name = text(n.hostname);
    if (extras.name.empty() && extras.local) extras.name = h.facts().env.hostname;

    const auto &labels = object_of(info, "host_labels");
    extras.os = text_of(labels, "_os");
    if (extras.os.empty())
      if (const auto charts = h.charts(*node, kForEver)) {
        extras.os = (*charts)->os;
        extras.custom_info = (*charts)->custom_info;
      }
    extras.timezone = text_of(labels, "_abbrev_timezone");
    if (extras.timezone.empty()) extras.timezone = timezone_of_log(h, *node, extras.local);
    (void)show(read_node_info(info, extras), visit, ctx);
    return 0;
  });
}

int collectors(void *host, naclk_str machine_guid, naclk_collector_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto node = node_of(machine_guid);
    if (!node) return -ENOENT;
    const auto info = info_of(h, *node, h.polled().collectors);
    if (!info) return negated_errno(info.error().code);
    return show_all(read_collectors(*info->document).items, visit, ctx);
  });
}

int contexts(void *host, naclk_str machine_guid, naclk_context_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto node = node_of(machine_guid);
    if (!node) return -ENOENT;
    if (const auto polled = h.polled().contexts.take(*node, std::chrono::steady_clock::now()))
      return show_all(polled->items, visit, ctx);
    const auto document = h.get_json(*node, "/api/v1/contexts");
    // A node that is there, of an agent that has no such call (before 1.36): nothing to tell.
    if (!document && document.error().code == Errc::not_found && h.get_json(*node, "/api/v1/info")) return 0;
    if (!document) return negated_errno(document.error().code);
    return show_all(read_contexts(*document).items, visit, ctx);
  });
}

}  // namespace aclk::external::hooks
