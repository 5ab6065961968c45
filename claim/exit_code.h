// SPDX-License-Identifier: GPL-3.0-or-later
//
// How `netdata-aclk claim` ends, for scripts. Numbers 0 to 18 mean what they meant for netdata-claim.sh
// (claim/README.md, "netdata-claim.sh of 1.37"); 5 (claimed, but the agent could not be notified) cannot happen,
// because the module looks for itself.
#pragma once

#include <cstdint>

namespace aclk::claim {

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

}  // namespace aclk::claim
