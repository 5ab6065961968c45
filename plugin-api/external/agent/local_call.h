// SPDX-License-Identifier: GPL-3.0-or-later
//
// A question to a running aclk.plugin over its local socket (local_socket.h), with libcurl.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "claim/base/http_message.h"
#include "claim/base/result.h"

namespace aclk::external {

// Status and body of the answer. Blocks at most 5 s; the plugin answers within 2 s. Answers above 64 MB are cut off,
// which is an error. Errors: not_found (nobody listens there; names the path), denied (this user may not ask), timeout,
// io (no HTTP).
[[nodiscard]] Result<HttpResponse> call_local(const std::filesystem::path &socket, HttpMethod method,
                                              std::string_view target);

}  // namespace aclk::external
