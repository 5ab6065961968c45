// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/status.h"

#include <algorithm>
#include <array>

namespace aclk::login {
namespace {

struct Row {
  Status status;
  StatusText text;
};

// aclk/session/README.md, "Status codes", in the order of the enum.
constexpr std::array kRows{
    Row{Status::connected, {"ACLK_STATUS_CONNECTED", "connected"}},
    Row{Status::offline, {"ACLK_STATUS_OFFLINE", "offline"}},
    Row{Status::disabled, {"ACLK_STATUS_DISABLED", "disabled"}},
    Row{Status::no_cloud_url, {"ACLK_STATUS_CANT_CONNECT_NO_CLOUD_URL", "configuration error, no cloud url"}},
    Row{Status::invalid_cloud_url,
        {"ACLK_STATUS_CANT_CONNECT_INVALID_CLOUD_URL", "configuration error, invalid cloud url"}},
    Row{Status::blocked, {"ACLK_STATUS_BLOCKED", "agent is blocked"}},
    Row{Status::no_old_protocol, {"ACLK_STATUS_NO_OLD_PROTOCOL", "can't connect, old protocol not supported"}},
    Row{Status::no_protocol_capability,
        {"ACLK_STATUS_NO_PROTOCOL_CAPABILITY", "can't connect, protocol capability not supported"}},
    Row{Status::invalid_env_auth_url, {"ACLK_STATUS_INVALID_ENV_AUTH_URL", "can't connect, invalid /env auth url"}},
    Row{Status::invalid_env_transport_idx,
        {"ACLK_STATUS_INVALID_ENV_TRANSPORT_IDX", "can't connect, invalid /env transport idx"}},
    Row{Status::invalid_env_transport_url,
        {"ACLK_STATUS_INVALID_ENV_TRANSPORT_URL", "can't connect, invalid /env transport URL"}},
    Row{Status::no_lwt_topic, {"ACLK_STATUS_NO_LWT_TOPIC", "can't connect, no LWT topic"}},
    Row{Status::cloud_requested_disconnect,
        {"ACLK_STATUS_OFFLINE_CLOUD_REQUESTED_DISCONNECT", "disconnected, due to remote request"}},
    Row{Status::ping_timeout, {"ACLK_STATUS_OFFLINE_PING_TIMEOUT", "disconnected, ping timed out"}},
    Row{Status::reloading_config, {"ACLK_STATUS_OFFLINE_RELOADING_CONFIG", "disconnected, to reload config"}},
    Row{Status::poll_error, {"ACLK_STATUS_OFFLINE_POLL_ERROR", "disconnected, poll() failed"}},
    Row{Status::closed_by_remote, {"ACLK_STATUS_OFFLINE_CLOSED_BY_REMOTE", "disconnected, closed by remote end"}},
    Row{Status::socket_error, {"ACLK_STATUS_OFFLINE_SOCKET_ERROR", "disconnected, socket error"}},
    Row{Status::mqtt_protocol_error, {"ACLK_STATUS_OFFLINE_MQTT_PROTOCOL_ERROR", "disconnected, MQTT protocol error"}},
    Row{Status::ws_protocol_error,
        {"ACLK_STATUS_OFFLINE_WS_PROTOCOL_ERROR", "disconnected, WebSockets protocol error"}},
    Row{Status::message_too_big, {"ACLK_STATUS_OFFLINE_MESSAGE_TOO_BIG", "disconnected, message too big"}},
    Row{Status::unknown_status, {"ACLK_STATUS_UNKNOWN", "unknown status"}},

    Row{Status::https_ok, {"HTTPS_CLIENT_RESP_OK", "ok"}},
    Row{Status::https_unknown_error, {"HTTPS_CLIENT_RESP_UNKNOWN_ERROR", "unknown error"}},
    Row{Status::https_no_mem, {"HTTPS_CLIENT_RESP_NO_MEM", "not enough memory"}},
    Row{Status::https_nonblock_failed, {"HTTPS_CLIENT_RESP_NONBLOCK_FAILED", "cannot set socket to non-blocking mode"}},
    Row{Status::https_proxy_negotiation_failed,
        {"HTTPS_CLIENT_RESP_PROXY_NEGOTIATION_FAILED", "proxy negotiation failed"}},
    Row{Status::https_no_ssl_ctx, {"HTTPS_CLIENT_RESP_NO_SSL_CTX", "cannot create SSL ctx"}},
    Row{Status::https_no_ssl_verify_paths, {"HTTPS_CLIENT_RESP_NO_SSL_VERIFY_PATHS", "cannot set SSL verify paths"}},
    Row{Status::https_no_ssl_new, {"HTTPS_CLIENT_RESP_NO_SSL_NEW", "cannot create SSL"}},
    Row{Status::https_no_tls_sni, {"HTTPS_CLIENT_RESP_NO_TLS_SNI", "cannot set TLS SNI"}},
    Row{Status::https_ssl_connect_failed, {"HTTPS_CLIENT_RESP_SSL_CONNECT_FAILED", "SSL_connect() failed"}},
    Row{Status::https_ssl_start_failed, {"HTTPS_CLIENT_RESP_SSL_START_FAILED", "cannot start SSL connection"}},
    Row{Status::https_unknown_request_type,
        {"HTTPS_CLIENT_RESP_UNKNOWN_REQUEST_TYPE", "unknown https client request type"}},
    Row{Status::https_header_write_failed,
        {"HTTPS_CLIENT_RESP_HEADER_WRITE_FAILED", "https client failed to write http header"}},
    Row{Status::https_payload_write_failed,
        {"HTTPS_CLIENT_RESP_PAYLOAD_WRITE_FAILED", "https client failed to write http payload"}},
    Row{Status::https_poll_error, {"HTTPS_CLIENT_RESP_POLL_ERROR", "https client poll() error"}},
    Row{Status::https_timeout, {"HTTPS_CLIENT_RESP_TIMEOUT", "https client timeout"}},
    Row{Status::https_read_error, {"HTTPS_CLIENT_RESP_READ_ERROR", "https client read error"}},
    Row{Status::https_parse_error, {"HTTPS_CLIENT_RESP_PARSE_ERROR", "https client parsing of response failed"}},
    Row{Status::agent_not_claimed_env,
        {"HTTPS_CLIENT_RESP_ENV_AGENT_NOT_CLAIMED", "agent is not claimed (during /env)"}},
    Row{Status::env_not_200, {"HTTPS_CLIENT_RESP_ENV_NOT_200", "/env response code is not 200"}},
    Row{Status::env_empty, {"HTTPS_CLIENT_RESP_ENV_EMPTY", "/env response is empty"}},
    Row{Status::env_not_json, {"HTTPS_CLIENT_RESP_ENV_NOT_JSON", "/env response is not JSON"}},
    Row{Status::otp_challenge_not_200,
        {"HTTPS_CLIENT_RESP_OTP_CHALLENGE_NOT_200", "otp challenge response is not http/200"}},
    Row{Status::otp_challenge_invalid,
        {"HTTPS_CLIENT_RESP_OTP_CHALLENGE_INVALID", "otp challenge response is invalid"}},
    Row{Status::otp_password_not_201,
        {"HTTPS_CLIENT_RESP_OTP_PASSWORD_NOT_201", "otp password response is not http/201"}},
    Row{Status::otp_password_empty, {"HTTPS_CLIENT_RESP_OTP_PASSWORD_EMPTY", "otp password response is empty"}},
    Row{Status::otp_password_not_json,
        {"HTTPS_CLIENT_RESP_OTP_PASSWORD_NOT_JSON", "otp password response is not JSON"}},
    Row{Status::otp_agent_not_claimed,
        {"HTTPS_CLIENT_RESP_OTP_AGENT_NOT_CLAIMED", "agent is not claimed (during otp)"}},
    Row{Status::otp_challenge_decryption_failed,
        {"HTTPS_CLIENT_RESP_OTP_CHALLENGE_DECRYPTION_FAILED", "otp challenge decryption failed"}},

    Row{Status::no_socket_error, {"ND_SOCK_ERR_NONE", "no socket error"}},
    Row{Status::connection_refused, {"ND_SOCK_ERR_CONNECTION_REFUSED", "connection refused"}},
    Row{Status::cannot_resolve, {"ND_SOCK_ERR_CANNOT_RESOLVE_HOSTNAME", "cannot resolve hostname"}},
    Row{Status::cannot_create_socket, {"ND_SOCK_ERR_CANNOT_CREATE_SOCKET", "cannot create socket"}},
    Row{Status::no_host, {"ND_SOCK_ERR_NO_HOST_IN_DEFINITION", "no host in definition"}},
    Row{Status::socket_poll_error, {"ND_SOCK_ERR_POLL_ERROR", "socket poll() error"}},
    Row{Status::socket_timeout, {"ND_SOCK_ERR_TIMEOUT", "timeout"}},
    Row{Status::cannot_establish_ssl,
        {"ND_SOCK_ERR_SSL_CANNOT_ESTABLISH_SSL_CONNECTION", "cannot establish SSL connection"}},
    Row{Status::invalid_ssl_certificate, {"ND_SOCK_ERR_SSL_INVALID_CERTIFICATE", "invalid SSL certification"}},
    Row{Status::failed_to_open_ssl, {"ND_SOCK_ERR_SSL_FAILED_TO_OPEN", "failed to open SSL"}},
    Row{Status::thread_cancelled, {"ND_SOCK_ERR_THREAD_CANCELLED", "thread cancelled"}},
    Row{Status::no_destination, {"ND_SOCK_ERR_NO_DESTINATION_AVAILABLE", "no destination available"}},
    Row{Status::socket_unknown_error, {"ND_SOCK_ERR_UNKNOWN_ERROR", "unknown error"}},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].status) != i) return false;
  return true;
}
static_assert(kRows.size() == kStatusCount && in_order(), "one row per Status, in its order");

}  // namespace

