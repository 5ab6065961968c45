// SPDX-License-Identifier: GPL-3.0-or-later
//
// The PUT that claims a node (claim/README.md, "Claim request"): what is sent, what the answer to it means, how a claim
// ends because of it, and what somebody should do next. Pure; the call itself is a function that claim_node gets
// (aclk/net/claim_put.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::claim {

struct WrittenClaim;  // claim_sources.h

// How `netdata-aclk claim` ends, for scripts. Numbers 0 to 18 mean what they meant for netdata-claim.sh
// (claim/README.md, "netdata-claim.sh of 1.37"); 5 (claimed, but the agent could not be notified) cannot happen,
// because the module looks for itself.
enum class ExitCode : std::uint8_t {
  claimed = 0,               // HTTP 204 and everything is on the disk; or claimed before, and nothing was changed
  usage = 1,                 // the command line: an unknown option, no token, a setting that cannot be used
  local_files = 2,           // directory, keys or state files
  disabled = 3,              // cloud.conf: enabled = no
  unreachable = 4,           // no HTTP answer: name, connection, proxy, TLS, time
  wrong_user = 6,            // neither root nor the agent's user
  other_status = 7,          // an HTTP status that has no row of its own
  invalid_node_id = 8,       // 422 ErrInvalidNodeID
  invalid_node_name = 9,     // 422 ErrInvalidNodeName
  invalid_room_id = 10,      // 422 ErrInvalidRoomID
  invalid_public_key = 11,   // 422 ErrInvalidPublicKey
  token_refused = 12,        // 403
  already_claimed = 13,      // 409: the cloud says so; see claimed above for what this machine knows
  in_progress = 14,          // 102
  server_error = 15,         // 500
  gateway_timeout = 16,      // 504
  service_unavailable = 17,  // 503
  no_machine_guid = 18,      // the agent has never run here, or its file cannot be read
  unprocessable = 19,        // 422 without one of the four keys above
  answer_too_big = 20,       // more than 10 MiB
  busy = 21,                 // another claim is running on this machine
};

// What a claim says.
struct ClaimRequest {
  std::string claim_id;  // new for every attempt
  std::string hostname;
  std::string token;  // secret
  std::vector<std::string> rooms;
  std::string public_key;  // the whole text of public.pem
  std::string machine_guid;
};

// "a, b,,c" is three rooms: items are trimmed, empty ones dropped.
[[nodiscard]] std::vector<std::string> split_rooms(std::string_view comma_list);

// The token without white space around it. Fails when it is empty, longer than 4096 characters, or holds anything but
// printable ASCII without spaces (a whole file pasted by mistake, for one), or begins with '/', as the path of a secret
// does; the sentence never shows it.
[[nodiscard]] Result<std::string> checked_token(std::string_view text);

// The cloud URL as it is stored. It may have a path. Fails for what parse_url refuses, for a query or a fragment, and
// for any scheme but https, or http where that is allowed: the token travels in clear text then.
enum class PlainHttp : std::uint8_t { refused, allowed };
[[nodiscard]] Result<std::string> checked_cloud_url(std::string_view text, PlainHttp plain_http);

// `cloud_url` as checked_cloud_url gave it.
[[nodiscard]] std::string claim_url(std::string_view cloud_url, std::string_view claim_id);

// Minified JSON. Text that is not UTF-8 (host names) has its bad bytes replaced.
[[nodiscard]] std::string claim_body(const ClaimRequest &request);

inline constexpr std::chrono::seconds kClaimConnectTimeout{5};
inline constexpr std::chrono::seconds kClaimTimeout{10};  // the whole request

// The PUT as a call, which blocks.
struct ClaimCall {
  std::string url;
  std::string body;  // JSON; holds the token
  Proxy proxy;
  bool insecure = false;   // neither chain nor host name verified
  std::string trust_file;  // added to the system's CAs; empty = none
  // Looked at about each second, on the calling thread; true: give up. Empty: nobody can ask for that.
  std::function<bool()> interrupted{};
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

using HttpPut = std::function<Result<HttpAnswer>(const ClaimCall &)>;

inline constexpr unsigned kMaxAttempts = 5;  // of one claim that somebody waits for
inline constexpr std::size_t kMaxAnswerBytes = 10U << 20;

// What came of one attempt.
struct Outcome {
  ExitCode exit = ExitCode::claimed;
  std::string reason;     // the table's text, to the letter; empty when claimed
  std::string next_step;  // one sentence for the person at the terminal; empty when claimed
  bool retry = false;
  std::optional<Errc> cause{};  // why there was no answer

  [[nodiscard]] bool claimed() const { return exit == ExitCode::claimed; }
};

// The cloud answered. `body` is hostile: of it only a short, printable errorMsgKey is ever shown.
[[nodiscard]] Outcome judge_answer(int status, std::string_view body);

// With what the call was made; nothing here is a secret.
struct CallFacts {
  std::string proxy = "none";  // Proxy::display()
  bool insecure = false;
  std::string public_key_file;
  std::string trust_file;  // empty: only the system's
};

// The cloud did not answer, or with more than kMaxAnswerBytes (Errc::too_big).
[[nodiscard]] Outcome judge_failure(const Error &error, const CallFacts &facts);

// How long to wait before the next attempt after failure number `failure` (from 0); nullopt: that was the last one.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(unsigned failure, const Outcome &outcome);

// The next step after a claim that is written down has failed: what to change where it is written. (Outcome::next_step
// is for who has typed a command.) One clause without a semicolon; empty when the message of such an ending says it
// already. cause: why there was no answer of the cloud.
[[nodiscard]] std::string written_advice(ExitCode exit, std::optional<Errc> cause, const WrittenClaim &written);

}  // namespace aclk::claim
