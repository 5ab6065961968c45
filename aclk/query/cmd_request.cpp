// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/cmd_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "aclk/query/cmd_header.h"
#include "aclk/query/topic.h"
#include "claim/base/text.h"
#include "claim/base/uuid.h"

namespace aclk::query {
namespace {

constexpr std::string_view kSeparator = "\r\n\r\n";
constexpr std::int64_t kMinVersion = 2;
// As much of a message that nobody could parse as helps to find its sender.
constexpr std::size_t kQuotedBytes = 200;

Dropped drop(std::initializer_list<std::string> lines) {
  Dropped d{lines};
  d.lines.emplace_back("Error processing message of type 'cmd'");
  return d;
}

// UUID in any spelling to the form replies and logs use.
std::string transaction_of(std::string_view text) {
  auto uuid = parse_uuid(text).value_or(std::string{});
  uuid.erase(std::remove(uuid.begin(), uuid.end(), '-'), uuid.end());
  return uuid;
}

}  // namespace

Cmd parse_cmd(std::string_view payload) {
  if (payload.size() > kMaxCmdBytes)
    return drop({fmt::format("ACLK: a query message of {} bytes is larger than the {} this link takes", payload.size(),
                             kMaxCmdBytes)});
  const auto end = payload.find(kSeparator);
  auto header = parse_cmd_header(payload.substr(0, end));
  if (!header) return drop({fmt::format("Malformed json request ({})", excerpt(payload, kQuotedBytes))});
  if (!header->type) return drop({"Cloud message is missing compulsory key \"type\""});
  if (*header->type != "http") return drop({"Only 'http' cmd message is supported"});
  if (header->version < kMinVersion)
    return drop({fmt::format("This handler cannot reply to request with version older than {}, received {}.",
                             kMinVersion, header->version)});
  if (end == std::string_view::npos) return drop({"Error extracting payload expected after the JSON dictionary."});

  auto http = parse_http_request(payload.substr(end + kSeparator.size()));
  if (!http && http.error() == HttpFault::method)
    return drop({"Only accepting requests that start with GET, POST, PUT, DELETE from CLOUD.",
                 "Could not extract payload from query"});
  if (!http && http.error() == HttpFault::protocol)
    return drop({"Doesn't look like HTTP GET request.", "Could not extract payload from query"});
  if (!header->callback_topic) return drop({"Missing callback_topic"});
  if (!header->msg_id) return drop({"Missing msg_id"});
  // Error 5 of aclk/query/README.md, "Error replies": there is nowhere to send it, so the question is not run either.
  if (!header->callback_topic->starts_with('/')) return Dropped{{"Full topic required!"}};
  if (!is_reply_topic(*header->callback_topic))
    return Dropped{{fmt::format("ACLK: the callback topic of a query is not one that can be published to ({})",
                                excerpt(*header->callback_topic, kQuotedBytes))}};
  if (!http)
    return BadRequest{std::move(*header->msg_id), std::move(*header->callback_topic),
                      std::string(sentence(http.error()))};

  Request r;
  r.msg_id = std::move(*header->msg_id);
  r.callback_topic = std::move(*header->callback_topic);
  constexpr auto kMax = static_cast<std::uint64_t>(kMaxTimeout.count());
  r.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(std::min(header->timeout_ms, kMax)));
  r.version = header->version;
  r.accept_gzip = icontains(http->header("Accept-Encoding"), "gzip");
  r.transaction = transaction_of(http->header("X-Transaction-ID"));
  r.http = std::move(*http);
  return r;
}

}  // namespace aclk::query
