// SPDX-License-Identifier: GPL-3.0-or-later
//
// /api/v1/contexts, the same in both generations (plugin-api/external/API.md, "Contexts and charts").
#pragma once

#include <nlohmann/json.hpp>

#include "plugin-api/external/json/values.h"

namespace aclk::external {

// Sorted by id; at most 200 000. Contexts that are hidden or deleted are not in the document unless asked for.
[[nodiscard]] ContextList read_contexts(const nlohmann::json &document);

// Changes when a context came or went, or anything the cloud is told of one did. last_s counts only once the context
// is no longer collected: until then it is the time of the reading.
[[nodiscard]] std::uint64_t fingerprint(const std::vector<naclk_context> &contexts);

}  // namespace aclk::external
