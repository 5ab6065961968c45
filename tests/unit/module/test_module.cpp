// SPDX-License-Identifier: GPL-3.0-or-later
//
// The module's thread over starts, stops and reloads, with a claimed node and a cloud that refuses connections.
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "aclk/module/module.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/host_table.h"
#include "tests/unit/module/tests.h"

namespace test_module {
using namespace aclk;
using namespace std::chrono_literals;
using module::Module;

namespace {

constexpr auto kLong = 120s;

class Rig {
 public:
  explicit Rig(std::uint32_t options = 0, loop::TimeScale scale = {}) {
    node_.write_old_claim();
    auto t = table();
    t.options = options;
    module = std::make_unique<Module>(test::adopted(t), scale);
  }
  ~Rig() {
    hold(false);
    hold_config(false);
    module.reset();
  }
  Rig(const Rig &) = delete;
  Rig &operator=(const Rig &) = delete;

  // While held, the hook "nodes" does not come back, or "config" on threads of the module.
  void hold(bool on) {
    const std::lock_guard lock(mutex_);
    held_ = on;
    changed_.notify_all();
  }
  void hold_config(bool on) {
    const std::lock_guard lock(mutex_);
    config_held_ = on;
    changed_.notify_all();
  }
  // For `n` calls of the hook "nodes", or readings of the settings by the module's thread.
  bool wait_for_nodes(int n) {
    return wait([this, n] { return nodes_ >= n; });
  }
  bool wait_for_configs(int n) {
    return wait([this, n] { return configs_ >= n; });
  }
  bool wait_for_readings(int n) {
    return wait([this, n] { return readings_ >= n; });
  }

  int nodes_calls() {
    const std::lock_guard lock(mutex_);
    return nodes_;
  }
  // The log has a line with this text.
  bool wait_for_line(std::string_view part) {
    return wait([this, part] { return log_text_.find(part) != std::string::npos; });
  }

  std::filesystem::path cloud_dir() const { return node_.dir(); }

  std::unique_ptr<Module> module;
  std::function<void(int)> on_reading;  // on the module's thread, with the number of the reading
  std::function<void()> on_hook;        // of log and config, on every thread

 private:
  bool wait(const std::function<bool()> &what) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLong, what);
  }

  naclk_host table() {
    auto t = test::empty_host(this);
    t.directories = [](void *me, naclk_directories_fn show, void *ctx) {
      const auto lib = static_cast<Rig *>(me)->node_.lib().string();
      naclk_directories d{};
      d.size = sizeof d;
      d.user_config = d.lib = d.log = d.run = test::as_str(lib);
      return show(ctx, &d);
    };
    t.log = [](void *me, naclk_log_source, naclk_log_level, naclk_str line) {
      auto &r = *static_cast<Rig *>(me);
      {
        const std::lock_guard lock(r.mutex_);
        r.log_text_.append(line.data, line.len).append("\n");
        r.changed_.notify_all();
      }
      if (const auto &f = static_cast<Rig *>(me)->on_hook) f();
    };
    t.config = [](void *me, naclk_str /*section*/, naclk_str key, naclk_text_fn show, void *ctx) {
      return static_cast<Rig *>(me)->config({key.data, key.len}, show, ctx);
    };
    t.nodes = [](void *me, naclk_node_fn, void *) {
      auto &r = *static_cast<Rig *>(me);
      std::unique_lock lock(r.mutex_);
      ++r.nodes_;
      r.changed_.notify_all();
      r.changed_.wait(lock, [&r] { return !r.held_; });
      return 0;
    };
    return t;
  }

  int config(std::string_view key, naclk_text_fn show, void *ctx) {
    if (on_hook) on_hook();
    if (std::this_thread::get_id() != mine_) {
      std::unique_lock lock(mutex_);
      ++configs_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return !config_held_; });
    }
    if (key == "proxy") return show(ctx, test::as_str("none"));
    if (key == "scope") {  // once in a reading of a claimed node's settings
      if (std::this_thread::get_id() == mine_) return -ENOENT;
      int n = 0;
      {
        const std::lock_guard lock(mutex_);
        n = ++readings_;
        changed_.notify_all();
      }
      if (on_reading) on_reading(n);
      return -ENOENT;
    }
    return key == "url" ? show(ctx, test::as_str("https://127.0.0.1:1")) : -ENOENT;
  }

  const std::thread::id mine_ = std::this_thread::get_id();
  test::Node node_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool config_held_ = false;
  int nodes_ = 0;
  int configs_ = 0;
  int readings_ = 0;
  std::string log_text_;
};

