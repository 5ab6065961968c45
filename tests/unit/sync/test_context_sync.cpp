// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "aclk/sync/contexts/context_sync.h"
#include "tests/proto/upward_messages.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/sync/tests.h"

namespace test_context_sync {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;
using mqtt::Delivery;

namespace {

constexpr std::int64_t kStart = 1'700'000'000;

ClockPair at(std::chrono::milliseconds t) { return {loop::Instant(1h) + t, (kStart * 1000 + t.count()) * 1000}; }

proto::ContextUpdated context(const std::string &id, bool collected, std::uint64_t first = 10,
                              std::uint64_t last = 20) {
  return {.id = id,
          .first_entry = first,
          .last_entry = collected ? 0 : last,
          .title = "title of " + id,
          .priority = 100,
          .chart_type = "line",
          .units = "%",
          .family = "family"};
}

// "snapshot a b hash N; " or "update a -b; " (- = deleted), "" = nothing.
std::string sent(ContextSync &s) {
  std::string out;
  (void)s.take_changes();
  if (auto m = s.take_message()) {
    const bool snapshot = m->type == proto::MessageType::contexts_snapshot;
    out = snapshot ? "snapshot" : "update";
    const auto list = snapshot ? proto::decode_contexts_snapshot(m->payload)->contexts
                               : proto::decode_contexts_updated(m->payload)->context_updates;
    for (const auto &c : list) out += fmt::format(" {}{}", c.deleted ? "-" : "", c.id);
  }
  return out;
}

ContextSync streaming(std::vector<proto::ContextUpdated> with) {
  ContextSync s("claim", "node", {});
  s.online(100'000, at(0ms));
  s.checkpoint(1, at(0ms));
  (void)s.take_read_request();
  s.reading(std::move(with), at(0ms));
  (void)sent(s);
  s.delivered(Delivery::acked, at(0ms));
  return s;
}

std::string contexts__checkpoint_differs__snapshot_with_new_versions() {
  ContextSync s("claim", "node", {{"old", {kStart + 9, 1, 0, 3}}});
  s.online(100'000, at(0ms));
  s.checkpoint(12345, at(0ms));
  EXPECT(s.take_read_request());
  s.reading({context("a", true), context("old", false)}, at(0ms));
  EXPECT_EQ(sent(s), "snapshot a old");
  // version - first while collected, else version + last - first
  EXPECT_EQ(s.hash(), static_cast<std::uint64_t>(kStart + 1 - 10 + kStart + 10 + 20 - 10));
  EXPECT_EQ(s.take_notes().size(), 1U);
  return {};
}

std::string contexts__restarted_with_an_earlier_clock__created_at_rises() {
  constexpr std::int64_t kLast = (kStart + 3'600) * std::int64_t{1'000'000};
  ContextSync s("claim", "node", {{"a", {100, 10, 0, 0}}}, kLast);
  s.online(100'000, at(0ms));
  s.checkpoint(90, at(0ms));
  (void)s.take_read_request();
  s.reading({context("a", true), context("b", true)}, at(0ms));
  (void)s.take_changes();
  s.tick(at(65s));
  const auto m = s.take_message();
  EXPECT(m);
  EXPECT_EQ(proto::decode_contexts_updated(m->payload)->created_at_us, static_cast<std::uint64_t>(kLast + 1));
  std::int64_t kept = 0;
  for (const auto &c : s.take_changes())
    if (const auto *last = std::get_if<PutLastTime>(&c); last != nullptr && last->node_id == "node") kept = last->us;
  EXPECT_EQ(kept, kLast + 1);
  return {};
}

std::string contexts__checkpoint_equal__nothing_is_sent() {
  ContextSync s("claim", "node", {{"a", {100, 10, 0, 0}}});
  s.online(100'000, at(0ms));
  s.checkpoint(90, at(0ms));
  EXPECT(s.take_read_request());
  s.reading({context("a", true)}, at(0ms));
  EXPECT_EQ(sent(s), "");
  EXPECT(s.streaming());
  return {};
}

std::string contexts__new_one__is_told_after_5_s_other_changes_after_65() {
  auto s = streaming({context("a", true), context("b", true)});
  s.changed();
  s.tick(at(1s));
  EXPECT(s.take_read_request());
  s.reading({context("a", true, 11), context("b", true), context("c", true)}, at(1s));
  s.tick(at(5999ms));
  EXPECT_EQ(sent(s), "");
  s.tick(at(6s));
  EXPECT_EQ(sent(s), "update c");
  s.delivered(Delivery::acked, at(6s));
  EXPECT(*s.next_due() == at(66s).at);
  s.tick(at(66s));
  EXPECT_EQ(sent(s), "update a");
  return {};
}

std::string contexts__gone__is_told_as_deleted_unless_it_comes_back() {
  auto s = streaming({context("a", true), context("b", true)});
  s.changed();
  s.tick(at(1s));
  s.reading({context("a", true)}, at(1s));
  s.changed();
  s.tick(at(30s));
  s.reading({context("a", true), context("b", true)}, at(30s));
  s.tick(at(100s));
  EXPECT_EQ(sent(s), "");
  s.changed();
  s.tick(at(100s));
  s.reading({context("a", true)}, at(100s));
  s.tick(at(165s));
  EXPECT_EQ(sent(s), "update -b");
  EXPECT_EQ(s.size(), 1U);
  return {};
}

std::string contexts__stopped__sends_and_reads_nothing() {
  auto s = streaming({context("a", true)});
  EXPECT(s.stop_streaming());
  EXPECT(!s.stop_streaming());
  s.changed();
  s.tick(at(100s));
  EXPECT(!s.take_read_request());
  EXPECT(!s.next_due());
  return {};
}

std::string contexts__reconnected__wait_15_s_for_the_clouds_word() {
  auto s = streaming({context("a", true)});
  s.offline();
  s.changed();
  s.online(100'000, at(10s));
  s.tick(at(24s));
  EXPECT(!s.take_read_request());
  s.tick(at(25s));
  EXPECT(s.take_read_request());
  return {};
}

std::string contexts__small_broker__snapshot_goes_on_in_updates() {
  ContextSync s("claim", "node", {});
  s.online(500, at(0ms));
  s.checkpoint(1, at(0ms));
  std::vector<proto::ContextUpdated> many;
  for (char c = 'a'; c < 'g'; ++c) many.push_back(context(std::string(1, c), true));
  s.reading(many, at(0ms));
  EXPECT_EQ(sent(s), "snapshot a b c");
  s.delivered(Delivery::acked, at(0ms));
  EXPECT_EQ(sent(s), "update d e f");
  s.delivered(Delivery::acked, at(0ms));
  EXPECT_EQ(sent(s), "");
  EXPECT_EQ(s.size(), 6U);
  return {};
}

std::string contexts__one_alone_over_the_limit__is_reported_once() {
  auto s = streaming({});
  s.offline();
  s.online(300, at(0ms));
  s.checkpoint(0, at(0ms));
  auto big = context("big", true);
  big.title = std::string(500, 'x');
  s.reading({big}, at(0ms));
  (void)s.take_notes();
  s.tick(at(5s));
  EXPECT_EQ(sent(s), "");
  EXPECT_EQ(s.take_notes().size(), 1U);
  s.tick(at(70s));
  EXPECT_EQ(s.take_notes().size(), 0U);
  EXPECT(!s.next_due());
  return {};
}

std::string contexts__refused__hash_is_the_clouds_and_it_is_tried_again() {
  auto s = streaming({context("a", true)});
  const auto hash = s.hash();
  s.changed();
  s.tick(at(1s));
  s.reading({context("a", true), context("b", true)}, at(1s));
  s.tick(at(6s));
  EXPECT_EQ(sent(s), "update b");
  s.delivered(Delivery::refused, at(6s));
  EXPECT_EQ(s.hash(), hash);
  s.tick(at(71s));
  EXPECT_EQ(sent(s), "update b");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(contexts__checkpoint_differs__snapshot_with_new_versions),
    ACLK_TEST(contexts__checkpoint_equal__nothing_is_sent),
    ACLK_TEST(contexts__restarted_with_an_earlier_clock__created_at_rises),
    ACLK_TEST(contexts__new_one__is_told_after_5_s_other_changes_after_65),
    ACLK_TEST(contexts__gone__is_told_as_deleted_unless_it_comes_back),
    ACLK_TEST(contexts__stopped__sends_and_reads_nothing),
    ACLK_TEST(contexts__reconnected__wait_15_s_for_the_clouds_word),
    ACLK_TEST(contexts__small_broker__snapshot_goes_on_in_updates),
    ACLK_TEST(contexts__one_alone_over_the_limit__is_reported_once),
    ACLK_TEST(contexts__refused__hash_is_the_clouds_and_it_is_tried_again),
};

}  // namespace
}  // namespace test_context_sync

int run_context_sync_tests() {
  return cmocka_run_group_tests_name("contexts", test_context_sync::tests, nullptr, nullptr);
}
