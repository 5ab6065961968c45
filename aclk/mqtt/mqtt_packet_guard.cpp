// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/mqtt_packet_guard.h"

#include <algorithm>
#include <array>

namespace aclk::mqtt {
namespace {

enum class PropertyKind : std::uint8_t { unknown, byte, two, four, variable, string, pair };

// MQTT 5, table 2-4.
constexpr auto kKinds = [] {
  std::array<PropertyKind, 0x2b> k{};
  for (const unsigned id : {0x01U, 0x17U, 0x19U, 0x24U, 0x25U, 0x28U, 0x29U, 0x2aU}) k.at(id) = PropertyKind::byte;
  for (const unsigned id : {0x13U, 0x21U, 0x22U, 0x23U}) k.at(id) = PropertyKind::two;
  for (const unsigned id : {0x02U, 0x11U, 0x18U, 0x27U}) k.at(id) = PropertyKind::four;
  for (const unsigned id : {0x03U, 0x08U, 0x09U, 0x12U, 0x15U, 0x16U, 0x1aU, 0x1cU, 0x1fU})
    k.at(id) = PropertyKind::string;
  k.at(0x0b) = PropertyKind::variable;
  k.at(0x26) = PropertyKind::pair;
  return k;
}();

constexpr unsigned kMaxDigits = 4;  // of a variable byte integer

constexpr bool is_publish(std::uint8_t type) { return type >> 4U == 3; }
constexpr bool is_puback(std::uint8_t type) { return type >> 4U == 4; }
// PUBREC, PUBREL, PUBCOMP; PINGREQ.
constexpr bool is_no_broker_s(std::uint8_t type) {
  const auto t = type >> 4U;
  return (t >= 5 && t <= 7) || t == 12;
}

}  // namespace

void MqttPropertyValidator::begin(std::uint8_t first) {
  at_ = At::rest;
  switch (first >> 4U) {
    case 2:  // CONNACK: flags, reason
    case 9:  // SUBACK, UNSUBACK: packet id
    case 11:
      return skip(2);
    case 3:  // PUBLISH: topic, packet id
      has_packet_id_ = (first & 6U) != 0;
      expect_number();
      at_ = At::topic_length;
      return;
    case 4:  // PUBACK, PUBREC, PUBREL, PUBCOMP: packet id, reason; both end the packet if nothing follows
    case 5:
    case 6:
    case 7:
      return skip(3);
    case 14:  // DISCONNECT, AUTH: reason
    case 15:
      return skip(1);
    default:
      return;
  }
}

bool MqttPropertyValidator::pass(std::span<const std::uint8_t> body) {
  for (const auto b : body) {
    if (at_ == At::rest) return true;
    if (!step(b)) return false;
  }
  return true;
}

void MqttPropertyValidator::expect_number() {
  number_ = 0;
  digits_ = 0;
}

void MqttPropertyValidator::skip(std::size_t bytes) {
  left_ = bytes;
  at_ = At::skipped;
  if (bytes > 0) return;
  expect_number();
  at_ = At::section_length;
}

void MqttPropertyValidator::end_value() {
  if (strings_ > 0) {
    --strings_;
    expect_number();
    at_ = At::string_length;
    return;
  }
  at_ = section_ == 0 ? At::rest : At::identifier;
}

// In one byte: no identifier needs more, and libmosquitto loses count of the section when it has more.
bool MqttPropertyValidator::identify(std::uint8_t b) {
  const auto kind = b < kKinds.size() ? kKinds.at(b) : PropertyKind::unknown;
  strings_ = kind == PropertyKind::pair ? 1 : 0;
  at_ = At::number;
  switch (kind) {
    case PropertyKind::byte:
      left_ = 1;
      return true;
    case PropertyKind::two:
      left_ = 2;
      return true;
    case PropertyKind::four:
      left_ = 4;
      return true;
    case PropertyKind::variable:
      expect_number();
      at_ = At::variable_number;
      return true;
    case PropertyKind::string:
    case PropertyKind::pair:
      expect_number();
      at_ = At::string_length;
      return true;
    case PropertyKind::unknown:
      break;
  }
  return false;
}

bool MqttPropertyValidator::step(std::uint8_t b) {
  if (at_ >= At::identifier) {
    if (section_ == 0) return false;
    --section_;
  }
  switch (at_) {
    case At::topic_length:
      number_ = number_ << 8U | b;
      if (++digits_ == 2) skip(number_ + (has_packet_id_ ? 2U : 0U));
      return true;
    case At::skipped:
      if (--left_ == 0) skip(0);
      return true;
    case At::section_length:
      number_ |= (b & 0x7fU) << 7U * digits_;
      if (++digits_ == kMaxDigits && b >= 0x80) return false;
      if (b >= 0x80) return true;
      section_ = number_;
      strings_ = 0;
      end_value();
      return true;
    case At::identifier:
      return identify(b);
    case At::variable_number:
      if (++digits_ == kMaxDigits && b >= 0x80) return false;
      if (b < 0x80) end_value();
      return true;
    case At::string_length:
      number_ = number_ << 8U | b;
      if (++digits_ < 2) return true;
      left_ = number_;
      at_ = At::string;
      if (left_ > section_) return false;
      if (left_ == 0) end_value();
      return true;
    case At::number:
    case At::string:
      if (--left_ == 0) end_value();
      return true;
    case At::rest:
      break;
  }
  return true;
}

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
