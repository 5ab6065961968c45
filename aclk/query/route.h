// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a question goes: to the host, or straight back with an answer made here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "aclk/query/http_request.h"
#include "aclk/query/reply.h"
#include "aclk/query/target.h"

namespace aclk::query {

// What the cloud may ask of this machine: an allow-list by API version, endpoint and method.
//
// Source: the permission table of the 2.10.4 agent (plugin-api/external/API.md, "Permissions of 2.x": what requests
// from the cloud have the rights for) and what the 1.37.1 agent's table adds (plugin-api/external/API.md, "Endpoints
// and their cost"), minus everything that writes or shows local secrets (plugin-api/external/API.md, "What writes or
// shows secrets"):
//   manage, registry, claim, settings, config, function, bearer_*, rtc_offer.
// `function` runs code inside collectors, with a per-function check of the user's rights that nothing behind an
// external host can make: it is refused; `functions`, the list, is served.
// An endpoint on neither list is refused too, with 403: "not on the list" is the truth, because the agent may well
// have it. (Paths outside /api are 404 as in the agent, see target.h; no host sees them either.)

// netdata.conf [cloud] scope (aclk/query/README.md, "What may be asked"): `license manager` leaves only facts about
// nodes.
enum class Scope : std::uint8_t { full, license_manager };

// nullopt: may be forwarded. Otherwise the answer: 403, or 405 for PUT and DELETE of an endpoint that only reads (the
// agents would treat them like GET; an agent that one day does not must not be reached that way).
[[nodiscard]] std::optional<Answer> refuse(Method method, int api_version, std::string_view endpoint, Scope scope);

struct Forward {
  std::string machine_guid;  // empty = the local node
  std::string endpoint;      // a name of the allow-list
  std::string target;        // /api/v1/data?chart=... : written anew from what was decided on, never copied
};

// Pure. The order of the checks is the agents': path, node, version, right to ask, sub-path.
[[nodiscard]] std::variant<Forward, Answer> route(Method method, std::string_view raw_target, const NodeIndex &nodes,
                                                  Scope scope);

}  // namespace aclk::query
