// SPDX-License-Identifier: GPL-3.0-or-later
//
// Connection status as users know it: symbols and texts of protocol.md 9. Every row of its three tables is here.
#pragma once

#include <cstdint>
#include <string_view>

namespace aclk::cloud {

enum class Status : std::uint8_t {
  connected,
  offline,
  disabled,
  no_cloud_url,
  invalid_cloud_url,
  blocked,
  no_old_protocol,
  no_protocol_capability,
  invalid_env_auth_url,
  invalid_env_transport_idx,
  invalid_env_transport_url,
  no_lwt_topic,
  cloud_requested_disconnect,
  ping_timeout,
  reloading_config,
  poll_error,
  closed_by_remote,
  socket_error,
  mqtt_protocol_error,
  ws_protocol_error,
  message_too_big,
  // HTTPS client
  https_unknown_error,
  https_proxy_negotiation_failed,
  https_ssl_connect_failed,
  https_timeout,
  https_read_error,
  https_parse_error,
  agent_not_claimed_env,
  env_not_200,
  env_empty,
  env_not_json,
  otp_challenge_not_200,
  otp_challenge_invalid,
  otp_password_not_201,
  otp_password_empty,
  otp_password_not_json,
  otp_agent_not_claimed,
  otp_challenge_decryption_failed,
  // sockets
  connection_refused,
  cannot_resolve,
  socket_timeout,
  cannot_establish_ssl,
  invalid_ssl_certificate,
};

struct StatusText {
  std::string_view symbol;  // ACLK_STATUS_CONNECTED
  std::string_view text;    // connected
};
[[nodiscard]] StatusText status_text(Status status);

}  // namespace aclk::cloud
