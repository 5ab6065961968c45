// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/transport/packet_meter.h"

#include <algorithm>

namespace aclk::transport {

bool PacketMeter::pass(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    switch (at_) {
      case At::type:
        at_ = At::length;
        shift_ = 0;
        left_ = 0;
        type_ = bytes[0];
        bytes = bytes.subspan(1);
        break;
      case At::length:
        if (shift_ > 21) return false;
        left_ |= static_cast<std::size_t>(bytes[0] & 0x7fU) << shift_;
        shift_ += 7;
        if ((bytes[0] & 0x80U) == 0) {
          ++packets_;
          newest_ = {type_, left_};
          if (left_ > max_) return false;
          at_ = left_ == 0 ? At::type : At::body;
        }
        bytes = bytes.subspan(1);
        break;
      case At::body: {
        const auto n = std::min(left_, bytes.size());
        left_ -= n;
        bytes = bytes.subspan(n);
        if (left_ == 0) at_ = At::type;
        break;
      }
    }
  }
  return true;
}

}  // namespace aclk::transport
