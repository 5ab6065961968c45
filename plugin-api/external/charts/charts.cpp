// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/charts/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include <nlohmann/json.hpp>

#include "proto/message_types.h"

namespace aclk::external {
namespace {

constexpr std::chrono::seconds kShortest{10};
// 2.x ends a plugin after 120 s of silence; half a minute leaves room for a machine that stutters.
constexpr std::chrono::seconds kSignOfLife{20};

using proto::MessageType;

enum class How : std::uint8_t {
  rate,   // what was added, per second
  minus,  // the same below the zero line
  added,  // what was added in the interval
  now,    // as it is
  mean,   // what was added to the key per what was added to the other
};

struct ChartLine {
  std::string id;
  std::string keys;  // of numbers to add up, separated by '+'; of a mean: sum/count; empty = always 0
  How how = How::rate;
  unsigned divisor = 1;
};

struct Chart {
  const char *id;
  const char *title;
  const char *units;
  const char *family;
  const char *type;
  unsigned priority;
  std::vector<ChartLine> lines;
};

// One line for each message type.
std::vector<ChartLine> by_type(std::string_view prefix, proto::Direction direction) {
  std::vector<ChartLine> lines;
  for (const auto &row : proto::kMessageTypes)
    if (row.direction == direction) lines.push_back({std::string(row.name), fmt::format("{}{}", prefix, row.name)});
  return lines;
}

std::vector<ChartLine> by_key(std::string_view prefix, std::initializer_list<const char *> names) {
  std::vector<ChartLine> lines;
  for (const char *n : names) lines.push_back({n, std::string(prefix) + n});
  return lines;
}

std::string sent(proto::MessageType type) { return fmt::format("sent.{}", proto::row_of(type).name); }

// As many as there are.
std::vector<ChartLine> threads(const Numbers &numbers) {
  std::vector<ChartLine> lines;
  constexpr std::string_view kPrefix = "query_thread.";
  for (auto n = lines.size(); numbers.contains(fmt::format("{}{}", kPrefix, n)); n = lines.size())
    lines.push_back({fmt::format("Query {}", n), fmt::format("{}{}", kPrefix, n)});
  return lines;
}

// aclk/report/README.md, "Statistics charts"; from 200020 on our own.
std::vector<Chart> charts(const Numbers &n) {
  constexpr const char *kAclk = "aclk";
  return {
      {"aclk_query_per_second",
       "ACLK Queries per second",
       "queries/s",
       kAclk,
       "area",
       200001,
       {{"added", "queries"}, {"dispatched", "replies", How::minus}}},
      {"aclk_latency_mqtt",
       "ACLK Message Publish Latency",
       "ms",
       kAclk,
       "line",
       200002,
       {{"avg", "latency_us/pubacks", How::mean, 1000}, {"max", "slowest_ack_us", How::now, 1000}}},
      {"aclk_cloud_req",
       "Requests received from cloud",
       "req/s",
       kAclk,
       "stacked",
       200005,
       {{"received", "queries"}, {"malformed", "queries_malformed"}}},
      {"aclk_processed_query_type",
       "Query thread commands processed by their type",
       "cmd/s",
       kAclk,
       "stacked",
       200006,
       {{"unknown", ""},
        {"http_api_request_v2", "queries"},
        {"register_node", sent(MessageType::create_node_instance)},
        {"node_state_update", sent(MessageType::update_node_instance_connection)},
        {"chart_and_dim_update", ""},
        {"chart_config_updated", ""},
        {"reset_chart_messages", ""},
        {"update_retention_info", ""},
        {"update_node_info", sent(MessageType::update_node_info)},
        {"alarm_log_health", sent(MessageType::alarm_log_entry)},
        {"provide_alarm_config", sent(MessageType::provide_alarm_configuration)},
        {"alarm_snapshot", sent(MessageType::alarm_snapshot)},
        {"update_node_collectors", sent(MessageType::update_node_collectors)},
        {"generic_binary_proto_message",
         sent(MessageType::contexts_snapshot) + "+" + sent(MessageType::contexts_updated)}}},
      {"aclk_cloud_req_http_type", "Requests received from cloud via HTTP by their type", "req/s", kAclk, "stacked",
       200007, by_key("query_type.", {"other", "info", "data", "alarms", "alarm_log", "chart", "charts"})},
      {"aclk_query_time",
       "Time it took to process cloud requested DB queries",
       "us",
       kAclk,
       "line",
       200008,
       {{"avg", "query_us/queries_forwarded", How::mean},
        {"max", "slowest_query_us", How::now},
        {"total", "query_us"}}},
      {"aclk_query_threads", "Queries Processed Per Thread", "req/s", kAclk, "stacked", 200009, threads(n)},
      {"aclk_protobuf_rx_types", "Received new cloud architecture messages by their type.", "msg/s", kAclk, "stacked",
       200010, by_type("received.", proto::Direction::from_cloud)},
      {"aclk_openssl_bytes",
       "Received and Sent bytes.",
       "B/s",
       kAclk,
       "stacked",
       200011,
       {{"sent", "bytes_out", How::minus}, {"received", "bytes_in"}}},
      {"aclk_sent_types", "Messages sent to the cloud by their type", "msg/s", kAclk, "stacked", 200020,
       by_type("sent.", proto::Direction::to_cloud)},
      {"aclk_sent_bytes", "Bytes of messages sent to the cloud by their type", "B/s", kAclk, "stacked", 200021,
       by_type("sent_bytes.", proto::Direction::to_cloud)},
      {"aclk_send_queue",
       "Messages on their way to the cloud",
       "messages",
       kAclk,
       "stacked",
       200022,
       {{"waiting", "queued", How::now}, {"unacknowledged", "unacknowledged", How::now}}},
      {"aclk_send_queue_bytes",
       "Bytes waiting to be sent to the cloud",
       "bytes",
       kAclk,
       "line",
       200023,
       {{"waiting", "queued_bytes", How::now}}},
      {"aclk_alerts_queue",
       "Alert transitions that the cloud has not acknowledged",
       "transitions",
       kAclk,
       "line",
       200024,
       {{"waiting", "alerts_waiting", How::now}}},
      {"aclk_connections",
       "Connections made to the cloud",
       "connections",
       kAclk,
       "line",
       200025,
       {{"made", "connects", How::added}}},
      {"aclk_offline_time",
       "Time since the link to the cloud was lost",
       "seconds",
       kAclk,
       "line",
       200026,
       {{"offline", "offline_s", How::now}}},
  };
}

std::uint64_t value(const Numbers &n, std::string_view key) {
  const auto it = n.find(key);
  return it == n.end() ? 0 : it->second;
}

std::uint64_t added(const Numbers &now, const Numbers &before, std::string_view keys) {
  std::uint64_t sum = 0;
  while (!keys.empty()) {
    const auto key = keys.substr(0, keys.find('+'));
    keys.remove_prefix(std::min(keys.size(), key.size() + 1));
    const auto a = value(now, key);
    const auto b = value(before, key);
    sum += a >= b ? a - b : a;
  }
  return sum;
}

std::uint64_t value_of(const ChartLine &line, const Numbers &now, const Numbers &before) {
  const std::string_view keys = line.keys;
  if (line.how == How::now) return value(now, keys);
  if (line.how != How::mean) return added(now, before, keys);
  const auto slash = keys.find('/');
  const auto count = added(now, before, keys.substr(slash + 1));
  return count == 0 ? 0 : added(now, before, keys.substr(0, slash)) / count;
}

}  // namespace

std::chrono::seconds chart_interval(std::chrono::seconds update_every) { return std::max(update_every, kShortest); }

StatusChart::StatusChart(std::chrono::seconds update_every) : every_(chart_interval(update_every)) {}

void StatusChart::set_online(bool online) {
  online_ = online;
  if (!online) was_offline_ = true;
}

std::optional<std::string> StatusChart::take(Time now) {
  if (now < next_) return std::nullopt;
  std::string out;
  if (silent_ || now < next_value_) {
    out = "\n";
    next_ = now + kSignOfLife;
  } else {
    if (!defined_)
      out = fmt::format(
          "CHART netdata.aclk_status \"\" \"ACLK/Cloud connection status\" connected aclk netdata.aclk_status line "
          "200000 {} \"\" aclk.plugin \"\"\nDIMENSION online \"\" absolute 1 1\n",
          every_.count());
    defined_ = true;
    out += fmt::format("BEGIN netdata.aclk_status\nSET online = {}\nEND\n", online_ && !was_offline_ ? 1 : 0);
    was_offline_ = !online_;
    next_value_ = now + every_;
    next_ = now + std::min(every_, kSignOfLife);
  }
  if (!silent_) next_ = std::min(next_, std::max(next_value_, now));
  return out;
}

std::vector<ChartText> StatisticsCharts::take(const Numbers &now) {
  std::vector<ChartText> out;
  if (now.empty()) return out;  // no link: there is nothing to tell
  // An agent takes the first value of a chart as where it begins, and shows it to nobody.
  const auto &before = begun_ ? before_ : now;
  for (const auto &c : charts(now)) {
    if (c.lines.empty()) continue;
    ChartText t;
    t.definition =
        fmt::format("CHART netdata.{0} \"\" \"{1}\" \"{2}\" \"{3}\" netdata.{0} {4} {5} {6} \"\" aclk.plugin stats\n",
                    c.id, c.title, c.units, c.family, c.type, c.priority, every_.count());
    t.values = fmt::format("BEGIN netdata.{}\n", c.id);
    for (const auto &line : c.lines) {
      const bool per_second = line.how == How::rate || line.how == How::minus;
      t.definition += fmt::format("DIMENSION \"{}\" \"\" absolute {} {}\n", line.id, line.how == How::minus ? -1 : 1,
                                  line.divisor * (per_second ? static_cast<std::uint64_t>(every_.count()) : 1));
      t.values += fmt::format("SET \"{}\" = {}\n", line.id, value_of(line, now, before));
    }
    t.values += "END\n";
    out.push_back(std::move(t));
  }
  if (begun_) before_ = now;
  begun_ = true;
  return out;
}

Numbers parse_numbers(std::string_view json) {
  Numbers n;
  const auto j = nlohmann::json::parse(json, nullptr, false);
  if (!j.is_object()) return n;
  for (const auto &[key, v] : j.items())
    if (v.is_number_unsigned()) n.emplace(key, v.get<std::uint64_t>());
  return n;
}

}  // namespace aclk::external
