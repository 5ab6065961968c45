// SPDX-License-Identifier: GPL-3.0-or-later
//
// Values into the structs of the ABI, for the time of one visit. What the visitor returned is given back.
#pragma once

#include "claim/base/result.h"
#include "plugin-api/external/json/listing.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external {

// What is one already.
template <class Item>
int show(const Item &item, int (*visit)(void *, const Item *), void *ctx) {
  return visit(ctx, &item);
}
int show(const AlertConfig &value, naclk_alert_config_fn visit, void *ctx);

// The return value of a hook that failed.
[[nodiscard]] int negated_errno(Errc code);

}  // namespace aclk::external
