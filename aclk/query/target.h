// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a question asks for: of which node, by which version of the API, which endpoint (aclk/query/README.md, "Paths"),
// and whether the cloud may ask that ("What may be asked"). Pure.
//
// Every path component is percent-decoded exactly once, and what it decodes to is what is decided on; nothing of the
// path as written is handed on. So encodings, dots and slashes cannot make the decision differ from what the agent
// sees. The query string is read by the agents' own rules and written anew (claim/base/url.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "claim/base/http_message.h"

namespace aclk::query {

struct NodeRef {
  std::string machine_guid;
  bool local = false;  // the node that the host runs on
};

// Who is there. Implemented by whoever keeps the nodes; called on the loop thread, must not block.
class NodeIndex {
 public:
  NodeIndex() = default;
  NodeIndex(const NodeIndex &) = delete;
  NodeIndex &operator=(const NodeIndex &) = delete;
  virtual ~NodeIndex() = default;

  // UUIDs come in the canonical spelling of claim/base/uuid.h.
  [[nodiscard]] virtual std::optional<NodeRef> by_node_id(std::string_view uuid) const = 0;
  [[nodiscard]] virtual std::optional<NodeRef> by_machine_guid(std::string_view uuid) const = 0;
  // As written, decoded. "localhost" never gets here: it is the local node.
  [[nodiscard]] virtual std::optional<NodeRef> by_hostname(std::string_view hostname) const = 0;
};

// netdata.conf [cloud] scope (aclk/query/README.md, "What may be asked"): `license manager` leaves only facts about
// nodes.
enum class Scope : std::uint8_t { full, license_manager };

// Whether the host checks the right of a user to call a function.
enum class Functions : std::uint8_t { refused, served };

// What the cloud may ask of this machine: an allow-list by API version, endpoint and method.
//
// Source: the permission table of the 2.10.4 agent (plugin-api/external/API.md, "Permissions of 2.x": what requests
// from the cloud have the rights for) and what the 1.37.1 agent's table adds (plugin-api/external/API.md, "Endpoints
// and their cost"), minus everything that writes or shows local secrets (plugin-api/external/API.md, "What writes or
// shows secrets"):
//   manage, registry, claim, settings, config, function, bearer_*, rtc_offer.
// `function` runs code inside collectors, with a per-function check of the user's rights: it is served by a host that
// makes that check (NACLK_OPTION_CHECKS_RIGHTS) and refused by others; `functions`, the list, is served.
// An endpoint on neither list is refused too, with 403: "not on the list" is the truth, because the agent may well
// have it. (Paths outside /api are 404 as in the agent; no host sees them either.)
//
// nullopt: may be forwarded. Otherwise the answer: 403, or 405 for PUT and DELETE of an endpoint that only reads (the
// agents would treat them like GET; an agent that one day does not must not be reached that way).
[[nodiscard]] std::optional<HttpResponse> refuse(HttpMethod method, int api_version, std::string_view endpoint,
                                                 Scope scope, Functions functions = Functions::refused);

// A target that was decoded and that may be asked for. Only check() makes one, and a host is asked with nothing else.
class CheckedTarget {
 public:
  // `raw` is the target of the request line. The response is the final one (301, 400, 403, 404, 405 of
  // aclk/query/README.md, "Paths" and "What may be asked"). The order of the checks is the agents': path, node,
  // version, right to ask, sub-path.
  //   a query string that can be read in two ways -> 400 with the parameter's name
  //   %2F, NUL, control characters, "." and ".." as a component, a broken escape anywhere -> 400
  //   empty components (//) -> 404, as the agents do
  [[nodiscard]] static std::variant<CheckedTarget, HttpResponse> check(HttpMethod method, std::string_view raw,
                                                                       const NodeIndex &nodes, Scope scope,
                                                                       Functions functions = Functions::refused);

  [[nodiscard]] const std::string &machine_guid() const { return machine_guid_; }  // empty = the local node
  [[nodiscard]] const std::string &endpoint() const { return endpoint_; }          // a name of the allow-list
  // /api/v1/data?chart=...: written anew from what was decided on, never copied.
  [[nodiscard]] const std::string &text() const { return text_; }

 private:
  CheckedTarget() = default;

  std::string machine_guid_;
  std::string endpoint_;
  std::string text_;
};

}  // namespace aclk::query
