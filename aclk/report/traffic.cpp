// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/report/traffic.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <system_error>

#include <nlohmann/json.hpp>

#include "proto/message_types.h"

namespace aclk::report {
namespace {

using Json = nlohmann::ordered_json;
using proto::MessageType;

constexpr std::size_t kMaxTypeName = 64;
constexpr std::string_view kQuery = proto::row_of(MessageType::cmd).name;
constexpr std::string_view kQueryReply = proto::row_of(MessageType::query_reply).name;

TypeTraffic &entry(Traffic::Types &types, std::string_view type) {
  const auto it = types.find(type);
  if (it != types.end()) return it->second;
  const bool full = types.size() + 1 >= Traffic::kMaxTypes || type.size() > kMaxTypeName;
  return types[std::string(full ? kOtherTypes : type)];
}

void note(TypeTraffic &t, std::string_view type, std::string_view payload, std::int64_t now_us) {
  ++t.count;
  t.bytes += payload.size();
  t.last_us = now_us;
  t.last_bytes = payload.size();
  if (type == kQueryReply)
    t.last = payload.substr(0, Traffic::kMaxKeptReply);
  else if (payload.size() <= Traffic::kMaxKept)
    t.last = payload;
  else
    t.last.clear();
}

std::string utc(std::int64_t us) {
  const auto s = static_cast<std::time_t>(us / 1'000'000);
  std::tm tm{};
  gmtime_r(&s, &tm);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", tm, us / 1000 % 1000);
}

// JSON header and HTTP head of a reply, without its body.
std::string_view heads(std::string_view reply) {
  const auto json = reply.find("\r\n\r\n");
  if (json == std::string_view::npos) return reply;
  const auto http = reply.find("\r\n\r\n", json + 4);
  return reply.substr(0, http);
}

Json in_clear(std::string_view type, std::string_view payload) {
  if (type == kQuery) return Json(payload);
  if (type == kQueryReply) return Json(heads(payload.substr(0, Traffic::kMaxKeptReply)));
  const auto text = proto::message_json(type, payload);
  return text.empty() ? Json(nullptr) : Json::parse(text, nullptr, false);
}

Json types_json(const Traffic::Types &types, proto::Direction direction) {
  auto list = Json::array();
  for (const auto &[type, t] : types) {
    Json o;
    o["type"] = type;
    o["count"] = t.count;
    o["bytes"] = t.bytes;
    if (direction == proto::Direction::to_cloud) {
      o["confirmed"] = t.confirmed;
      o["failed"] = t.failed;
    }
    o["last-utc"] = utc(t.last_us);
    o["last-bytes"] = t.last_bytes;
    o["last"] = t.last.empty() && t.last_bytes > 0 ? Json(nullptr) : in_clear(type, t.last);
    list.push_back(std::move(o));
  }
  return list;
}

constexpr mode_t kMode = 0640;  // as the agent's logs

bool same_file(int fd, const std::filesystem::path &path) {
  struct stat open {};
  struct stat there {};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &there) == 0 && open.st_dev == there.st_dev &&
         open.st_ino == there.st_ino;
}

}  // namespace

void Traffic::sending(std::string_view type, std::string_view payload, std::int64_t now_us) {
  note(entry(sent_, type), type, payload, now_us);
}

void Traffic::ended(std::string_view type, mqtt::Delivery how) {
  auto &t = entry(sent_, type);
  ++(how == mqtt::Delivery::acked ? t.confirmed : t.failed);
}

void Traffic::received(std::string_view type, std::string_view payload, std::int64_t now_us) {
  note(entry(received_, type), type, payload, now_us);
}

std::string traffic_json(const Traffic &traffic, std::int64_t since_s) {
  Json j;
  j["since-utc"] = utc(since_s * 1'000'000);
  j["sent"] = types_json(traffic.sent(), proto::Direction::to_cloud);
  j["received"] = types_json(traffic.received(), proto::Direction::from_cloud);
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string conversation_line(proto::Direction direction, std::string_view type, std::string_view payload,
                              std::int64_t now_us) {
  Json j;
  j["time"] = utc(now_us);
  j["direction"] = direction == proto::Direction::to_cloud ? "sent" : "received";
  j["type"] = type.substr(0, kMaxTypeName);
  j["bytes"] = payload.size();
  j["message"] = in_clear(type, payload);
  return j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool ConversationLog::open() {
  fd_.reset(::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kMode));
  struct stat st {};
  // A pipe or a device has no place here: it could make the link wait.
  if (!fd_ || ::fstat(fd_.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
    fd_.reset();
    return false;
  }
  bytes_ = static_cast<std::size_t>(st.st_size);
  return true;
}

bool ConversationLog::write(std::string_view line) {
  if (fd_ && !same_file(fd_.get(), file_)) fd_.reset();
  if (!fd_ && !open()) return false;
  if (bytes_ > 0 && bytes_ + line.size() > max_bytes_) {
    auto old = file_;
    old += ".1";
    std::error_code failed;
    std::filesystem::rename(file_, old, failed);
    if (failed || !open()) return false;
  }
  const auto n = ::write(fd_.get(), line.data(), line.size());
  if (n > 0) bytes_ += static_cast<std::size_t>(n);
  return n == static_cast<ssize_t>(line.size());
}

Numbers numbers(const Sources &from) {
  const auto &s = from.session;
  const auto &q = from.queries;
  Numbers n{{"online", s.online ? 1 : 0},
            {"connects", s.connects},
            {"bytes_in", s.totals.bytes_in},
            {"bytes_out", s.totals.bytes_out},
            {"pubacks", s.totals.pubacks},
            {"latency_us", s.totals.latency_us},
            {"slowest_ack_us", from.slowest_ack_us},
            {"queued", s.queued},
            {"queued_bytes", s.queued_bytes},
            {"unacknowledged", s.pending_pubacks},
            {"alerts_waiting", from.alerts_waiting},
            {"queries_waiting", from.queries_waiting},
            {"queries_running", from.queries_running},
            {"queries", q.received},
            {"queries_malformed", q.malformed},
            {"queries_forwarded", q.forwarded},
            {"queries_unanswered", q.unanswered},
            {"replies", q.replies},
            {"query_us", q.host_us},
            {"slowest_query_us", from.slowest_query_us},
            {"query_type.other", q.types.other},
            {"query_type.info", q.types.info},
            {"query_type.data", q.types.data},
            {"query_type.alarms", q.types.alarms},
            {"query_type.alarm_log", q.types.alarm_log},
            {"query_type.chart", q.types.chart},
            {"query_type.charts", q.types.charts}};
  for (std::size_t i = 0; i < s.totals.latency.size(); ++i) n[fmt::format("latency.{}", i)] = s.totals.latency.at(i);
  for (std::size_t i = 0; i < q.per_thread.size(); ++i) n[fmt::format("query_thread.{}", i)] = q.per_thread[i];
  for (const auto &[type, t] : from.traffic.sent()) {
    n["sent." + type] = t.count;
    n["sent_bytes." + type] = t.bytes;
  }
  for (const auto &[type, t] : from.traffic.received()) n["received." + type] = t.count;
  return n;
}

std::string numbers_json(const Numbers &numbers) {
  return nlohmann::json(numbers).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace aclk::report
