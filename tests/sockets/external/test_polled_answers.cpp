// SPDX-License-Identifier: GPL-3.0-or-later
//
// One change of the agent, one request for the document that shows it: what the poller has read answers the read that
// it causes, and no other.
#include <algorithm>
#include <atomic>
#include <optional>

#include "plugin-api/external/hooks/polled_answers.h"
#include "tests/sockets/external/heard.h"
#include "tests/sockets/external/hook_bench.h"
#include "tests/sockets/external/suites.h"

namespace aclk::external::test {
namespace test_polled_answers {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string kChildInfo = std::string("/host/") + kChild + "/api/v1/info";

// A parent with a child, and a poller that has looked at everything once.
class Parent {
 public:
  Parent() : bench_([this](const std::string &r) { return reply(r); }) {
    (void)bench_.agent.locate(nullptr);
    poller_.emplace(bench_.agent, bench_.host.polled(), bench_.log, kFast,
                    Poller::Calls{[this](const Event &e) { heard_.add(e); }, [] {}});
    (void)heard_.wait_for("X");  // the last of what it tells at first
  }

  // Until the poller tells of this kind (see Heard).
  bool change(std::atomic<int> &what, const std::string &kind) {
    heard_.clear();
    ++what;
    return heard_.wait_for(kind);
  }
  // From now on requests are counted, and are those of the hooks alone.
  void stop_polling() {
    poller_.reset();
    (void)bench_.agent.get({}, "/api/v1/alarms?active");  // a look that was interrupted costs a new connection
    asked_ = bench_.fake.requests().size();
  }

  Lines contexts() {
    Lines lines;
    const auto take = [](void *ctx, const naclk_context *c) {
      static_cast<Lines *>(ctx)->push_back(str(c->id) + " " + std::to_string(c->priority));
      return 0;
    };
    (void)bench_.table.contexts(bench_.table.host, view(kLocal), take, &lines);
    return lines;
  }
  Lines nodes() {
    Lines lines;
    (void)bench_.table.nodes(bench_.table.host, take_node, &lines);
    return lines;
  }
  std::string architecture(const char *node) {
    std::string out;
    const auto take = [](void *ctx, const naclk_node_info *i) {
      *static_cast<std::string *>(ctx) = str(i->architecture);
      return 0;
    };
    (void)bench_.table.node_info(bench_.table.host, view(node), take, &out);
    return out;
  }
  Lines collectors(const char *node) {
    Lines lines;
    const auto take = [](void *ctx, const naclk_collector *c) {
      static_cast<Lines *>(ctx)->push_back(str(c->module));
      return 0;
    };
    (void)bench_.table.collectors(bench_.table.host, view(node), take, &lines);
    return lines;
  }

  // How often the agent was asked for it since the poller has ended.
  long asked(const std::string &target) const {
    const auto all = bench_.fake.requests();
    return std::count_if(all.begin() + static_cast<std::ptrdiff_t>(asked_), all.end(),
                         [&](const std::string &r) { return target_of(r) == target; });
  }

  std::atomic<int> priority{100};  // of a context
  std::atomic<int> hops{1};        // of the child
  std::atomic<int> generation{1};  // of the child's architecture
  std::atomic<int> collector{1};   // of the child

 private:
  Canned reply(const std::string &request) {
    const auto target = target_of(request);
    if (target == "/api/v1/contexts")
      return answer(json{{"contexts", {{"system.cpu", {{"priority", priority.load()}}}}}}.dump());
    if (target == kChildInfo) {
      auto info = sample_json("v1_info_child.json");
      info["host_labels"]["_architecture"] = "arch" + std::to_string(generation.load());
      info["collectors"] = json::array({{{"plugin", "p"}, {"module", "m" + std::to_string(collector.load())}}});
      return answer(info.dump());
    }
    if (target == "/api/v1/info") {
      auto info = sample_json("v1_info.json");
      info["mirrored_hosts_status"][1]["hops"] = hops.load();
      return answer(info.dump());
    }
    if (target.ends_with("/api/v1/alarms?active")) return answer("{\"status\": true}");
    return answer("nothing", 404);
  }

