// SPDX-License-Identifier: GPL-3.0-or-later
//
// The cloud's questions to one agent, through the broker of the local cloud, by libmosquitto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "claim/base/result.h"
#include "tests/bench/load/figures.h"

namespace aclk::load {

struct CloudPlan {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // of the broker, plain TCP
  std::string user;
  std::string password;
  std::string inbox;                 // topic of the agent's questions
  std::string replies;               // topic for their replies; nobody else listens to it
  std::vector<std::string> targets;  // asked in turn
  std::size_t count = 1;
  std::size_t in_flight = 1;  // never more without a reply
  bool gzip = false;
};

// Blocks until all are answered. Errors: mqtt (the broker), timeout (no reply for 30 s).
[[nodiscard]] Result<Figures> ask_through_the_cloud(const CloudPlan &plan);

}  // namespace aclk::load
