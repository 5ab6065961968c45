// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/head_start.h"

#include <utility>

namespace aclk::session {

std::optional<KnownWay> HeadStart::begin() {
  agreement_.reset();
  dialed_.clear();
  const auto known = std::exchange(known_, std::nullopt);
  const bool lasted = std::exchange(long_, false);
  if (!known) return std::nullopt;
  dialed_ = known->endpoint.str();
  return KnownWay{known->endpoint, lasted ? std::optional(known->auth) : std::nullopt};
}

bool HeadStart::agreed(const login::Agreement &agreement) {
  agreement_ = agreement;
  auto endpoint = agreement.endpoint.str();
  if (endpoint == dialed_) return false;
  dialed_ = std::move(endpoint);
  return true;
}

}  // namespace aclk::session
