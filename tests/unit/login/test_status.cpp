// SPDX-License-Identifier: GPL-3.0-or-later
//
// aclk/session/README.md, "Status codes", row by row: users search for these words.
#include "aclk/login/status.h"

#include <map>
#include <set>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/login/suites.h"

namespace aclk::test {
namespace test_status {
namespace {

using login::Status;
using login::status_text;

// Symbol -> text, copied from the three tables, not from the code.
const std::map<std::string, std::string> kTables{
    {"ACLK_STATUS_CONNECTED", "connected"},
    {"ACLK_STATUS_OFFLINE", "offline"},
    {"ACLK_STATUS_DISABLED", "disabled"},
    {"ACLK_STATUS_CANT_CONNECT_NO_CLOUD_URL", "configuration error, no cloud url"},
    {"ACLK_STATUS_CANT_CONNECT_INVALID_CLOUD_URL", "configuration error, invalid cloud url"},
    {"ACLK_STATUS_BLOCKED", "agent is blocked"},
    {"ACLK_STATUS_NO_OLD_PROTOCOL", "can't connect, old protocol not supported"},
    {"ACLK_STATUS_NO_PROTOCOL_CAPABILITY", "can't connect, protocol capability not supported"},
    {"ACLK_STATUS_INVALID_ENV_AUTH_URL", "can't connect, invalid /env auth url"},
    {"ACLK_STATUS_INVALID_ENV_TRANSPORT_IDX", "can't connect, invalid /env transport idx"},
    {"ACLK_STATUS_INVALID_ENV_TRANSPORT_URL", "can't connect, invalid /env transport URL"},
    {"ACLK_STATUS_NO_LWT_TOPIC", "can't connect, no LWT topic"},
    {"ACLK_STATUS_OFFLINE_CLOUD_REQUESTED_DISCONNECT", "disconnected, due to remote request"},
    {"ACLK_STATUS_OFFLINE_PING_TIMEOUT", "disconnected, ping timed out"},
    {"ACLK_STATUS_OFFLINE_RELOADING_CONFIG", "disconnected, to reload config"},
    {"ACLK_STATUS_OFFLINE_POLL_ERROR", "disconnected, poll() failed"},
    {"ACLK_STATUS_OFFLINE_CLOSED_BY_REMOTE", "disconnected, closed by remote end"},
    {"ACLK_STATUS_OFFLINE_SOCKET_ERROR", "disconnected, socket error"},
    {"ACLK_STATUS_OFFLINE_MQTT_PROTOCOL_ERROR", "disconnected, MQTT protocol error"},
    {"ACLK_STATUS_OFFLINE_WS_PROTOCOL_ERROR", "disconnected, WebSockets protocol error"},
    {"ACLK_STATUS_OFFLINE_MESSAGE_TOO_BIG", "disconnected, message too big"},
    {"HTTPS_CLIENT_RESP_OK", "ok"},
    {"HTTPS_CLIENT_RESP_UNKNOWN_ERROR", "unknown error"},
    {"HTTPS_CLIENT_RESP_NO_MEM", "not enough memory"},
    {"HTTPS_CLIENT_RESP_NONBLOCK_FAILED", "cannot set socket to non-blocking mode"},
    {"HTTPS_CLIENT_RESP_PROXY_NEGOTIATION_FAILED", "proxy negotiation failed"},
    {"HTTPS_CLIENT_RESP_NO_SSL_CTX", "cannot create SSL ctx"},
    {"HTTPS_CLIENT_RESP_NO_SSL_VERIFY_PATHS", "cannot set SSL verify paths"},
    {"HTTPS_CLIENT_RESP_NO_SSL_NEW", "cannot create SSL"},
    {"HTTPS_CLIENT_RESP_NO_TLS_SNI", "cannot set TLS SNI"},
    {"HTTPS_CLIENT_RESP_SSL_CONNECT_FAILED", "SSL_connect() failed"},
    {"HTTPS_CLIENT_RESP_SSL_START_FAILED", "cannot start SSL connection"},
    {"HTTPS_CLIENT_RESP_UNKNOWN_REQUEST_TYPE", "unknown https client request type"},
    {"HTTPS_CLIENT_RESP_HEADER_WRITE_FAILED", "https client failed to write http header"},
    {"HTTPS_CLIENT_RESP_PAYLOAD_WRITE_FAILED", "https client failed to write http payload"},
    {"HTTPS_CLIENT_RESP_POLL_ERROR", "https client poll() error"},
    {"HTTPS_CLIENT_RESP_TIMEOUT", "https client timeout"},
    {"HTTPS_CLIENT_RESP_READ_ERROR", "https client read error"},
    {"HTTPS_CLIENT_RESP_PARSE_ERROR", "https client parsing of response failed"},
    {"HTTPS_CLIENT_RESP_ENV_AGENT_NOT_CLAIMED", "agent is not claimed (during /env)"},
    {"HTTPS_CLIENT_RESP_ENV_NOT_200", "/env response code is not 200"},
    {"HTTPS_CLIENT_RESP_ENV_EMPTY", "/env response is empty"},
    {"HTTPS_CLIENT_RESP_ENV_NOT_JSON", "/env response is not JSON"},
    {"HTTPS_CLIENT_RESP_OTP_CHALLENGE_NOT_200", "otp challenge response is not http/200"},
    {"HTTPS_CLIENT_RESP_OTP_CHALLENGE_INVALID", "otp challenge response is invalid"},
    {"HTTPS_CLIENT_RESP_OTP_PASSWORD_NOT_201", "otp password response is not http/201"},
    {"HTTPS_CLIENT_RESP_OTP_PASSWORD_EMPTY", "otp password response is empty"},
    {"HTTPS_CLIENT_RESP_OTP_PASSWORD_NOT_JSON", "otp password response is not JSON"},
    {"HTTPS_CLIENT_RESP_OTP_AGENT_NOT_CLAIMED", "agent is not claimed (during otp)"},
    {"HTTPS_CLIENT_RESP_OTP_CHALLENGE_DECRYPTION_FAILED", "otp challenge decryption failed"},
};

const std::set<std::string> kSocketTexts{
    "no socket error",  "connection refused",    "cannot resolve hostname",   "cannot create socket",
    "timeout",          "no host in definition", "socket poll() error",       "cannot establish SSL connection",
    "thread cancelled", "failed to open SSL",    "invalid SSL certification", "no destination available",
    "unknown error"};

std::string status__every_row_of_the_tables__is_there_with_its_text() {
  std::map<std::string, std::string> ours;
  std::set<std::string> sockets;
  for (std::size_t i = 0; i < login::kStatusCount; ++i) {
    const auto t = status_text(static_cast<Status>(i));
    EXPECT(ours.emplace(t.symbol, t.text).second);
    if (t.symbol.starts_with("ND_SOCK_ERR_")) sockets.emplace(t.text);
  }
  for (const auto &[symbol, text] : kTables) EXPECT_EQ(ours[symbol], text);
  EXPECT(sockets == kSocketTexts);
  EXPECT_EQ(ours.size(), kTables.size() + kSocketTexts.size() + 1);  // and `unknown status`
  return {};
}

std::string status__of_no_row__is_unknown() {
  EXPECT_EQ(status_text(static_cast<Status>(250)).text, "unknown status");
  return {};
}

std::string status__of_https_errors__is_the_nearest_row() {
  EXPECT_EQ(status_text(login::status_of(Errc::dns)).text, "cannot resolve hostname");
  EXPECT_EQ(status_text(login::status_of(Errc::tcp)).text, "connection refused");
  EXPECT_EQ(status_text(login::status_of(Errc::proxy)).text, "proxy negotiation failed");
  EXPECT_EQ(status_text(login::status_of(Errc::tls)).text, "SSL_connect() failed");
  EXPECT_EQ(status_text(login::status_of(Errc::timeout)).text, "https client timeout");
  EXPECT_EQ(status_text(login::status_of(Errc::io)).text, "https client read error");
  EXPECT_EQ(status_text(login::status_of(Errc::parse)).text, "https client parsing of response failed");
  EXPECT_EQ(status_text(login::status_of(Errc::too_big)).text, "https client parsing of response failed");
  EXPECT_EQ(status_text(login::status_of(Errc::crypto)).text, "unknown error");
  return {};
}

std::string status__of_true_causes__is_their_row() {
  using net::Cause;
  using net::Fault;
  const auto text = [](Errc code, Cause cause) { return status_text(login::status_of(Fault({code, ""}, cause))).text; };
  EXPECT_EQ(text(Errc::tcp, Cause::refused), "connection refused");
  EXPECT_EQ(text(Errc::tcp, Cause::unreachable), "no destination available");
  EXPECT_EQ(text(Errc::tcp, Cause::no_socket), "cannot create socket");
  EXPECT_EQ(text(Errc::tcp, Cause::timeout), "timeout");
  EXPECT_EQ(text(Errc::tcp, Cause::other), "unknown error");
  EXPECT_EQ(text(Errc::timeout, Cause::timeout), "timeout");
  EXPECT_EQ(text(Errc::timeout, Cause::other), "https client timeout");
  EXPECT_EQ(text(Errc::timeout, Cause::dns), "cannot resolve hostname");
  EXPECT_EQ(text(Errc::proxy, Cause::proxy), "proxy negotiation failed");
  EXPECT_EQ(text(Errc::tls, Cause::certificate), "invalid SSL certification");
  EXPECT_EQ(text(Errc::tls, Cause::handshake), "SSL_connect() failed");
  EXPECT_EQ(text(Errc::tls, Cause::trust_store), "cannot set SSL verify paths");
  EXPECT_EQ(text(Errc::unavailable, Cause::no_memory), "not enough memory");
  EXPECT_EQ(text(Errc::io, Cause::write_failed), "https client failed to write http header");
  EXPECT_EQ(text(Errc::io, Cause::other), "https client read error");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(status__every_row_of_the_tables__is_there_with_its_text),
    ACLK_TEST(status__of_no_row__is_unknown),
    ACLK_TEST(status__of_https_errors__is_the_nearest_row),
    ACLK_TEST(status__of_true_causes__is_their_row),
};

}  // namespace
}  // namespace test_status

int status_suite() { return cmocka_run_group_tests_name("status", test_status::tests, nullptr, nullptr); }

}  // namespace aclk::test