std::string module__started_while_the_last_life_hangs_in_a_hook__is_told_so_and_nothing_locks_up() {
  Rig r;
  r.hold(true);
  EXPECT(r.module->start());
  EXPECT(r.wait_for_nodes(1));
  EXPECT(!r.module->stop(100ms));
  const auto again = r.module->start();
  EXPECT(!again);
  EXPECT(again.error().code == Errc::unavailable);
  r.module->host_event(NACLK_EVENT_NODES, "");
  r.module->reload();
  r.hold(false);
  EXPECT(r.module->stop(kLong));
  EXPECT(r.module->start());
  EXPECT(r.wait_for_nodes(2));
  EXPECT(r.module->stop(kLong));
  return {};
}

std::string module__started_while_the_watch_over_the_claim_hangs_in_a_hook__is_told_so() {
  Rig r(NACLK_OPTION_CLAIM);
  std::filesystem::remove_all(r.cloud_dir());
  r.hold_config(true);
  EXPECT(r.module->start());
  EXPECT(r.wait_for_configs(1));
  EXPECT(!r.module->stop(100ms));
  const auto again = r.module->start();
  EXPECT(!again);
  EXPECT(again.error().code == Errc::unavailable);
  r.hold_config(false);
  EXPECT(r.module->stop(kLong));
  EXPECT(r.module->start());
  EXPECT(r.module->stop(kLong));
  return {};
}

std::string module__reload_while_the_settings_are_read__is_not_lost() {
  Rig r;
  r.on_reading = [&r](int n) {
    if (n == 1) r.module->reload();
  };
  EXPECT(r.module->start());
  EXPECT(r.wait_for_readings(2));
  EXPECT(r.wait_for_nodes(1));
  EXPECT(r.module->stop(kLong));
  return {};
}

std::string module__reload_ordered_while_a_hook_hangs__is_answered_at_once_and_the_state_says_what_is_waited_for() {
  Rig r;
  r.hold(true);
  EXPECT(r.module->start());
  EXPECT(r.wait_for_nodes(1));
  // On a thread of its own: one that waits for the hook fails here, and hangs nobody.
  auto ordered = std::async(std::launch::async, [&r] { r.module->reload_claim(); });
  const bool answered = ordered.wait_for(kLong) == std::future_status::ready;
  if (!answered) r.hold(false);
  EXPECT(answered);
  // The old link leaves, and its end waits for the hook.
  std::optional<report::LinkState> s;
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  do {
    s = r.module->state(100ms);  // none: the link ended with the question unread
  } while ((!s || s->why.empty()) && std::chrono::steady_clock::now() < deadline);
  EXPECT(s);
  EXPECT(s->why.find("begins anew when a request to the agent that is under way has ended") != std::string::npos);
  EXPECT(s->session.status == login::Status::reloading_config);
  EXPECT(s->claimed);
  EXPECT(!s->claim_id.empty());
  EXPECT(!s->session.online);
  // Orders that come meanwhile are answered too, and become one.
  r.module->reload_claim();
  r.hold(false);
  EXPECT(r.wait_for_nodes(2));
  do s = r.module->state(100ms);
  while ((!s || s->session.status == login::Status::reloading_config) && std::chrono::steady_clock::now() < deadline);
  EXPECT(s);
  EXPECT(s->why.find("begins anew") == std::string::npos);
  EXPECT(r.module->stop(kLong));
  return {};
}