StatusText status_text(Status status) {
  const auto i = static_cast<std::size_t>(status);
  return kRows[i < kRows.size() ? i : static_cast<std::size_t>(Status::unknown_status)].text;
}

Status status_of(Errc code) {
  switch (code) {
    case Errc::dns:
      return Status::cannot_resolve;
    case Errc::tcp:
      return Status::connection_refused;
    case Errc::proxy:
      return Status::https_proxy_negotiation_failed;
    case Errc::tls:
      return Status::https_ssl_connect_failed;
    case Errc::timeout:
      return Status::https_timeout;
    case Errc::io:
      return Status::https_read_error;
    case Errc::parse:
    case Errc::too_big:
      return Status::https_parse_error;
    default:
      return Status::https_unknown_error;
  }
}

Status status_of(const net::Fault &fault) {
  using net::Cause;
  switch (fault.cause) {
    case Cause::dns:
      return Status::cannot_resolve;
    case Cause::refused:
      return Status::connection_refused;
    case Cause::unreachable:
      return Status::no_destination;
    case Cause::no_socket:
      return Status::cannot_create_socket;
    case Cause::timeout:
      return Status::socket_timeout;
    case Cause::proxy:
      return Status::https_proxy_negotiation_failed;
    case Cause::no_memory:
      return Status::https_no_mem;
    case Cause::write_failed:
      return Status::https_header_write_failed;
    case Cause::trust_store:
      return Status::https_no_ssl_verify_paths;
    case Cause::handshake:
      return Status::https_ssl_connect_failed;
    case Cause::certificate:
      return Status::invalid_ssl_certificate;
    case Cause::no_handshake:
    case Cause::other:
      break;
  }
  return fault.code == Errc::tcp ? Status::socket_unknown_error : status_of(fault.code);
}

}  // namespace aclk::login