  Bench bench_;
  Heard heard_;
  std::size_t asked_ = 0;
  std::optional<Poller> poller_;
};

std::string polled__contexts_that_changed__are_not_asked_for_again() {
  Parent p;
  EXPECT(p.change(p.priority, "X"));
  p.stop_polling();
  EXPECT(p.contexts() == Lines{"system.cpu 101"});
  EXPECT_EQ(p.asked("/api/v1/contexts"), 0);
  p.priority = 7;  // nobody has told of this: it is read as it is
  EXPECT(p.contexts() == Lines{"system.cpu 7"});
  EXPECT_EQ(p.asked("/api/v1/contexts"), 1);
  return {};
}

std::string polled__list_of_nodes_that_changed__is_not_asked_for_again() {
  Parent p;
  EXPECT(p.change(p.hops, "N"));
  p.stop_polling();
  EXPECT(p.nodes().at(1).find(" 2 ") != std::string::npos);
  EXPECT_EQ(p.asked("/api/v1/info"), 0);
  p.hops = 5;
  EXPECT(p.nodes().at(1).find(" 5 ") != std::string::npos);
  EXPECT_EQ(p.asked("/api/v1/info"), 1);
  return {};
}

std::string polled__facts_of_a_node_that_changed__are_not_asked_for_again() {
  Parent p;
  EXPECT(p.change(p.generation, "I"));
  p.stop_polling();
  EXPECT_EQ(p.architecture(kChild), "arch2");
  EXPECT_EQ(p.asked(kChildInfo), 0);
  EXPECT_EQ(p.collectors(kChild).size(), 1U);  // have not changed: nobody has announced them
  EXPECT_EQ(p.asked(kChildInfo), 1);
  return {};
}

std::string polled__collectors_that_changed__are_not_asked_for_again() {
  Parent p;
  EXPECT(p.change(p.collector, "C"));
  p.stop_polling();
  EXPECT(p.collectors(kChild) == Lines{"m2"});
  EXPECT_EQ(p.asked(kChildInfo), 0);
  EXPECT_EQ(p.architecture(kChild), "arch1");
  EXPECT_EQ(p.asked(kChildInfo), 1);
  return {};
}

std::string polled__list_that_changed_after_the_facts__makes_them_old() {
  Parent p;
  EXPECT(p.change(p.generation, "I") && p.change(p.hops, "N"));
  p.stop_polling();
  EXPECT_EQ(p.architecture(kChild), "arch2");
  EXPECT_EQ(p.asked(kChildInfo), 1);
  return {};
}

std::string announced__answer__is_taken_once_while_it_is_good() {
  const AnnouncedAnswers<int>::Time t0{1h};
  AnnouncedAnswers<int> a{10s};
  EXPECT(a.take("one", t0) == nullptr);
  a.announce("one", std::make_shared<const int>(1), t0);
  a.announce("one", std::make_shared<const int>(2), t0 + 1s);
  EXPECT(a.take("another", t0) == nullptr);
  EXPECT(*a.take("one", t0 + 11s) == 2);
  EXPECT(a.take("one", t0 + 11s) == nullptr);
  a.announce("one", std::make_shared<const int>(3), t0);
  EXPECT(a.take("one", t0 + 10s + 1ms) == nullptr);
  return {};
}

std::string announced__answers_that_nobody_takes__are_freed() {
  const AnnouncedAnswers<int>::Time t0{1h};
  AnnouncedAnswers<int> a{10s};
  const auto kept = std::make_shared<const int>(1);
  a.announce("one", kept, t0);
  a.announce("two", kept, t0 + 5s);
  a.drop_old(t0 + 11s);
  EXPECT_EQ(kept.use_count(), 2);
  a.drop_all();
  EXPECT_EQ(kept.use_count(), 1);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(polled__contexts_that_changed__are_not_asked_for_again),
    ACLK_TEST(polled__list_of_nodes_that_changed__is_not_asked_for_again),
    ACLK_TEST(polled__facts_of_a_node_that_changed__are_not_asked_for_again),
    ACLK_TEST(polled__collectors_that_changed__are_not_asked_for_again),
    ACLK_TEST(polled__list_that_changed_after_the_facts__makes_them_old),
    ACLK_TEST(announced__answer__is_taken_once_while_it_is_good),
    ACLK_TEST(announced__answers_that_nobody_takes__are_freed),
};

}  // namespace
}  // namespace test_polled_answers

int polled_answers_tests() {
  return cmocka_run_group_tests_name("polled answers", test_polled_answers::tests, nullptr, nullptr);
}

}  // namespace aclk::external::test
