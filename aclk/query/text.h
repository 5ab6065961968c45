// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small text tools of the query path. All of them are total: any bytes in, no exception but bad_alloc out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aclk::query {

// ASCII letters only; header names and encodings are nothing else.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] bool icontains(std::string_view text, std::string_view part);

// For log lines: everything but printable ASCII becomes '?', so that a peer can neither forge a line nor break the
// log's encoding; cut to max_bytes, with "..." when something was cut.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes);

// & < > " ' as entities: answers that quote the question may be shown by a browser (plugin-api/external/API.md, "URLs
// and errors").
[[nodiscard]] std::string html_escape(std::string_view text);

// Everything but RFC 3986 unreserved characters becomes %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);
// Are there control characters (C0, DEL)?
[[nodiscard]] bool has_control(std::string_view text);

}  // namespace aclk::query
