// SPDX-License-Identifier: GPL-3.0-or-later
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <thread>

#include "plugin-api/external/agent/agent_client.h"
#include "tests/sockets/external/agent_places.h"
#include "tests/sockets/external/fake_agent.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/tests.h"

namespace aclk::external::test {
namespace test_agent_client {
namespace {

using namespace std::chrono_literals;

// A query, waited for. interrupted: asked often, true = cancel it.
Result<HttpResponse> asked(AgentClient &agent, std::string_view node, const std::string &target,
                           std::chrono::milliseconds timeout = 10s,
                           const std::function<bool()> &interrupted = nullptr) {
  static std::atomic<RequestTicket> tickets{0};
  std::promise<Result<HttpResponse>> promise;
  auto future = promise.get_future();
  const auto ticket = ++tickets;
  agent.query(ticket, node, {.target = target}, {.max_bytes = 1000, .timeout = timeout, .gzip = true},
              [&promise](Result<HttpResponse> r, bool) { promise.set_value(std::move(r)); });
  while (future.wait_for(1ms) != std::future_status::ready)
    if (interrupted && interrupted()) agent.cancel_query(ticket);
  return future.get();
}

unsigned infos(const FakeAgent &agent) {
  unsigned n = 0;
  for (const auto &r : agent.requests()) n += target_of(r) == "/api/v1/info" ? 1 : 0;
  return n;
}

std::string agent__of_several_places__is_where_the_guid_is_right() {
  FakeAgent other(serve_documents({{"/api/v1/info", info_of(kChild)}, {"/x", "wrong"}}));
  FakeAgent html([](auto &) { return answer("<html>"); });
  FakeAgent right(serve_documents({{"/api/v1/info", info_of(kLocal)}, {"/x", "right"}}));
  AgentClient agent(kLocal, {1, 1}, at({other.endpoint(), html.endpoint(), right.endpoint()}));
  EXPECT_EQ(agent.get({}, "/x").value_or(""), "right");
  EXPECT_EQ(other.requests().size(), 1U);
  EXPECT_EQ(agent.facts().uid, kLocal);
  EXPECT_EQ(agent.epoch(), 1U);
  return {};
}

std::string agent__another_one_only__is_never_believed() {
  FakeAgent other(serve_documents({{"/api/v1/info", info_of(kChild)}, {"/x", "wrong"}}));
  AgentClient agent(kLocal, {1, 1}, at({other.endpoint()}));
  const auto r = agent.get({}, "/x");
  EXPECT(!r && r.error().code == Errc::unavailable);
  EXPECT(r.error().what.find("another one") != std::string::npos);
  EXPECT_EQ(other.requests().size(), 1U);
  return {};
}

// What is told when the agent is at none of these places.
std::string told(std::vector<Candidate> places) {
  AgentClient agent(kLocal, {1, 1}, [&]() -> Result<std::vector<Candidate>> { return places; });
  const auto r = agent.get({}, "/x");
  return r ? "found" : r.error().what;
}
bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

std::string agent__that_refuses_this_machine__names_the_setting() {
  FakeAgent forbids([](auto &) { return answer("You are not allowed to access this resource.", 403); });
  FakeAgent hangs_up([](auto &) { return Canned{"", true}; });
  const auto dashboard = told({{forbids.endpoint(), "test", false, "", "10.* 127.0.0.1"}});
  EXPECT(has(dashboard,
             "[web] allow dashboard from = 10.* 127.0.0.1 in netdata.conf leaves out localhost; add localhost"));
  EXPECT(has(told({{forbids.endpoint(), "test"}}), "allow dashboard from in netdata.conf may leave out localhost"));
  EXPECT(has(told({{forbids.endpoint(), "test", false, "", "10.* local*"}}), "no dashboard"));
  const auto closed = told({{hangs_up.endpoint(), "test", false, "10.* 192.168.*", ""}});
  EXPECT(has(closed, "allow connections from = 10.* 192.168.* in netdata.conf leaves out localhost; add localhost"));
  EXPECT(!has(closed, "agent url"));
  EXPECT(has(told({{hangs_up.endpoint(), "test"}}), "allow connections from in netdata.conf may leave out localhost"));
  EXPECT(!has(told({{hangs_up.endpoint(), "test", false, "10.* *", ""}}), "allow connections"));
  return {};
}

std::string agent__at_none_of_its_places__tells_of_the_one_that_explains_it() {
  FakeAgent another(serve_documents({{"/api/v1/info", info_of(kChild)}}));
  FakeAgent forbids([](auto &) { return answer("no", 403); });
  Endpoint nobody = forbids.endpoint();
  nobody.port = 1;
  const Candidate other{another.endpoint(), "test"};
  const Candidate refused{forbids.endpoint(), "test"};
  const Candidate away{nobody, "test"};
  Candidate guess = refused;
  guess.guess = true;
  EXPECT(has(told({other, refused}), "status 403"));
  EXPECT(has(told({refused, other, away}), "status 403"));
  EXPECT(has(told({other, away}), "127.0.0.1:1: "));
  EXPECT(has(told({away, guess}), "127.0.0.1:1: "));
  EXPECT(has(told({other}), "another one"));
  return {};
}

std::string agent__with_force_and_no_certificate__is_asked_in_clear() {
  FakeAgent plain(serve_documents({{"/api/v1/info", info_of(kLocal)}, {"/x", "y"}}));
  auto e = plain.endpoint();
  e.tls = true;
  AgentClient agent(kLocal, {1, 1}, at({e}));
  EXPECT_EQ(agent.get({}, "/x").value_or(""), "y");
  EXPECT(agent.owner_known());
  return {};
}

std::string agent__steady__is_checked_once_per_connection() {
  FakeAgent fake(serve_documents({{"/api/v1/info", info_of(kLocal)}, {"/x", "y"}}));
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  for (int i = 0; i < 10; ++i) EXPECT(agent.get({}, "/x"));
  EXPECT_EQ(fake.connections(), 2U);  // that of the search, and the one that is kept
  EXPECT_EQ(infos(fake), 2U);
  fake.drop_connections();
  EXPECT(agent.get({}, "/x"));
  EXPECT_EQ(infos(fake), 3U);
  return {};
}

std::string agent__replaced_by_another_behind_the_same_port__is_noticed() {
  std::atomic<bool> changed{false};
  FakeAgent fake([&](const std::string &r) {
    return answer(target_of(r) == "/api/v1/info" ? info_of(changed.load() ? kChild : kLocal)
                                                 : "secret of somebody else");
  });
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  EXPECT(agent.get({}, "/x"));
  changed.store(true);
  fake.drop_connections();
  EXPECT(!agent.get({}, "/x"));
  EXPECT(!agent.get({}, "/x"));
  return {};
}

std::string agent__away_and_back__is_found_again_elsewhere() {
  auto first = std::make_unique<FakeAgent>(serve_documents({{"/api/v1/info", info_of(kLocal)}, {"/x", "1"}}));
  FakeAgent second(serve_documents({{"/api/v1/info", info_of(kLocal)}, {"/x", "2"}}));
  std::vector<Endpoint> places{first->endpoint()};
  std::mutex mutex;
  AgentClient agent(kLocal, {1, 1}, [&]() -> Result<std::vector<Candidate>> {
    const std::lock_guard lock(mutex);
    return std::vector<Candidate>{{places.front(), "test"}};
  });
  EXPECT_EQ(agent.get({}, "/x").value_or(""), "1");
  first.reset();
  EXPECT(agent.get({}, "/x").error().code == Errc::unavailable);
  const auto epoch = agent.epoch();
  {
    const std::lock_guard lock(mutex);
    places.front() = second.endpoint();
  }
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  auto r = agent.get({}, "/x");
  while (!r && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(20ms);  // a search is made each 500 ms at most
    r = agent.get({}, "/x");
  }
  EXPECT_EQ(r.value_or(""), "2");
  EXPECT(agent.epoch() > epoch);
  return {};
}

std::string agent__protected_by_tokens__is_denied() {
  FakeAgent fake([](auto &) { return answer("You need to be authorized", 412); });
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  const auto r = agent.locate(nullptr);
  EXPECT(!r && r.error().code == Errc::denied);
  EXPECT(r.error().what.find("bearer") != std::string::npos);
  return {};
}

std::string agent__whose_info_no_parser_reads__is_known_by_its_uid() {
  const auto info = std::string("{\n\t\"version\": \"v1.37.1\",\n\t\"uid\": \"") + kLocal +
                    "\",\n\t\"mirrored_hosts\": [\n\t\t\"ki\"d\",\n\t\"uid\": \"" + kChild + "\"\n}";
  FakeAgent fake(serve_documents({{"/api/v1/info", info}, {"/api/v1/contexts", "{}"}}));
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  EXPECT(agent.get({}, "/api/v1/contexts"));
  EXPECT_EQ(agent.facts().version, "v1.37.1");
  EXPECT(!agent.get_json({}, "/api/v1/info"));
  fake.drop_connections();
  EXPECT(asked(agent, {}, "/api/v1/contexts"));
  // Recorded with a host and a child whose names hold quotes.
  FakeAgent real(serve_documents({{"/api/v1/info", sample("v1_quotes_info_child.json")}, {"/x", "y"}}));
  AgentClient quoted(kChild, {1, 1}, at({real.endpoint()}));
  EXPECT(quoted.get({}, "/x"));
  return {};
}

std::string agent__elements_that_cannot_be_read__are_named_once() {
  const std::string charts =
      "{\n\t\"charts\": {\n\t\t\"a.b\": \t\t{\n\t\t\t\"id\": ?\n\t\t},\n\t\t\"c.d\": \t\t{\n"
      "\t\t\t\"id\": \"c.d\"\n\t\t}\n\t}\n}\n";
  FakeAgent fake(serve_documents({{"/api/v1/info", info_of(kLocal)}, {"/api/v1/charts", charts}}));
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  std::vector<std::string> told;
  agent.on_lost([&](const std::string &sentence) { told.push_back(sentence); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(agent.get_json({}, "/api/v1/charts").value()["charts"].size(), 1U);
  EXPECT_EQ(told.size(), 1U);
  EXPECT(told[0].find("the agent's /api/v1/charts has an entry that cannot be read") == 0);
  EXPECT(told[0].find("\"a.b\"") != std::string::npos);
  return {};
}

std::string agent__documents_beyond_their_natural_size__are_not_read_and_named() {
  std::string many = "[";
  for (int i = 0; i < 1'100'000; ++i) many += "[],";
  FakeAgent fake(serve_documents({{"/api/v1/info", info_of(kLocal)},
                                  {"/api/v1/contexts", many + "1]"},
                                  {"/api/v2/versions", std::string(100'000, ' ')}}));
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  const auto contexts = agent.get_json({}, "/api/v1/contexts");
  EXPECT(!contexts && contexts.error().code == Errc::too_big);
  EXPECT(contexts.error().what.find("the agent's /api/v1/contexts has more than 1000000 values") == 0);
  const auto versions = agent.get_json({}, "/api/v2/versions");
  EXPECT(!versions && versions.error().code == Errc::too_big);
  EXPECT_EQ(versions.error().what, "the agent's /api/v2/versions is larger than 65536 bytes, so it is not read");
  return {};
}

std::string agent__child__is_asked_by_its_guid() {
  FakeAgent fake(serve_documents(
      {{"/api/v1/info", info_of(kLocal)}, {std::string("/host/") + kChild + "/api/v1/x", "kid"}, {"/api/v1/x", "me"}}));
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  EXPECT_EQ(agent.get(kChild, "/api/v1/x").value_or(""), "kid");
  EXPECT_EQ(agent.get(kLocal, "/api/v1/x").value_or(""), "me");
  EXPECT_EQ(agent.get({}, "/api/v1/x").value_or(""), "me");
  EXPECT(agent.get(kChild, "/nothing").error().code == Errc::not_found);
  EXPECT_EQ(asked(agent, kChild, "/api/v1/x")->body, "kid");
  EXPECT_EQ(asked(agent, kChild, "/nothing")->status, 404);
  return {};
}

// Answers that take their time, and how many were being made at once at most.
class Crowd {
 public:
  Canned serve(std::chrono::milliseconds takes) {
    {
      const std::lock_guard lock(mutex_);
      most_ = std::max(most_, ++now_);
    }
    std::this_thread::sleep_for(takes);
    const std::lock_guard lock(mutex_);
    --now_;
    return answer("x");
  }
  [[nodiscard]] int most() {
    const std::lock_guard lock(mutex_);
    return most_;
  }

 private:
  std::mutex mutex_;
  int now_ = 0;
  int most_ = 0;
};

std::string agent__queries__never_more_at_once_than_allowed() {
  Crowd crowd;
  FakeAgent fake([&](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(info_of(kLocal));
    return crowd.serve(5ms);
  });
  AgentClient agent(kLocal, {2, 2}, at({fake.endpoint()}));
  EXPECT(agent.locate(nullptr));
  std::atomic<int> good{0};
  std::vector<std::thread> askers;
  askers.reserve(8);
  for (int i = 0; i < 8; ++i)
    askers.emplace_back([&] {
      for (int q = 0; q < 4; ++q)
        if (asked(agent, {}, "/q")) ++good;
    });
  for (auto &t : askers) t.join();
  EXPECT_EQ(good.load(), 32);
  EXPECT(crowd.most() <= 2);
  EXPECT(fake.connections() <= 3U);  // two for queries, one for metadata
  return {};
}

std::string agent__queries_given_up__keep_their_place_until_the_agent_has_ended() {
  std::atomic<int> begun{0};
  std::atomic<bool> ends{false};
  FakeAgent fake([&](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(info_of(kLocal));
    ++begun;
    while (target_of(r) == "/heavy" && !ends) std::this_thread::sleep_for(1ms);
    return answer("x");
  });
  const std::unique_ptr<std::atomic<bool>, void (*)(std::atomic<bool> *)> release(
      &ends, [](std::atomic<bool> *e) { e->store(true); });  // or the fake agent waits for ever when a check fails
  AgentClient agent(kLocal, {2, 2}, at({fake.endpoint()}));
  EXPECT(agent.locate(nullptr));
  int leave_at = 1000;
  const auto ask = [&](const char *target, std::chrono::milliseconds timeout) {
    return asked(agent, {}, target, timeout, [&] { return begun.load() >= leave_at; });
  };
  EXPECT_EQ(ask("/heavy", 1s).error().code, Errc::timeout);
  EXPECT_EQ(begun.load(), 1);
  leave_at = 2;
  EXPECT_EQ(ask("/heavy", 60s).error().code, Errc::cancelled);
  leave_at = 1000;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("/heavy", 20ms).error().code, Errc::timeout);
  EXPECT_EQ(begun.load(), 2);
  EXPECT(agent.get({}, "/small"));  // metadata has a place of its own
  ends = true;
  EXPECT(ask("/small", 10s));
  EXPECT(ask("/small", 10s));
  return {};
}

std::string agent__queries__are_many_at_once_while_the_agent_is_quick() {
  Crowd crowd;
  FakeAgent fake([&](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(info_of(kLocal));
    return crowd.serve(2ms);
  });
  AgentClient agent(kLocal, {1, 4}, at({fake.endpoint()}));
  std::mutex done_mutex;
  std::condition_variable done;
  int good = 0;
  for (RequestTicket t = 1; t <= 100; ++t)
    agent.query(t, {}, {.target = "/q"}, {.max_bytes = 1000, .timeout = 20s}, [&](const Result<HttpResponse> &a, bool) {
      const std::lock_guard lock(done_mutex);
      if (a && a->body == "x") ++good;
      done.notify_all();
    });
  {
    std::unique_lock lock(done_mutex);
    EXPECT(done.wait_for(lock, 20s, [&] { return good == 100; }));
  }
  EXPECT(crowd.most() >= 2 && crowd.most() <= 4);
  EXPECT(fake.connections() <= 5U);
  return {};
}

std::string agent__many_documents__are_asked_side_by_side_and_each_comes_once() {
  constexpr std::size_t kMany = 100;
  Crowd crowd;
  FakeAgent fake([&](const std::string &r) {
    const auto t = target_of(r);
    if (t == "/api/v1/info") return answer(info_of(kLocal));
    (void)crowd.serve(2ms);
    return t == "/x?7" ? answer("gone", 404) : answer("{\"target\":\"" + t + "\"}");
  });
  AgentClient agent(kLocal, {1, 4}, at({fake.endpoint()}));
  std::vector<AgentClient::Wanted> wanted;
  for (std::size_t i = 0; i < kMany; ++i) wanted.push_back({{}, "/x?" + std::to_string(i)});
  std::vector<int> came(kMany);
  bool right = true;
  EXPECT(agent.get_each(wanted, nullptr, [&](std::size_t i, const Result<nlohmann::json> &document) {
    ++came[i];
    right = right && (i == 7 ? document.error().code == Errc::not_found : (*document)["target"] == wanted[i].target);
    return true;
  }));
  EXPECT(right && std::ranges::all_of(came, [](int n) { return n == 1; }));
  EXPECT(crowd.most() >= 2 && crowd.most() <= 4);
  std::size_t taken = 0;  // of those that are not wanted any more none comes
  EXPECT(agent.get_each(wanted, nullptr, [&](std::size_t, const auto &) { return ++taken < 5; }));
  EXPECT_EQ(taken, 5U);
  return {};
}

std::string agent__the_clouds_queries_and_the_links_own__share_the_room() {
  std::atomic<bool> ends{false};
  std::atomic<int> heavy{0};
  std::atomic<int> own{0};
  FakeAgent fake([&](const std::string &r) {
    const auto t = target_of(r);
    if (t == "/api/v1/info") return answer(info_of(kLocal));
    ++(t == "/own" ? own : heavy);
    while (!ends) std::this_thread::sleep_for(1ms);
    return answer("{}");
  });
  const std::unique_ptr<std::atomic<bool>, void (*)(std::atomic<bool> *)> release(
      &ends, [](std::atomic<bool> *e) { e->store(true); });
  AgentClient agent(kLocal, {4, 4}, at({fake.endpoint()}));
  EXPECT(agent.locate(nullptr));
  std::atomic<int> answered{0};
  for (RequestTicket t = 1; t <= 10; ++t)
    agent.query(t, {}, {.target = "/heavy"}, {.max_bytes = 1000, .timeout = 60s},
                [&](const Result<HttpResponse> &, bool) { ++answered; });
  while (heavy < 4) std::this_thread::sleep_for(1ms);
  std::thread own_asker([&] {
    const std::vector<AgentClient::Wanted> wanted(10, {{}, "/own"});
    (void)agent.get_each(wanted, nullptr, [](std::size_t, const auto &) { return true; });
  });
  while (own < 1) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(heavy.load(), 4);
  EXPECT_EQ(own.load(), 1);  // one place is always theirs, though all the room is taken
  ends = true;
  own_asker.join();
  while (answered < 10) std::this_thread::sleep_for(1ms);
  return {};
}

std::string agent__a_query_while_the_link_has_much_to_read__has_a_place() {
  std::atomic<bool> ends{false};
  std::atomic<int> own{0};
  FakeAgent fake([&](const std::string &r) {
    const auto t = target_of(r);
    if (t == "/api/v1/info") return answer(info_of(kLocal));
    if (t == "/own") ++own;
    while (t == "/own" && !ends) std::this_thread::sleep_for(1ms);
    return answer("{}");
  });
  const std::unique_ptr<std::atomic<bool>, void (*)(std::atomic<bool> *)> release(
      &ends, [](std::atomic<bool> *e) { e->store(true); });
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  EXPECT(agent.locate(nullptr));
  std::thread own_asker([&] {
    const std::vector<AgentClient::Wanted> wanted(10, {{}, "/own"});
    (void)agent.get_each(wanted, nullptr, [](std::size_t, const auto &) { return true; });
  });
  while (own < 1) std::this_thread::sleep_for(1ms);
  const auto answer = asked(agent, {}, "/query", 5s);
  const auto begun = own.load();
  ends = true;
  own_asker.join();
  EXPECT(answer);
  EXPECT_EQ(begun, 1);
  return {};
}

std::string agent__interrupted_while_many_are_asked__comes_back_soon() {
  std::atomic<bool> ends{false};
  FakeAgent fake([&](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(info_of(kLocal));
    while (!ends) std::this_thread::sleep_for(1ms);
    return answer("{}");
  });
  const std::unique_ptr<std::atomic<bool>, void (*)(std::atomic<bool> *)> release(
      &ends, [](std::atomic<bool> *e) { e->store(true); });
  AgentClient agent(kLocal, {2, 2}, at({fake.endpoint()}));
  const std::vector<AgentClient::Wanted> wanted(10, {{}, "/x"});
  const auto r = agent.get_each(
      wanted, [] { return true; }, [](std::size_t, const auto &) { return true; });
  EXPECT(!r && r.error().code == Errc::cancelled);
  EXPECT_EQ(agent.get({}, "/x", [] { return true; }).error().code, Errc::cancelled);
  return {};
}

std::string agent__connection_that_another_server_has_taken_over__its_answer_is_not_passed_on() {
  std::atomic<bool> taken_over{false};
  FakeAgent fake([&](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(info_of(taken_over ? kChild : kLocal));
    return answer(taken_over ? "wrong" : "right");
  });
  AgentClient agent(kLocal, {1, 1}, at({fake.endpoint()}));
  EXPECT_EQ(asked(agent, {}, "/x").value_or(HttpResponse{}).body, "right");
  taken_over = true;
  fake.drop_connections();
  EXPECT_EQ(asked(agent, {}, "/x").error().code, Errc::unavailable);
  EXPECT_EQ(asked(agent, {}, "/x").error().code, Errc::unavailable);
  return {};
}

std::string agent__stopped_with_queries_everywhere__answers_all_of_them_cancelled() {
  std::atomic<bool> ends{false};
  FakeAgent fake([&](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(info_of(kLocal));
    while (!ends) std::this_thread::sleep_for(1ms);
    return answer("x");
  });
  const std::unique_ptr<std::atomic<bool>, void (*)(std::atomic<bool> *)> release(
      &ends, [](std::atomic<bool> *e) { e->store(true); });
  AgentClient agent(kLocal, {2, 2}, at({fake.endpoint()}));
  std::atomic<int> cancelled{0};
  const auto ask = [&](RequestTicket t) {
    agent.query(t, {}, {.target = "/q"}, {.max_bytes = 1000, .timeout = 60s}, [&](const Result<HttpResponse> &a, bool) {
      if (!a && a.error().code == Errc::cancelled) ++cancelled;
    });
  };
  for (RequestTicket t = 1; t <= 10; ++t) ask(t);
  agent.stop();
  EXPECT_EQ(cancelled.load(), 10);
  ask(11);
  EXPECT_EQ(cancelled.load(), 11);
  agent.cancel_query(3);
  agent.stop();
  return {};
}

std::string agent__nowhere__queries_are_refused_with_the_reason_and_come_back_with_it() {
  Endpoint gone;
  {
    FakeAgent fake(serve_documents({}));
    gone = fake.endpoint();
  }
  AgentClient agent(kLocal, {1, 1}, at({gone}));
  EXPECT_EQ(asked(agent, {}, "/x").error().code, Errc::unavailable);
  EXPECT(asked(agent, {}, "/x").error().what.find("127.0.0.1") != std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(agent__of_several_places__is_where_the_guid_is_right),
    ACLK_TEST(agent__another_one_only__is_never_believed),
    ACLK_TEST(agent__that_refuses_this_machine__names_the_setting),
    ACLK_TEST(agent__at_none_of_its_places__tells_of_the_one_that_explains_it),
    ACLK_TEST(agent__with_force_and_no_certificate__is_asked_in_clear),
    ACLK_TEST(agent__steady__is_checked_once_per_connection),
    ACLK_TEST(agent__replaced_by_another_behind_the_same_port__is_noticed),
    ACLK_TEST(agent__away_and_back__is_found_again_elsewhere),
    ACLK_TEST(agent__protected_by_tokens__is_denied),
    ACLK_TEST(agent__whose_info_no_parser_reads__is_known_by_its_uid),
    ACLK_TEST(agent__elements_that_cannot_be_read__are_named_once),
    ACLK_TEST(agent__documents_beyond_their_natural_size__are_not_read_and_named),
    ACLK_TEST(agent__child__is_asked_by_its_guid),
    ACLK_TEST(agent__queries__never_more_at_once_than_allowed),
    ACLK_TEST(agent__queries_given_up__keep_their_place_until_the_agent_has_ended),
    ACLK_TEST(agent__queries__are_many_at_once_while_the_agent_is_quick),
    ACLK_TEST(agent__many_documents__are_asked_side_by_side_and_each_comes_once),
    ACLK_TEST(agent__the_clouds_queries_and_the_links_own__share_the_room),
    ACLK_TEST(agent__a_query_while_the_link_has_much_to_read__has_a_place),
    ACLK_TEST(agent__interrupted_while_many_are_asked__comes_back_soon),
    ACLK_TEST(agent__connection_that_another_server_has_taken_over__its_answer_is_not_passed_on),
    ACLK_TEST(agent__stopped_with_queries_everywhere__answers_all_of_them_cancelled),
    ACLK_TEST(agent__nowhere__queries_are_refused_with_the_reason_and_come_back_with_it),
};

}  // namespace
}  // namespace test_agent_client

int agent_tests() { return cmocka_run_group_tests_name("agent", test_agent_client::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
