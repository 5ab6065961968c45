// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/report/state.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include <nlohmann/json.hpp>

namespace aclk::report {
namespace {

using Json = nlohmann::ordered_json;

const char *yes(bool b) { return b ? "Yes" : "No"; }

std::string local_time(std::int64_t s) {
  const auto t = static_cast<std::time_t>(s);
  std::tm tm{};
  localtime_r(&t, &tm);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", tm);
}

Json utc_time(std::int64_t s) {
  if (s == 0) return nullptr;
  const auto t = static_cast<std::time_t>(s);
  std::tm tm{};
  gmtime_r(&t, &tm);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", tm);
}

Json text_or_null(const std::string &s) { return s.empty() ? Json(nullptr) : Json(s); }

// As the agent writes durations: the largest unit that fits.
std::string duration_text(std::chrono::microseconds us) {
  const auto n = us.count();
  if (n < 1'000) return fmt::format("{}us", n);
  if (n < 1'000'000) return fmt::format("{}ms", n / 1'000);
  return fmt::format("{}s", n / 1'000'000);
}

std::string durable(const LinkState &s) { return s.durable.empty() ? "ok" : s.durable; }

bool unclaimed(const LinkState &s) { return !s.claimed && s.session.status == login::Status::offline; }

std::string_view status_text(const LinkState &s) {
  return unclaimed(s) ? "not claimed" : login::status_text(s.session.status).text;
}

// It has not come to anything yet.
bool running(const session::Attempt &a) {
  return !a.was_online && a.status == login::Status::offline && a.sentence.empty();
}

std::uint64_t reconnects(const session::Report &r) { return r.connects == 0 ? 0 : r.connects - 1; }

// Our clock against the cloud's.
std::string clock_text(const session::Report &r) {
  if (!r.clock_offset_ms) return {};
  return fmt::format("Clock Offset: {:+.1f} s\n", static_cast<double>(*r.clock_offset_ms) / 1000);
}

// What the cloud is to know and has not acknowledged; what is still in its delay may never be told.
std::uint64_t alerts_waiting(const LinkState &s) {
  std::uint64_t n = 0;
  for (const auto &node : s.nodes) n += node.alerts.selected;
  return n;
}

// What keeps the link from being up, and until when.
std::string blocking(const LinkState &s) {
  if (!s.why.empty()) return s.why;
  return std::string(status_text(s));
}

std::string blocking_text(const LinkState &s) {
  const auto &r = s.session;
  if (!r.online && r.next_attempt_s != 0)
    return fmt::format("Blocked By: {}\nBlocked Until: {}\n", blocking(s), local_time(r.next_attempt_s));
  if (r.banned) return fmt::format("Blocked By: {}\nBlocked Until: the cloud lifts the ban\n", blocking(s));
  return {};
}

std::string queues_text(const LinkState &s) {
  return fmt::format(
      "Messages Waiting To Be Sent: {} ({} bytes)\nAlert Transitions Waiting: {}\nCloud Queries Waiting: {}, running: "
      "{}\nBytes Sent: {}, received: {} (this connection: {}, {})\n",
      s.session.queued, s.session.queued_bytes, alerts_waiting(s), s.queries_waiting, s.queries_running,
      s.session.totals.bytes_out, s.session.totals.bytes_in, s.session.bytes_out, s.session.bytes_in);
}

std::string traffic_text(const LinkState &s) {
  if (s.traffic.empty()) return {};
  std::string out = "\nMessages by type:\n";
  for (const auto &t : s.traffic)
    out += fmt::format("  {:<8}  {:<30} {:>8}  {:>12} bytes\n", t.sent ? "sent" : "received", t.type, t.count, t.bytes);
  return out;
}

std::string unreadable_text(const LinkState &s) {
  std::string out;
  for (const auto &u : s.unreadable)
    out += fmt::format("Cannot Be Read: {}, since {} ({} attempts): {}\n", u.what, local_time(u.since_s), u.attempts,
                       u.why);
  return out;
}

Json unreadable_json(const LinkState &s) {
  auto list = Json::array();
  for (const auto &u : s.unreadable)
    list.push_back({{"what", u.what}, {"since-utc", utc_time(u.since_s)}, {"attempts", u.attempts}, {"reason", u.why}});
  return list;
}

Json traffic_lines(const LinkState &s, bool sent) {
  auto o = Json::object();
  for (const auto &t : s.traffic)
    if (t.sent == sent) o[t.type] = {{"count", t.count}, {"bytes", t.bytes}};
  return o;
}

// "2026-11-21 06:30:00  0.123 s  CONNECT  agent is blocked: sentence".
std::string attempts_text(const session::Report &r) {
  if (r.attempts.empty()) return {};
  std::string out = "\nLast attempts:\n";
  for (const auto &a : r.attempts) {
    out += fmt::format("{}  {:.3f} s to {}", local_time(a.began_s), static_cast<double>(a.took.count()) / 1000,
                       session::state_name(a.stage));
    if (a.was_online && a.status != login::Status::connected) out += fmt::format(", {} s online", a.online_for.count());
    out += fmt::format("  {}", running(a) ? "running" : login::status_text(a.status).text);
    if (!a.sentence.empty()) out += ": " + a.sentence;
    out += '\n';
  }
  return out;
}

Json attempts_json(const session::Report &r) {
  auto list = Json::array();
  for (const auto &a : r.attempts) {
    const auto text = login::status_text(a.status);
    Json o;
    o["number"] = a.number;
    o["began-utc"] = utc_time(a.began_s);
    o["took-ms"] = a.took.count();
    o["stage"] = session::state_name(a.stage);
    o["status"] = running(a) ? "running" : std::string(text.text);
    o["status-symbol"] = running(a) ? Json(nullptr) : Json(text.symbol);
    o["online-s"] = a.was_online ? Json(a.online_for.count()) : Json(nullptr);
    o["reason"] = a.sentence;
    list.push_back(std::move(o));
  }
  return list;
}

Json cloud(const LinkState &s, std::int64_t now_s) {
  const auto &r = s.session;
  const auto since = std::max({r.last_connect_s, r.last_disconnect_s, s.began_s});
  Json c;
  c["id"] = r.connects;
  c["status"] = r.banned ? "banned" : r.online ? "online" : s.claimed ? "offline" : "available";
  c["since"] = since;
  c["age"] = std::max<std::int64_t>(0, now_s - since);
  if (s.claimed) c["claim_id"] = s.claim_id;
  c["url"] = s.cloud_url;
  if (r.banned)
    c["reason"] = "Agent is banned from Netdata Cloud";
  else if (r.online)
    c["reason"] = "";
  else
    c["reason"] = s.claimed ? std::string(login::status_text(r.status).text) : s.why;
  if (s.claimed && !r.online && !r.banned && r.next_attempt_s != 0) {
    c["next_check"] = r.next_attempt_s;
    c["next_in"] = std::max<std::int64_t>(0, r.next_attempt_s - now_s);
  }
  return c;
}

}  // namespace

std::string state_text(const LinkState &s) {
  const auto &r = s.session;
  std::string out = "ACLK Available: Yes\nACLK Version: 2\nProtocols Supported: Protobuf\nProtocol Used: Protobuf\n";
  out += "MQTT Version: 5\n";
  out += fmt::format("Claimed: {}\n", yes(s.claimed));
  if (s.claimed) {
    out += fmt::format("Claimed Id: {}\nCloud URL: {}\nACLK Proxy: {}\n", s.claim_id, s.cloud_url, s.proxy);
    out += fmt::format("Publish Latency: {}\n", duration_text(r.publish_latency));
  }
  out += fmt::format("Online: {}\nReconnect count: {}\nBanned By Cloud: {}\n", yes(r.online), reconnects(r),
                     yes(r.banned));
  if (!s.limited.empty()) out += fmt::format("Limited By: {}\n", s.limited);
  out += unreadable_text(s);
  if (r.last_connect_s != 0) out += fmt::format("Last Connection Time: {}\n", local_time(r.last_connect_s));
  if (r.last_stable_s != 0)
    out += fmt::format("Last Connection Time + 3 PUBACKs received: {}\n", local_time(r.last_stable_s));
  if (r.last_disconnect_s != 0) out += fmt::format("Last Disconnect Time: {}\n", local_time(r.last_disconnect_s));
  if (!r.drops_finding.empty()) out += fmt::format("Link Stability: {}\n", r.drops_finding);
  if (!r.online && r.next_attempt_s != 0)
    out += fmt::format("Next Connection Attempt At: {}\nLast Backoff: {:.3f}\n", local_time(r.next_attempt_s),
                       static_cast<double>(r.last_backoff.count()) / 1000);
  if (!r.online) {
    out += fmt::format("Status: {}\n", status_text(s));
    if (!s.why.empty()) out += fmt::format("Reason: {}\n", s.why);
    out += blocking_text(s);
    if (s.claimed) out += fmt::format("State: {}\nDurable state: {}\n", session::state_name(r.state), durable(s));
    return out + clock_text(r) + traffic_text(s) + attempts_text(r);
  }
  out += fmt::format(
      "Received Cloud MQTT Messages: {}\nMQTT Messages Confirmed by Remote Broker (PUBACKs): {}\nPending PUBACKS: {}\n",
      r.received, r.pubacks, r.pending_pubacks);
  out += queues_text(s) + fmt::format("Durable state: {}\n", durable(s)) + clock_text(r);
  bool first = true;
  for (const auto &[n, alerts] : s.nodes) {
    out += first ? "\n\n" : "\n";
    first = false;
    out += fmt::format("> Node Instance for mGUID: \"{}\" hostname \"{}\"\n", n.node.machine_guid, n.node.hostname);
    out += fmt::format("\tClaimed ID: {}\n\tNode ID: {}\n", s.claim_id, n.node_id.empty() ? "null" : n.node_id);
    out += fmt::format("\tStreaming Hops: {}\n\tRelationship: {}\n", n.node.hops, n.node.local ? "self" : "child");
    if (!n.node.local) out += fmt::format("\tStreaming Connection Live: {}\n", n.node.live);
    out += fmt::format(
        "\tAlert Streaming Status:\n\t\tUpdates: {:d}\n\t\tCheckpoints: {}\n\t\tAlert count: {}\n\t\tAlert snapshot "
        "count: {}\n",
        alerts.streaming, alerts.checkpoints, alerts.submitted, alerts.snapshots);
  }
  return out + traffic_text(s) + attempts_text(r);
}

std::string state_json(const LinkState &s) {
  const auto &r = s.session;
  Json j;
  j["aclk-available"] = true;
  j["aclk-version"] = 2;
  j["protocols-supported"] = Json::array({"Protobuf"});
  j["agent-claimed"] = s.claimed;
  j["claimed-id"] = text_or_null(s.claim_id);
  j["cloud-url"] = text_or_null(s.cloud_url);
  j["aclk_proxy"] = s.proxy;
  j["publish_latency_us"] = r.publish_latency.count();
  j["online"] = r.online;
  j["used-cloud-protocol"] = "Protobuf";
  j["mqtt-version"] = 5;
  j["received-app-layer-msgs"] = r.received;
  j["received-mqtt-pubacks"] = r.pubacks;
  j["pending-mqtt-pubacks"] = r.pending_pubacks;
  j["reconnect-count"] = reconnects(r);
  j["last-connect-time-utc"] = utc_time(r.last_connect_s);
  j["last-connect-time-puback-utc"] = utc_time(r.last_stable_s);
  j["last-disconnect-time-utc"] = utc_time(r.last_disconnect_s);
  j["next-connection-attempt-utc"] = r.online ? Json(nullptr) : utc_time(r.next_attempt_s);
  j["last-backoff-value"] = r.online || r.last_backoff.count() == 0
                                ? Json(nullptr)
                                : Json(static_cast<double>(r.last_backoff.count()) / 1000);
  j["banned-by-cloud"] = r.banned;
  auto nodes = Json::array();
  for (const auto &[n, alerts] : s.nodes) {
    Json o;
    o["hostname"] = n.node.hostname;
    o["mguid"] = n.node.machine_guid;
    o["claimed_id"] = text_or_null(s.claim_id);
    o["node-id"] = text_or_null(n.node_id);
    o["streaming-hops"] = n.node.hops;
    o["relationship"] = n.node.local ? "self" : "child";
    o["streaming-online"] = n.node.live;
    o["alert-sync-status"] = {{"updates", alerts.streaming ? 1 : 0},
                              {"checkpoint-count", alerts.checkpoints},
                              {"alert-count", alerts.submitted},
                              {"alert-snapshot-count", alerts.snapshots},
                              {"alert-version", alerts.version},
                              {"pending", alerts.pending},
                              {"queued", alerts.selected}};
    nodes.push_back(std::move(o));
  }
  j["node-instances"] = std::move(nodes);
  j["durable-state"] = durable(s);
  j["state"] = session::state_name(r.state);
  j["status"] = status_text(s);
  j["status-symbol"] = unclaimed(s) ? Json(nullptr) : Json(login::status_text(r.status).symbol);
  j["drops"] = {{"last-hour", r.drops},
                {"finding", text_or_null(r.drops_finding)},
                {"asks-every-ms", r.asks_every.count() == 0 ? Json(nullptr) : Json(r.asks_every.count())}};
  j["reason"] = r.online ? Json(nullptr) : text_or_null(s.why);
  j["clock-offset-ms"] = r.clock_offset_ms ? Json(*r.clock_offset_ms) : Json(nullptr);
  const bool blocked = !r.online && (r.next_attempt_s != 0 || r.banned);
  j["blocked-by"] = blocked ? Json(blocking(s)) : Json(nullptr);
  j["blocked-until-utc"] = blocked ? utc_time(r.next_attempt_s) : Json(nullptr);
  j["queues"] = {{"messages", r.queued},
                 {"message-bytes", r.queued_bytes},
                 {"alerts", alerts_waiting(s)},
                 {"queries-waiting", s.queries_waiting},
                 {"queries-running", s.queries_running}};
  j["bytes"] = {{"sent", r.totals.bytes_out},
                {"received", r.totals.bytes_in},
                {"sent-this-connection", r.bytes_out},
                {"received-this-connection", r.bytes_in}};
  j["sent-messages"] = traffic_lines(s, true);
  j["received-messages"] = traffic_lines(s, false);
  j["attempts"] = attempts_json(r);
  j["unreadable"] = unreadable_json(s);
  j["limited-by"] = text_or_null(s.limited);
  // The host's texts need not be UTF-8; a state that cannot be printed helps nobody.
  const auto plain = j.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(plain.size() + 32);
  for (const char c : plain) {
    if (c == '/') out += '\\';
    out += c;
  }
  return out;
}

std::string info_json(const LinkState &s, const AboutAgent &about, std::int64_t now_s) {
  const auto own = std::ranges::find_if(s.nodes, [](const NodeState &n) { return n.node.node.local; });
  Json agent;
  agent["mg"] = about.machine_guid;
  agent["nd"] = own == s.nodes.end() || own->node.node_id.empty() ? Json(nullptr) : Json(own->node.node_id);
  agent["nm"] = about.hostname;
  agent["now"] = now_s;
  agent["ai"] = 0;
  agent["application"]["package"]["version"] = about.version;
  agent["cloud"] = cloud(s, now_s);
  Json j;
  j["api"] = 2;
  j["agents"] = Json::array({std::move(agent)});
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace aclk::report
