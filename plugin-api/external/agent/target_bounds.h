// SPDX-License-Identifier: GPL-3.0-or-later
//
// Making a query of the cloud harmless for the agent before it gets it. What may be asked at all was decided by the
// module; here it is only about size (plugin-api/external/README.md, "What decides the design";
// plugin-api/external/API.md, "Connections"; plugin-api/external/README.md, "When something fails").
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "claim/base/http_message.h"

namespace aclk::external {

// Most rows of an answer of time series. An agent of 1400 metrics prints 1.2 KB per row of all of apps.*, and needs
// five times that in memory: 4000 rows are 5 MB and 25 MB there, while 86 400 rows took it to 600 MB. Wider than any
// screen.
inline constexpr std::int64_t kMaxPoints = 4000;
// The same for an explicit chart=: one chart is some ten metrics.
inline constexpr std::int64_t kMaxPointsOfChart = 20'000;
// Most bytes of an answer, whatever the module would take (100 MiB).
inline constexpr std::uint64_t kMaxAnswerBytes = 32ULL << 20;
// The agent drops the whole query string silently above 8192 decoded bytes, and the connection above 16 KiB.
inline constexpr std::size_t kMaxQuery = 8000;
inline constexpr std::size_t kMaxTarget = 15U << 10;

// target: path and query. What is sent is written anew from what was understood; a query that can be understood in two
// ways is refused (claim/base/url.h). Bounds the rows of data, weights, metric_correlations and badge.svg by a
// `points` of our own if what is asked for could be more. The error is what to answer with instead of asking the agent.
[[nodiscard]] tl::expected<std::string, HttpResponse> bound_target(HttpMethod method, std::string_view target,
                                                                   std::chrono::sys_seconds now);

}  // namespace aclk::external
