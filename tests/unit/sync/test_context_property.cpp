// SPDX-License-Identifier: GPL-3.0-or-later
//
// Random lives of one node's contexts: they come, change, stop and go while the connection is cut, messages get lost,
// are refused or are too big, the process crashes and the cloud compares hashes. When all is quiet again the cloud must
// have what the host has, and both must have the same hash.
#include <fmt/format.h>

#include <deque>
#include <map>

#include "aclk/sync/contexts/context_sync.h"
#include "tests/proto/upward_messages.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/random_steps.h"
#include "tests/unit/sync/tests.h"

namespace test_context_property {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;
using mqtt::Delivery;

namespace {

constexpr unsigned kContexts = 6;

struct Cloud {
  std::map<std::string, proto::ContextUpdated> has;
  std::uint64_t created_us = 0;
  bool in_step = false;  // both hashes were the same once, and nothing got lost since
  bool ask = false;      // it has noticed a difference
  std::string wrong;

  std::uint64_t hash() const {
    std::uint64_t h = 0;
    for (const auto &[id, c] : has) h += c.version + c.last_entry - c.first_entry;
    return h;
  }
  void put(const proto::ContextUpdated &c) {
    if (has.contains(c.id) && c.version <= has[c.id].version) wrong = "the version of " + c.id + " does not rise";
    if (c.deleted)
      has.erase(c.id);
    else
      has[c.id] = c;
  }
  void agree(std::uint64_t theirs) {
    if (theirs != hash() && in_step) wrong = "hashes differ though nothing was lost";
    in_step = theirs == hash();
    ask = !in_step;
  }
  void take(const ContextMessage &m) {
    if (m.type == proto::MessageType::contexts_snapshot) {
      const auto s = *proto::decode_contexts_snapshot(m.payload);
      std::map<std::string, proto::ContextUpdated> old;
      old.swap(has);
      for (const auto &c : s.contexts) {
        if (old.contains(c.id) && c.version <= old[c.id].version) wrong = "the version of " + c.id + " does not rise";
        put(c);
      }
      in_step = false;
      agree(s.version);
      if (ask) wrong = "the hash of a snapshot is not that of what is in it";
    } else {
      const auto u = *proto::decode_contexts_updated(m.payload);
      if (u.context_updates.empty()) wrong = "an update of nothing";
      if (u.created_at_us <= created_us) wrong = "created_at does not rise";
      created_us = u.created_at_us;
      for (const auto &c : u.context_updates) put(c);
      agree(u.version_hash);
    }
  }
};

class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed), max_payload_(400 + random_.below(2000)) { boot(); }

  std::string run() {
    for (auto i = 40 + random_.below(80); i > 0 && cloud_.wrong.empty(); --i) step();
    settle();
    if (!cloud_.wrong.empty()) return cloud_.wrong;
    if (cloud_.hash() != sync_->hash()) return "hashes differ at the end";
    if (cloud_.has.size() != host_.size())
      return fmt::format("{} contexts here, {} in the cloud", host_.size(), cloud_.has.size());
    for (const auto &[id, c] : host_) {
      const auto &theirs = cloud_.has[id];
      if (theirs.title != c.title || theirs.first_entry != c.first_entry || theirs.last_entry != c.last_entry)
        return id + " is not the same in the cloud";
    }
    return {};
  }

 private:
  ClockPair now() const { return {loop::Instant(mono_), wall_us_}; }
  void pass(std::chrono::milliseconds t) {
    mono_ += t;
    wall_us_ += std::chrono::microseconds(t).count();
  }

