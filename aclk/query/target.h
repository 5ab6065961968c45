// SPDX-License-Identifier: GPL-3.0-or-later
//
// The path of a question: which node, which version of the API, which endpoint (aclk/query/README.md, "Paths").
//
// Every path component is percent-decoded exactly once, and what it decodes to is what is decided on; nothing of the
// path as written is handed on. So encodings, dots and slashes cannot make the decision differ from what the agent
// sees. The query string is read by the agents' own rules and written anew (claim/base/query_string.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "aclk/query/reply.h"

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

struct Target {
  std::string machine_guid;  // empty = the local node
  int api_version = 0;       // 1 to 3
  std::string endpoint;      // decoded: one component, no slash, no control character; not yet allowed
  bool subpath = false;      // something follows the endpoint, be it a lone slash
  std::string query;         // canonical, without the question mark
};

// `raw` is the target of the request line. The Answer is the final one (301, 400, 404 of aclk/query/README.md,
// "Paths").
//   a query string that can be read in two ways -> 400 with the parameter's name
//   %2F, NUL, control characters, "." and ".." as a component, a broken escape anywhere -> 400
//   empty components (//) -> 404, as the agents do
[[nodiscard]] std::variant<Target, Answer> parse_target(std::string_view raw, const NodeIndex &nodes);

}  // namespace aclk::query
