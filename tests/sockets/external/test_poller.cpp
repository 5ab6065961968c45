// SPDX-License-Identifier: GPL-3.0-or-later
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "plugin-api/external/poll/poller.h"
#include "tests/sockets/external/agent_places.h"
#include "tests/sockets/external/fake_agent.h"
#include "tests/sockets/external/heard.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_poller {
namespace {

using namespace std::chrono_literals;

std::string poller__on_1_37__tells_what_changes() {
  std::atomic<int> alarm{100};
  std::atomic<int> contexts{0};
  FakeAgent fake([&](const std::string &r) {
    const auto t = target_of(r);
    if (t == "/api/v1/alarms?active") return answer("{\"latest_alarm_log_unique_id\":" + std::to_string(alarm) + "}");
    if (t == "/api/v1/contexts")
      return answer("{\"contexts\":{\"a\":{\"priority\":" + std::to_string(contexts) + "}}}");
    if (t == "/api/v1/info") return answer(sample("v1_info.json"));
    return answer("gone", 404);  // the child has just left
  });
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  EXPECT(agent.locate(nullptr));
  AgentLog log({LogStyle::classic, {}, false, -1});
  Heard heard;
  PolledAnswers answers;
  Poller poller(agent, answers, log, kFast, {[&](const Event &e) { heard.add(e); }, [] {}});
  EXPECT(heard.wait_for("NAX"));
  heard.clear();
  alarm = 101;
  EXPECT(heard.wait_for("A"));
  heard.clear();
  contexts = 5;
  EXPECT(heard.wait_for("X"));
  return {};
}

std::string poller__agent_that_tells_versions__is_asked_them_and_seen_to_have_an_own_link() {
  std::atomic<int> alerts{1};
  std::atomic<bool> own{false};
  std::atomic<bool> asked{false};
  FakeAgent fake([&](const std::string &r) {
    const auto t = target_of(r);
    if (t == "/api/v2/versions") {
      asked = true;
      return answer("{\"versions\":{\"alerts_soft_hash\":" + std::to_string(alerts) + "}}");
    }
    if (t == "/api/v1/alarms?active") return answer("{\"latest_alarm_log_unique_id\":" + std::to_string(alerts) + "}");
    if (t == "/api/v1/contexts") return answer("{}");
    if (t != "/api/v1/info") return answer("gone", 404);  // the child has just left
    auto info = sample_json("v1_info.json");
    info["aclk-available"] = own.load();
    return answer(info.dump());
  });
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  EXPECT(agent.locate(nullptr));
  AgentLog log({LogStyle::classic, {}, false, -1});
  Heard heard;
  PolledAnswers answers;
  Poller poller(agent, answers, log, kFast,
                {[&](const Event &e) { heard.add(e); },
                 [&] {
                   heard.add({NACLK_EVENT_CLAIM, {}});
                 }});
  EXPECT(heard.wait_for("NAX"));
  EXPECT(asked);
  heard.clear();
  alerts = 2;
  EXPECT(heard.wait_for("A"));
  own = true;
  EXPECT(heard.wait_for("M"));
  return {};
}

// A parent that tells versions, and what it was asked about its children.
class NewerParent {
 public:
  static constexpr unsigned kChildren = 40;
  NewerParent()
      : fake_([this](const std::string &r) { return reply(target_of(r)); }),
        agent_(kLocal, {1, 4}, at({fake_.endpoint()})) {
    (void)agent_.locate(nullptr);
    poller_.emplace(agent_, answers_, log_, kFast, Poller::Calls{[this](const Event &e) { heard_.add(e); }, [] {}});
  }
  // Until the versions were asked so many times more.
  bool after_looks(unsigned more) {
    std::unique_lock lock(mutex_);
    const auto enough = looks_ + more;
    return looked_.wait_for(lock, 20s, [&] { return looks_ >= enough; });
  }
  bool wait_for_contexts(unsigned asked) {
    std::unique_lock lock(mutex_);
    return looked_.wait_for(lock, 20s, [&] { return contexts_ >= asked; });
  }
  unsigned contexts() {
    const std::lock_guard lock(mutex_);
    return contexts_;
  }
  std::atomic<int> contexts_hash{1};

 private:
  Canned reply(const std::string &target) {
    if (target == "/api/v1/info") return answer(info_);
    if (target == "/api/v2/versions") {
      const std::lock_guard lock(mutex_);
      ++looks_;
      looked_.notify_all();
      return answer("{\"versions\":{\"contexts_hard_hash\":" + std::to_string(contexts_hash) + "}}");
    }
    if (target.ends_with("/api/v1/contexts")) {
      const std::lock_guard lock(mutex_);
      if (target.starts_with("/host/")) ++contexts_;
      looked_.notify_all();
      return answer("{\"contexts\":{}}");
    }
    if (target.ends_with("/api/v1/alarms?active")) return answer("{\"latest_alarm_log_unique_id\":1}");
    return answer("{}");
  }
  static std::string info() {
    auto info = sample_json("v1_info.json");
    auto &hosts = info["mirrored_hosts_status"];
    auto child = hosts[1];
    hosts.erase(1);
    for (unsigned i = 0; i < kChildren; ++i) {
      child["guid"] = "22222222-2222-4222-8222-0000000000" + std::to_string(10 + i);
      hosts.push_back(child);
    }
    return info.dump();
  }

  const std::string info_ = info();
  std::mutex mutex_;
  std::condition_variable looked_;
  unsigned looks_ = 0;
  unsigned contexts_ = 0;  // of children
  FakeAgent fake_;
  AgentClient agent_;
  AgentLog log_{{LogStyle::classic, {}, false, -1}};
  Heard heard_;
  PolledAnswers answers_;
  std::optional<Poller> poller_;
};

std::string poller__agent_that_tells_versions__contexts_of_all_children_are_read_once_per_change() {
  NewerParent parent;
  EXPECT(parent.wait_for_contexts(NewerParent::kChildren));
  EXPECT(parent.after_looks(30));
  EXPECT_EQ(parent.contexts(), NewerParent::kChildren);
  ++parent.contexts_hash;
  EXPECT(parent.wait_for_contexts(2 * NewerParent::kChildren));
  EXPECT(parent.after_looks(30));
  EXPECT_EQ(parent.contexts(), 2 * NewerParent::kChildren);
  return {};
}

std::string poller__agent_silent__stops_within_moments() {
  FakeAgent fake([&](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(sample("v1_info.json"));
    return Canned{"", true, 30s};
  });
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  EXPECT(agent.locate(nullptr));
  AgentLog log({LogStyle::classic, {}, false, -1});
  Heard heard;
  const auto begin = std::chrono::steady_clock::now();
  {
    PolledAnswers answers;
    Poller poller(agent, answers, log, kFast, {[&](const Event &e) { heard.add(e); }, [] {}});
    EXPECT(heard.wait_for("N"));
  }
  EXPECT(std::chrono::steady_clock::now() - begin < 5s);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(poller__on_1_37__tells_what_changes),
    ACLK_TEST(poller__agent_that_tells_versions__is_asked_them_and_seen_to_have_an_own_link),
    ACLK_TEST(poller__agent_that_tells_versions__contexts_of_all_children_are_read_once_per_change),
    ACLK_TEST(poller__agent_silent__stops_within_moments),
};

}  // namespace
}  // namespace test_poller

int poller_tests() { return cmocka_run_group_tests_name("poller", test_poller::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
