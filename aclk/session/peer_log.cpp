// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/peer_log.h"

namespace aclk::session {

bool PeerLog::may(Budget &budget, std::string_view what, loop::Instant now) {
  if (!budget.allow(now)) return false;
  if (const auto silent = budget.take_silent(); silent > 0) log_.error("{} more {} were not logged", silent, what);
  return true;
}

void PeerLog::shutting_down(loop::Instant now) {
  if (may(shutting_down_, "messages that came while shutting down", now))
    log_.info("ACLK: Link is shutting down. Ignoring incoming message.");
}

void PeerLog::no_type(std::string_view topic, loop::Instant now) {
  constexpr std::size_t kQuotedBytes = 256;
  if (may(no_type_, "messages of no type", now))
    log_.error("Cannot get message type from topic. Ignoring message from topic \"{}\"", topic.substr(0, kQuotedBytes));
}

void PeerLog::refused(std::string_view what, int reason, loop::Instant now) {
  if (may(refused_, "messages that the broker does not take", now))
    log_.error("the broker does not take a message for {}: PUBACK reason {}", what, reason);
}

void PeerLog::too_big(std::string_view what, loop::Instant now) {
  if (may(too_big_, "messages too big for the server", now))
    log_.error("Message too big for server: one for {} was not sent", what);
}

}  // namespace aclk::session
