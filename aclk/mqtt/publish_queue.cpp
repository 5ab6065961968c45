// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/publish_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace aclk::mqtt {
namespace {

constexpr std::uint8_t kPublish = 0x30;
constexpr std::uint8_t kQos1 = 0x02;
constexpr std::uint8_t kTopicAlias = 0x23;

void put_two(std::string &to, std::size_t n) {
  to += static_cast<char>(n >> 8U & 0xffU);
  to += static_cast<char>(n & 0xffU);
}

// A variable byte integer (MQTT 5, 1.5.5).
void put_length(std::string &to, std::size_t n) {
  do {
    to += static_cast<char>((n & 0x7fU) | (n >= 0x80U ? 0x80U : 0U));
    n >>= 7U;
  } while (n > 0);
}

}  // namespace

std::string publish_head(const PublishFields &f, std::size_t payload_bytes) {
  const bool qos1 = f.packet_id != 0;
  const std::size_t properties = f.alias != 0 ? 3 : 0;
  std::string out;
  out.reserve(f.topic.size() + 16);
  out += static_cast<char>(qos1 ? kPublish | kQos1 : kPublish);
  put_length(out, 2 + f.topic.size() + (qos1 ? 2U : 0U) + 1 + properties + payload_bytes);
  put_two(out, f.topic.size());
  out += f.topic;
  if (qos1) put_two(out, f.packet_id);
  put_length(out, properties);
  if (f.alias != 0) {
    out += static_cast<char>(kTopicAlias);
    put_two(out, f.alias);
  }
  return out;
}

void PublishQueue::push(std::string head, Bytes payload) { packets_.push_back({std::move(head), std::move(payload)}); }

std::size_t PublishQueue::take(std::span<std::uint8_t> into) {
  if (packets_.empty()) return 0;
  const auto &p = packets_.front();
  std::size_t got = 0;
  for (std::size_t before = 0; const auto part : {std::string_view(p.head), p.payload.view()}) {
    const auto from = std::min(part.size(), taken_ + got - std::min(taken_ + got, before));
    const auto n = std::min(part.size() - from, into.size() - got);
    if (n > 0)
      std::memcpy(into.data() + got, part.data() + from, n);  // std::copy goes from char to uint8_t byte by byte
    got += n;
    before += part.size();
  }
  taken_ += got;
  if (taken_ == p.head.size() + p.payload.size()) {
    packets_.pop_front();
    taken_ = 0;
  }
  return got;
}

}  // namespace aclk::mqtt
