// SPDX-License-Identifier: GPL-3.0-or-later
//
// The topics that a cloud gave to an agent with its password (proto/README.md, "Topics").
#pragma once

#include <array>
#include <string>

#include "proto/message_types.h"

namespace aclk::login {

struct Topics {
  std::array<std::string, proto::kTopicCount> full;  // by Topic; the claim id filled in
  [[nodiscard]] const std::string &operator[](proto::Topic t) const { return full[static_cast<std::size_t>(t)]; }
};

}  // namespace aclk::login
