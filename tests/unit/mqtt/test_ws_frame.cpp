// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/outgoing_frames.h"

#include <set>
#include <vector>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/mqtt/frame_reader.h"
#include "tests/unit/mqtt/tests.h"
#include "tests/unit/random_steps.h"

namespace test_ws_frame {
using namespace aclk;
using namespace aclk::mqtt;

namespace {

// `payload` at the end of a buffer whose bytes before it are 0xee.
struct Framed {
  std::vector<std::uint8_t> buffer;
  std::optional<std::span<std::uint8_t>> frame;
};
Framed framed(WsFrameWriter &writer, const std::string &payload, std::size_t before = 40) {
  Framed f;
  f.buffer.assign(before, 0xee);
  f.buffer.insert(f.buffer.end(), payload.begin(), payload.end());
  f.frame = writer.binary(f.buffer, payload.size());
  return f;
}

std::string frame__each_form_of_the_length__is_read_back_by_an_independent_reader() {
  WsFrameWriter writer;
  for (const std::size_t size : {0U, 1U, 3U, 7U, 8U, 9U, 125U, 126U, 127U, 16'376U, 65'535U, 65'536U, 65'537U}) {
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload += static_cast<char>(i * 7);
    const auto f = framed(writer, payload);
    EXPECT(f.frame);
    const auto read = test::read_client_frame(*f.frame);
    EXPECT(read);
    EXPECT(read->payload == payload);
    EXPECT_EQ(read->length, f.frame->size());
    EXPECT_EQ(f.frame->size(), frame_head_bytes(size) + size);
    // At the end of the room, and nothing before it was touched.
    EXPECT(f.frame->data() + f.frame->size() == f.buffer.data() + f.buffer.size());
    for (std::size_t i = 0; i < f.buffer.size() - f.frame->size(); ++i) EXPECT_EQ(f.buffer[i], 0xee);
  }
  return {};
}

std::string frame__random_payloads_one_behind_the_other__are_a_stream_that_reads_back() {
  return test::for_each_seed([](std::uint64_t seed) -> std::string {
    test::Random random(seed);
    WsFrameWriter writer;
    std::string all;
    std::vector<std::uint8_t> stream;
    for (std::uint64_t n = random.below(4); n-- > 0;) {
      std::string payload(random.below(300), '\0');
      for (auto &c : payload) c = static_cast<char>(random());
      const auto f = framed(writer, payload, frame_head_bytes(payload.size()));
      EXPECT(f.frame);
      all += payload;
      stream.insert(stream.end(), f.frame->begin(), f.frame->end());
    }
    std::string read;
    for (std::span<const std::uint8_t> rest(stream); !rest.empty();) {
      const auto f = test::read_client_frame(rest);
      EXPECT(f);
      read += f->payload;
      rest = rest.subspan(f->length);
    }
    EXPECT(read == all);
    return {};
  });
}

std::string frame__masks__are_new_for_each_frame_and_from_few_calls_of_the_source() {
  int calls = 0;
  std::uint32_t next = 1;
  WsFrameWriter writer([&](std::span<std::uint8_t> to) {
    ++calls;
    for (auto &b : to) b = static_cast<std::uint8_t>((next = next * 1664525U + 1013904223U) >> 24U);
    return true;
  });
  std::set<std::uint32_t> masks;
  for (int i = 0; i < 1000; ++i) masks.insert(test::read_client_frame(*framed(writer, "x").frame)->mask);
  EXPECT_EQ(masks.size(), 1000U);
  EXPECT_EQ(calls, 4);
  return {};
}

std::string frame__no_random_bytes__is_none_and_touches_nothing() {
  WsFrameWriter writer([](std::span<std::uint8_t>) { return false; });
  const auto f = framed(writer, "secret");
  EXPECT(!f.frame);
  EXPECT(std::string(f.buffer.end() - 6, f.buffer.end()) == "secret");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(frame__each_form_of_the_length__is_read_back_by_an_independent_reader),
    ACLK_TEST(frame__random_payloads_one_behind_the_other__are_a_stream_that_reads_back),
    ACLK_TEST(frame__masks__are_new_for_each_frame_and_from_few_calls_of_the_source),
    ACLK_TEST(frame__no_random_bytes__is_none_and_touches_nothing),
};

}  // namespace
}  // namespace test_ws_frame

int run_ws_frame_tests() {
  return cmocka_run_group_tests_name("mqtt: ws_frame", test_ws_frame::tests, nullptr, nullptr);
}
