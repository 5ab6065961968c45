// SPDX-License-Identifier: GPL-3.0-or-later
//
// PUBLISH packets (MQTT 5, 3.3) of ours until their bytes are taken. A payload stays where it is: libmosquitto would
// copy it twice, and have it carried through its socket (aclk/mqtt/README.md, "Publishing"). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "claim/base/bytes.h"

namespace aclk::mqtt {

struct PublishFields {
  std::string_view topic;       // empty when the alias alone says it; at most 65 535 bytes
  std::uint16_t alias = 0;      // 0 = none
  std::uint16_t packet_id = 0;  // 0 = QoS 0
};

// All of the packet that stands before its payload. Not retained, not a duplicate.
[[nodiscard]] std::string publish_head(const PublishFields &fields, std::size_t payload_bytes);

class PublishQueue {
 public:
  void push(std::string head, Bytes payload);
  // Bytes of the first packet have been taken, and not all.
  [[nodiscard]] bool begun() const { return taken_ > 0; }
  // Takes bytes of the first packet, as many as there are and fit. 0: there is none.
  [[nodiscard]] std::size_t take(std::span<std::uint8_t> into);

 private:
  struct Packet {
    std::string head;
    Bytes payload;
  };
  std::deque<Packet> packets_;
  std::size_t taken_ = 0;  // of the first
};

}  // namespace aclk::mqtt
