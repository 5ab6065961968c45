// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/report/info.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace aclk::report {
namespace {

using Json = nlohmann::ordered_json;

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
