// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does a name have addresses, in both families, and does each of them take a TCP connection? The link needs one; a
// user wants to know about the others.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "plugin-api/doctor/finding.h"

namespace aclk::doctor {

struct Tried {
  std::string address;  // "192.0.2.1"
  std::string trouble;  // empty: connected
  std::chrono::milliseconds took{0};
};

struct HostReach {
  std::string trouble_v4, trouble_v6;  // of the resolver; empty when there are addresses
  std::vector<Tried> tried;            // IPv4 first, 8 at most
};

// Turns the loop until all is known: the resolver's time, and as long as the link waits for a connection, 10 s by
// this scale.
[[nodiscard]] HostReach reach_host(loop::Loop &loop, const std::string &host, std::uint16_t port,
                                   loop::TimeScale scale = {});

// The findings `prefix`dns and `prefix`tcp. Pure.
[[nodiscard]] Findings judge_host(const std::string &prefix, const std::string &host, std::uint16_t port,
                                  const HostReach &reach);

}  // namespace aclk::doctor
