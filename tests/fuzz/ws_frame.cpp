// SPDX-License-Identifier: GPL-3.0-or-later
//
// Frames that we send (aclk/mqtt/outgoing_frames.h), against an independent reader: the first four bytes are the mask,
// the rest is the payload.
#include "aclk/mqtt/outgoing_frames.h"

#include <algorithm>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/mqtt/frame_reader.h"

void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto mask = bytes.substr(0, 4);
  const auto payload = bytes.substr(mask.size());
  mqtt::WsFrameWriter writer([&](std::span<std::uint8_t> to) {
    std::copy(mask.begin(), mask.end(), to.begin());
    return true;
  });
  std::vector<std::uint8_t> room(mqtt::frame_head_bytes(payload.size()));
  room.insert(room.end(), payload.begin(), payload.end());
  const auto frame = writer.binary(room, payload.size());
  require(frame.has_value() && frame->size() == room.size(), "it fits exactly");
  const auto read = test::read_client_frame(*frame);
  require(read.has_value(), "it is a frame");
  require(read->payload == payload && read->length == frame->size(), "with this payload");
}