// A hook that hangs holds back what is asked of the host, and nothing else.
std::string module__reload_while_a_hook_hangs_for_long__begins_anew_without_it_and_says_so() {
  Rig r(0, {.deadlines = 40});
  r.hold(true);
  EXPECT(r.module->start());
  EXPECT(r.wait_for_nodes(1));
  for (int links = 2; links <= 3; ++links) {
    r.module->reload_claim();
    EXPECT(r.wait_for_readings(links));
    EXPECT(r.wait_for_line("has not ended within"));
    std::optional<report::LinkState> s;
    do s = r.module->state(kLong);  // none: the link ended with the question unread
    while (!s || s->unreadable.empty());
    EXPECT(s->claimed && s->why.find("begins anew") == std::string::npos);
    EXPECT(s->unreadable[0].why.find("before the link began anew") != std::string::npos);
    EXPECT_EQ(r.nodes_calls(), 1);
  }
  // A stop and a start know of it.
  EXPECT(!r.module->stop(100ms));
  const auto again = r.module->start();
  EXPECT(!again && again.error().code == Errc::unavailable);
  r.hold(false);
  EXPECT(r.module->stop(kLong));
  EXPECT(r.module->start());
  EXPECT(r.wait_for_nodes(2));
  EXPECT(r.module->stop(kLong));
  return {};
}

std::string module__hook_of_the_last_link_ends__the_host_is_asked_again() {
  Rig r(0, {.deadlines = 40});
  r.hold(true);
  EXPECT(r.module->start());
  EXPECT(r.wait_for_nodes(1));
  r.module->reload_claim();
  EXPECT(r.wait_for_line("has not ended within"));
  EXPECT(r.wait_for_readings(2));
  r.hold(false);
  EXPECT(r.wait_for_nodes(2));
  std::optional<report::LinkState> s;
  do s = r.module->state(kLong);
  while (!s || !s->unreadable.empty());
  EXPECT(r.module->stop(kLong));
  return {};
}

// A host may notify from inside of its hooks (plugin.h, rule 7).
std::string module__hooks_notify_from_where_they_are_called__nothing_locks_up() {
  for (const bool claimed : {false, true}) {
    Rig r;
    if (!claimed) std::filesystem::remove_all(r.cloud_dir());
    std::atomic<int> left = 200;  // not for ever: each order to read again makes hooks be called again
    auto &module = *r.module;     // when a check fails, hooks are called from its destructor
    r.on_hook = [&module, &left] {
      if (left.fetch_sub(1) <= 0) return;
      module.host_event(NACLK_EVENT_NODES, "");
      module.reload();
    };
    EXPECT(r.module->start());
    EXPECT(!claimed || r.wait_for_nodes(1));
    EXPECT(r.module->state(kLong));
    EXPECT(r.module->stop(kLong));
    EXPECT(left < 200);
    r.on_hook = {};
  }
  return {};
}

std::string module__unclaimed__wipes_the_claim_started_or_not() {
  for (const bool started : {false, true}) {
    Rig r;
    EXPECT(std::filesystem::exists(r.cloud_dir() / "private.pem"));
    if (started) {
      EXPECT(r.module->start());
      EXPECT(r.wait_for_nodes(1));
    }
    const auto report = r.module->unclaim(kLong);
    EXPECT(report);
    EXPECT(report->exit == claim::ExitCode::claimed);
    EXPECT(!std::filesystem::exists(r.cloud_dir() / "private.pem"));
    if (started) {
      const auto state = r.module->state(kLong);
      EXPECT(state);
      EXPECT(!state->session.online);
    }
    EXPECT(r.module->stop(kLong));
  }
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(module__reload_ordered_while_a_hook_hangs__is_answered_at_once_and_the_state_says_what_is_waited_for),
    ACLK_TEST(module__reload_while_a_hook_hangs_for_long__begins_anew_without_it_and_says_so),
    ACLK_TEST(module__hook_of_the_last_link_ends__the_host_is_asked_again),
    ACLK_TEST(module__hooks_notify_from_where_they_are_called__nothing_locks_up),
    ACLK_TEST(module__unclaimed__wipes_the_claim_started_or_not),
    ACLK_TEST(module__started_while_the_last_life_hangs_in_a_hook__is_told_so_and_nothing_locks_up),
    ACLK_TEST(module__started_while_the_watch_over_the_claim_hangs_in_a_hook__is_told_so),
    ACLK_TEST(module__reload_while_the_settings_are_read__is_not_lost),
};

}  // namespace
}  // namespace test_module

int run_module_tests() { return cmocka_run_group_tests_name("module", test_module::kTests, nullptr, nullptr); }
