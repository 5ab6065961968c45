// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/hooks/read_contexts.h"

namespace aclk::external::hooks {

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