  void boot() {
    sync_.emplace("claim", "node", disk_);
    reading_ = false;
  }
  void work() {
    for (auto &c : sync_->take_changes()) unsaved_.push_back(std::move(c));
    (void)sync_->take_notes();
    if (sync_->take_read_request()) reading_ = true;
    if (auto m = sync_->take_message()) {
      if (m->payload.size() > max_payload_) cloud_.wrong = "a message over the limit";
      wire_ = std::move(m);
    }
  }
  void save() {
    for (const auto &c : unsaved_) {
      if (const auto *p = std::get_if<PutContext>(&c)) disk_[p->id] = p->context;
      if (const auto *d = std::get_if<DropContext>(&c)) disk_.erase(d->id);
    }
    unsaved_.clear();
  }
  void cut() {
    if (!online_) return;
    online_ = false;
    if (wire_) {
      if (random_.one_in(2))
        cloud_.take(*wire_);
      else
        cloud_.in_step = false;
      wire_.reset();
      sync_->delivered(Delivery::lost, now());
    }
    sync_->offline();
    work();
  }
  void connect() {
    if (online_) return;
    online_ = true;
    cloud_.ask = cloud_.ask || !random_.one_in(4);
    sync_->online(max_payload_, now());
    work();
  }
  void ask() {
    if (!online_ || !std::exchange(cloud_.ask, false)) return;
    sync_->checkpoint(cloud_.hash(), now());
    work();
  }
  void read(bool fail) {
    if (!std::exchange(reading_, false)) return;
    if (fail) return sync_->reading_failed(now()), work();
    std::vector<proto::ContextUpdated> all;
    for (const auto &[id, c] : host_) all.push_back(c);
    sync_->reading(std::move(all), now());
    work();
  }
  void deliver(Delivery how) {
    if (!wire_) return;
    if (how == Delivery::acked) cloud_.take(*wire_);
    wire_.reset();
    sync_->delivered(how, now());
    work();
  }
  void change() {
    const auto id = fmt::format("context.{}", random_.below(kContexts));
    if (random_.one_in(5)) {
      host_.erase(id);
    } else {
      auto &c = host_[id];
      c.id = id;
      c.title = fmt::format("title {}", random_.below(3));
      const bool collected = random_.one_in(2);
      c.first_entry = random_.below(3);
      const auto last = 100 + random_.below(3);
      c.last_entry = collected ? 0 : last;
    }
    sync_->changed();
  }
  void tick() {
    sync_->tick(now());
    work();
  }
  void step() {
    switch (random_.below(16)) {
      case 0:  // a crash
        unsaved_.clear();
        cut();
        unsaved_.clear();
        cloud_.in_step = false;
        cloud_.ask = true;
        pass(30s);  // versions are seconds: nobody restarts within one
        return boot();
      case 1:
        return cut();
      case 2:
      case 3:
        return connect();
      case 4:
        return save();
      case 5:
      case 6:
        return ask();
      case 7:
        return read(random_.one_in(3));
      case 8:
        return read(false);
      case 9:
        return deliver(random_.one_in(3) ? Delivery::refused : random_.one_in(2) ? Delivery::full : Delivery::too_big);
      case 10:
      case 11:
        return deliver(Delivery::acked);
      case 12:
        if (random_.one_in(4) && online_) {
          (void)sync_->stop_streaming();
          cloud_.ask = true;
        }
        return work();
      default:
        pass(std::chrono::milliseconds(random_.below(20'000)));
        change();
        return tick();
    }
  }
  void settle() {
    cut();
    max_payload_ = 4000;
    connect();
    cloud_.ask = true;
    for (int i = 0; i < 200; ++i) {
      ask();
      read(false);
      deliver(Delivery::acked);
      if (!reading_ && !wire_ && !cloud_.ask) {
        const auto due = sync_->next_due();
        if (!due) return;
        if (*due > loop::Instant(mono_))
          pass(std::chrono::ceil<std::chrono::milliseconds>(*due - loop::Instant(mono_)));
      }
      tick();
    }
    cloud_.wrong = "it never comes to rest";
  }

  test::Random random_;
  std::size_t max_payload_;
  std::chrono::steady_clock::duration mono_ = 1h;
  std::int64_t wall_us_ = 1'700'000'000'000'000;
  std::map<std::string, proto::ContextUpdated> host_;
  StoredContexts disk_;
  std::vector<Change> unsaved_;
  Cloud cloud_;
  std::optional<ContextSync> sync_;
  bool online_ = false;
  bool reading_ = false;
  std::optional<ContextMessage> wire_;
};

std::string contexts__random_lives__end_with_the_same_contexts_and_hash() {
  return test::for_each_seed([](std::uint64_t seed) { return Life(seed).run(); });
}

const CMUnitTest tests[] = {
    ACLK_TEST(contexts__random_lives__end_with_the_same_contexts_and_hash),
};

}  // namespace
}  // namespace test_context_property

int run_context_property_tests() {
  return cmocka_run_group_tests_name("context property", test_context_property::tests, nullptr, nullptr);
}
