// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/mqtt_packet_guard.h"

#include <algorithm>

namespace aclk::mqtt {
namespace {

constexpr bool is_publish(std::uint8_t type) { return type >> 4U == 3; }
constexpr bool is_puback(std::uint8_t type) { return type >> 4U == 4; }
// PUBREC, PUBREL, PUBCOMP; PINGREQ.
constexpr bool is_no_broker_s(std::uint8_t type) {
  const auto t = type >> 4U;
  return (t >= 5 && t <= 7) || t == 12;
}

}  // namespace

void MqttPacketGuard::complete() {
  at_ = At::type;
  if (is_publish(type_)) ++publishes_;
  if (is_publish(type_) && (type_ >> 1U & 3U) != 0) ++to_acknowledge_;
  if (is_puback(type_)) ++acknowledgements_;
  // One without an id is malformed: libmosquitto says so.
  if (is_puback(type_) && puback_bytes_ >= 2) pubacks_.push_back(puback_);
}

void MqttPacketGuard::note_puback(std::span<const std::uint8_t> body) {
  for (const auto b : body) {
    if (puback_bytes_ == 3) return;
    if (puback_bytes_++ < 2)
      puback_.packet_id = puback_.packet_id << 8 | b;
    else
      puback_.reason = b;
  }
}

bool MqttPacketGuard::pass(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    switch (at_) {
      case At::type:
        at_ = At::length;
        shift_ = 0;
        left_ = 0;
        type_ = bytes[0];
        if (type_ >> 4U == 0) {
          newest_ = {type_, 0};
          return refuse(Trouble::type_0);
        }
        if (most_qos_ < 2 && is_no_broker_s(type_)) {
          newest_ = {type_, 0};
          return refuse(Trouble::role);
        }
        if (is_publish(type_) && (type_ >> 1U & 3U) > most_qos_) return refuse(Trouble::qos);
        bytes = bytes.subspan(1);
        break;
      case At::length:
        if (shift_ > 21) return refuse(Trouble::malformed);
        left_ |= static_cast<std::size_t>(bytes[0] & 0x7fU) << shift_;
        shift_ += 7;
        if ((bytes[0] & 0x80U) == 0) {
          ++packets_;
          newest_ = {type_, left_};
          if (left_ > max_) return refuse(Trouble::too_large);
          at_ = At::body;
          properties_.begin(type_);
          puback_ = {};
          puback_bytes_ = 0;
          if (left_ == 0) complete();
        }
        bytes = bytes.subspan(1);
        break;
      case At::body: {
        const auto n = std::min(left_, bytes.size());
        if (!properties_.pass(bytes.first(n))) return refuse(Trouble::property);
        if (is_puback(type_) && most_qos_ < 2) note_puback(bytes.first(n));
        left_ -= n;
        bytes = bytes.subspan(n);
        if (left_ == 0) complete();
        break;
      }
    }
  }
  return true;
}

}  // namespace aclk::mqtt
