// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/session_log.h"

#include <fmt/format.h>

#include <utility>

#include "aclk/loop/clock.h"

namespace aclk::session {
namespace {

using login::Status;
using mqtt::ConnectionEnd;

std::string kind(Status status, const std::string &sentence) {
  return fmt::format("{}: {}", login::status_text(status).text, sentence);
}

std::string next_text(const Step &next) {
  if (next.act != Do::wait) return "and no further one for now";
  return "the next in " + duration_text(std::chrono::ceil<std::chrono::seconds>(next.wait));
}

}  // namespace

std::vector<Line> lines_of(const ConnectionEnd &end, const Url &endpoint, Ended what) {
  using Kind = ConnectionEnd::Kind;
  std::vector<Line> lines;
  const auto add = [&](std::string text, naclk_log_level level = NACLK_LOG_ERROR) {
    lines.push_back({level, std::move(text)});
  };
  switch (end.kind) {
    case Kind::by_us:
      return {};
    case Kind::connack:
      add(fmt::format("MQTT CONNACK returned error {}", end.mqtt_reason));
      break;
    case Kind::by_server:
      add(fmt::format("Got MQTT DISCONNECT control packet from server. Reason code: {}", end.mqtt_reason));
      break;
    case Kind::upgrade:
      if (end.http_status != 0 && end.http_status != 101)
        add(fmt::format("ACLK: HTTP return code not 101. Received {} with msg \"{}\".", end.http_status,
                        end.http_reason));
      break;
    case Kind::closed_by_remote:
      if (!end.ws_code) add("ACLK: WebSocket server closed the connection without giving reason.");
      break;
    case Kind::ping_timeout:
      add("Going to restart connection due to \"ping timeout\"", NACLK_LOG_NOTICE);
      break;
    case Kind::dial:
      add(fmt::format("Could not connect to remote endpoint \"{}\", port {}.", endpoint.host, endpoint.port));
      break;
    case Kind::tls:
      add("Failed to start SSL connection");
      break;
    default:
      break;
  }
  add(end.error.what);
  add(what == Ended::connection ? "Connection Error or Dropped" : "ACLK: connection failed");
  return lines;
}

Outage::Moment OutageLog::moment() { return {loop::now(), loop::wall_us() / 1'000'000}; }

void OutageLog::note(const std::string &line) {
  if (outage_.first(line)) log_.info("{}", line);
}

void OutageLog::say(const std::vector<Line> &lines) {
  for (const auto &line : std::exchange(held_, {})) log_.error("{}", line);
  for (const auto &line : lines) {
    if (line.level == NACLK_LOG_NOTICE)
      log_.notice("{}", line.text);
    else
      log_.error("{}", line.text);
  }
}

void OutageLog::logged_in() {
  for (const auto &line : std::exchange(held_, {}))
    if (outage_.first(line)) log_.error("{}", line);
}

OutageLog::Tell OutageLog::failed(Status status, const std::string &sentence, const std::vector<Line> &lines) {
  const auto tell = outage_.failed(kind(status, sentence), clock_());
  if (tell == Tell::in_full) say(lines);
  held_.clear();
  return tell;
}

OutageLog::Tell OutageLog::lost(Status status, const std::string &sentence, const std::vector<Line> &lines) {
  outage_.lost(kind(status, sentence), clock_());
  say(lines);
  return Tell::in_full;
}

void OutageLog::conclude(Tell tell, const std::string &sentence, Status now, const Step &next) {
  if (tell == Tell::in_full) status(now);
  if (tell == Tell::summary)
    log_.error("ACLK: still not connected: {}; {}, {}", sentence, outage_.tally(clock_()), next_text(next));
}

void OutageLog::connected() {
  if (const auto how = outage_.over(clock_())) log_.info("ACLK: connected {}", *how);
}

void OutageLog::status(Status now) {
  const auto text = login::status_text(now).text;
  if (now == Status::connected)
    log_.info("Netdata Cloud, ACLK connection status: {}", text);
  else
    log_.error("Netdata Cloud, ACLK connection status: {}", text);
}

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
