// SPDX-License-Identifier: GPL-3.0-or-later
//
// Connection status as users know it: symbols and texts of aclk/session/README.md, "Status codes". Every row of its
// three tables is here, also those that this implementation has no cause to set (libcurl and OpenSSL do what the
// reference did step by step): people search for these words, and state that was stored or quoted must find its row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "aclk/net/fault.h"
#include "claim/base/result.h"

namespace aclk::login {

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
  unknown_status,
  // HTTPS client
  https_ok,
  https_unknown_error,
  https_no_mem,
  https_nonblock_failed,
  https_proxy_negotiation_failed,
  https_no_ssl_ctx,
  https_no_ssl_verify_paths,
  https_no_ssl_new,
  https_no_tls_sni,
  https_ssl_connect_failed,
  https_ssl_start_failed,
  https_unknown_request_type,
  https_header_write_failed,
  https_payload_write_failed,
  https_poll_error,
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
  no_socket_error,
  connection_refused,
  cannot_resolve,
  cannot_create_socket,
  no_host,
  socket_poll_error,
  socket_timeout,
  cannot_establish_ssl,
  invalid_ssl_certificate,
  failed_to_open_ssl,
  thread_cancelled,
  no_destination,
  socket_unknown_error,
};
inline constexpr std::size_t kStatusCount = 64;

struct StatusText {
  std::string_view symbol;  // ACLK_STATUS_CONNECTED
  std::string_view text;    // connected
};
// Both point to literals. A value outside the enum is `unknown status`.
[[nodiscard]] StatusText status_text(Status status);

// What an error of HttpClient is called: dns, tcp, proxy, tls, timeout, io (broken midway), too_big and parse (an
// answer that is no HTTP we take). Anything else is https_unknown_error.
[[nodiscard]] Status status_of(Errc code);
// The same by the true cause, where one is known.
[[nodiscard]] Status status_of(const net::Fault &fault);

// Why an answer of the cloud cannot be used: what users are shown, and the sentence behind it.
struct LoginError {
  Status status = Status::https_unknown_error;
  Error error;
};

template <class T>
using Verdict = tl::expected<T, LoginError>;

[[nodiscard]] inline tl::unexpected<LoginError> refuse(Status status, Errc code, std::string what) {
  return tl::unexpected<LoginError>(LoginError{status, Error{code, std::move(what)}});
}

}  // namespace aclk::login
