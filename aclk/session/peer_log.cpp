// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/peer_log.h"

namespace aclk::session {

void PeerLog::shutting_down(loop::Instant now) {
  if (shutting_down_.allow(now)) log_.info("ACLK: Link is shutting down. Ignoring incoming message.");
}

void PeerLog::no_type(std::string_view topic, loop::Instant now) {
  constexpr std::size_t kQuotedBytes = 256;
  if (no_type_.allow(now))
    log_.error("Cannot get message type from topic. Ignoring message from topic \"{}\"", topic.substr(0, kQuotedBytes));
}

void PeerLog::refused(std::string_view what, int reason, loop::Instant now) {
  if (refused_.allow(now)) log_.error("the broker does not take a message for {}: PUBACK reason {}", what, reason);
}

void PeerLog::too_big(std::string_view what, loop::Instant now) {
  if (too_big_.allow(now)) log_.error("Message too big for server: one for {} was not sent", what);
}

}  // namespace aclk::session
