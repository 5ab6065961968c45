// SPDX-License-Identifier: GPL-3.0-or-later
//
// The hooks as the module calls them, through the C table, against canned agents.
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "plugin-api/external/agent/target_bounds.h"
#include "plugin-api/external/hooks/read_api.h"
#include "tests/sockets/external/hook_bench.h"
#include "tests/sockets/external/suites.h"

namespace aclk::external::test {
namespace test_hooks {
namespace {

using namespace std::chrono_literals;

FakeAgent::Handler v1() {
  return serve_documents({
      {std::string("/host/") + kChild + "/api/v1/info", sample("v1_info_child.json")},
      {std::string("/host/") + kChild + "/api/v1/alarms?active", sample("v1_alarms_child.json")},
      {"/api/v1/info", sample("v1_info.json")},
      {"/api/v1/contexts", sample("v1_contexts.json")},
      {"/api/v1/charts", sample("v1_charts.json")},
      {"/api/v1/alarms?all", sample("v1_alarms_all.json")},
      {"/api/v1/alarms?active", sample("v1_alarms_active.json")},
      {"/api/v1/alarm_log?after=1795227498", "[\n]\n"},
      {"/api/v1/alarm_log?after=1999999999", "[\n]\n"},
      {"/api/v1/alarm_log?after=0", sample("v1_alarm_log.json")},
      {"/api/v1/alarm_log?after=", sample("v1_alarm_log.json")},
  });
}

int take_alert(void *ctx, const naclk_alert *a) {
  static_cast<Lines *>(ctx)->push_back(std::to_string(a->log_id) + " " + str(a->alert_id) + " " + str(a->config_hash));
  return 0;
}

std::string hooks__table__has_every_compulsory_hook() {
  Bench b(v1());
  EXPECT_EQ(b.table.size, sizeof(naclk_host));
  EXPECT_EQ(b.table.abi, NACLK_ABI);
  EXPECT(b.table.store_node_id == nullptr && b.table.load_node_id == nullptr);
  return {};
}

std::string hooks__identity_and_directories__need_no_agent() {
  Bench b([](auto &) { return answer("", 500); });
  Lines lines;
  EXPECT_EQ(b.table.identity(
                b.table.host,
                [](void *ctx, const naclk_identity *i) {
                  *static_cast<Lines *>(ctx) = {str(i->machine_guid), str(i->hostname), str(i->agent_version),
                                                str(i->capabilities[1].name), std::to_string(i->query_threads)};
                  return 0;
                },
                &lines),
            0);
  EXPECT(lines == Lines({kLocal, "node1", "v1.37.1", "proto", "3"}));
  EXPECT_EQ(b.table.directories(
                b.table.host,
                [](void *ctx, const naclk_directories *d) {
                  *static_cast<Lines *>(ctx) = {str(d->user_config), str(d->lib), str(d->log), str(d->run)};
                  return 0;
                },
                &lines),
            0);
  EXPECT(lines == Lines({"/etc/netdata", "/var/lib/netdata", "/var/log/netdata", ""}));
  EXPECT_EQ(b.table.config(
                b.table.host, view("cloud"), view("proxy"), [](void *, naclk_str) { return 0; }, nullptr),
            -ENOENT);
  EXPECT_EQ(b.fake.connections(), 0U);
  return {};
}

std::string hooks__nodes__are_the_local_one_and_its_children() {
  Bench a(v1());
  Lines lines;
  EXPECT_EQ(a.table.nodes(a.table.host, take_node, &lines), 0);
  EXPECT(lines == Lines({"node1 local live health 0 6", "kid1 live health 1 6"}));
  return {};
}

// One child's alarms answer with this status; with 0 the answer is no JSON, with 1 health is off.
std::string hooks__nodes_of_1_37__a_failed_request_says_nothing_of_health() {
  std::atomic<int> status{500};
  Bench b([&](const std::string &r) {
    if (status == 200 || target_of(r) != std::string("/host/") + kChild + "/api/v1/alarms?active") return v1()(r);
    if (status == 0) return answer("{\"alarms\": {\"x\": ");
    if (status == 1) return answer("{\"status\": false, \"alarms\": {}}");
    return answer("no", status);
  });
  const auto list = [&] {
    Lines lines;
    const int rc = b.table.nodes(b.table.host, take_node, &lines);
    return rc == 0 ? lines.back() : std::to_string(rc);
  };
  const Lines kept{"kid1 live health 1 6", "kid1 live 1 6"};
  EXPECT_EQ(list(), std::to_string(-EAGAIN));  // nothing is known of it yet: listed again later
  status = 0;
  EXPECT(list() == kept[0]);  // it does so each time, perhaps; and there are alarms in it
  status = 1;
  EXPECT(list() == kept[1]);
  for (const int bad : {503, 0}) {
    status = bad;
    EXPECT(list() == kept[1]);  // as it was last known
  }
  status = 200;
  EXPECT(list() == kept[0]);
  for (const int bad : {500, 0}) {
    status = bad;
    EXPECT(list() == kept[0]);
  }
  status = 404;
  EXPECT(list() == kept[1]);
  return {};
}

std::string hooks__node_info__joins_what_the_agent_tells_in_several_places() {
  Bench b(v1());
  Lines lines;
  const auto take = [](void *ctx, const naclk_node_info *i) {
    *static_cast<Lines *>(ctx) = {str(i->name), str(i->os), str(i->timezone), str(i->cpu_frequency_hz)};
    return 0;
  };
  EXPECT_EQ(b.table.node_info(b.table.host, view(kLocal), take, &lines), 0);
  EXPECT(lines == Lines({"node1", "linux", "UTC", "2596000000"}));
  EXPECT_EQ(b.table.node_info(b.table.host, view(kChild), take, &lines), 0);
  EXPECT_EQ(lines[0], "kid1");
  EXPECT_EQ(b.table.node_info(b.table.host, view("c017cf8e-e551-11f1-9495-02fc00000002"), take, &lines), -ENOENT);
  EXPECT_EQ(b.table.node_info(b.table.host, view("../../etc"), take, &lines), -ENOENT);
  return {};
}

std::string hooks__collectors_and_contexts__are_visited_until_enough() {
  Bench b(v1());
  int count = 0;
  const auto all = [](void *ctx, const naclk_context *) {
    ++*static_cast<int *>(ctx);
    return 0;
  };
  EXPECT_EQ(b.table.contexts(b.table.host, view(kLocal), all, &count), 0);
  EXPECT_EQ(count, 4);
  const auto one = [](void *ctx, const naclk_collector *) {
    ++*static_cast<int *>(ctx);
    return 1;
  };
  count = 0;
  EXPECT_EQ(b.table.collectors(b.table.host, view(kLocal), one, &count), 0);
  EXPECT_EQ(count, 1);
  return {};
}

std::string hooks__alert_log_of_1_37__goes_on_where_it_was() {
  Bench b(v1());
  Lines lines;
  naclk_alert_log_end end{};
  end.size = sizeof end;
  EXPECT_EQ(b.table.alert_log(b.table.host, view(kLocal), 0, 0, take_alert, &lines, &end), 0);
  EXPECT_EQ(lines.size(), 11U);
  EXPECT_EQ(end.last_log_id, 1795227498U);
  EXPECT_EQ(end.gap, 0);
  lines.clear();
  EXPECT_EQ(b.table.alert_log(b.table.host, view(kLocal), 1795227472, 2, take_alert, &lines, &end), 0);
  EXPECT_EQ(lines.size(), 2U);
  EXPECT_EQ(end.last_log_id, 1795227495U);
  lines.clear();
  EXPECT_EQ(b.table.alert_log(b.table.host, view(kLocal), 1795227498, 0, take_alert, &lines, &end), 0);
  EXPECT(lines.empty() && end.gap == 0 && end.last_log_id == 1795227498);
  // The database was deleted: the log is behind what the module has.
  EXPECT_EQ(b.table.alert_log(b.table.host, view(kLocal), 1999999999, 0, take_alert, &lines, &end), 0);
  EXPECT(lines.size() == 11 && end.gap == 1 && end.last_log_id == 1795227498);
  return {};
}

std::string hooks__alert_config_of_1_37__accepts_every_hash_that_was_shown() {
  Bench b(v1());
  Lines lines;
  naclk_alert_log_end end{};
  end.size = sizeof end;
  EXPECT_EQ(b.table.alert_log(b.table.host, view(kLocal), 0, 0, take_alert, &lines, &end), 0);
  EXPECT_EQ(b.table.active_alerts(b.table.host, view(kLocal), take_alert, &lines), 0);
  EXPECT_EQ(lines.size(), 11U + 6U);
  const auto take = [](void *ctx, const naclk_alert_config *c) {
    *static_cast<std::string *>(ctx) = str(c->config_hash) + str(c->template_name) + str(c->alarm);
    return 0;
  };
  for (const auto &l : lines) {
    const auto hash = l.substr(l.rfind(' ') + 1);
    std::string got;
    EXPECT_EQ(b.table.alert_config(b.table.host, view(hash), take, &got), 0);
    EXPECT(got.size() > 36 && got.compare(0, 36, hash) == 0);
  }
  std::string got;
  EXPECT_EQ(b.table.alert_config(b.table.host, view("0d1c2b3a-4444-4555-8666-777788880000"), take, &got), -ENOENT);
  EXPECT_EQ(b.table.alert_config(b.table.host, view("x&y"), take, &got), -ENOENT);
  return {};
}

std::string hooks__agent_away__say_again_later() {
  Bench b([](auto &) { return Canned{"", true, {}}; });
  Lines lines;
  EXPECT_EQ(b.table.nodes(b.table.host, take_node, &lines), -EAGAIN);
  EXPECT_EQ(b.table.active_alerts(b.table.host, view(kLocal), take_alert, &lines), -EAGAIN);
  return {};
}

// What a question was answered, by whatever thread.
struct Reply {
  int error = 1;
  int status = 0;
  std::string type, encoding, body;
};

class Asking {
 public:
  // Asks, and waits for the answer.
  Reply ask(const Bench &b, naclk_query q) {
    q.request = {this, ++last_};
    q.complete = [](naclk_request r, int error, const naclk_reply *reply) {
      static_cast<Asking *>(r.module)->answered(error, reply);
    };
    b.table.query(b.table.host, &q);
    if (cancelled) b.table.query_cancelled(b.table.host, q.request);
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, 10s, [this] { return reply_.has_value(); })) return {};
    return *std::exchange(reply_, std::nullopt);
  }
  bool cancelled = false;  // when it has been asked

 private:
  void answered(int error, const naclk_reply *r) {
    const std::lock_guard lock(mutex_);
    reply_ = r == nullptr ? Reply{error, 0, {}, {}, {}}
                          : Reply{error, r->status, str(r->content_type), str(r->content_encoding), str(r->body)};
    if (r != nullptr && r->release != nullptr) r->release(r->lent);
    came_.notify_all();
  }
  std::uint64_t last_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  std::optional<Reply> reply_;
};

Reply asked(const Bench &b, const naclk_query &q) { return Asking().ask(b, q); }

naclk_query question(std::string_view target, std::string_view method = "GET") {
  naclk_query q{};
  q.size = sizeof q;
  q.method = view(method);
  q.target = view(target);
  q.deadline_ms = 5000;
  q.max_bytes = 1U << 20;
  return q;
}

std::string query__answers_of_any_status__are_passed_on() {
  Bench b(v1());
  Reply r;
  auto q = question("/api/v1/contexts");
  r = asked(b, q);
  EXPECT_EQ(r.error, 0);
  EXPECT(r.status == 200 && r.body == sample("v1_contexts.json") && r.type == "application/json; charset=utf-8");
  q = question("/api/v1/nothing");
  r = asked(b, q);
  EXPECT_EQ(r.error, 0);
  EXPECT_EQ(r.status, 404);
  return {};
}

std::string query__headers__only_harmless_ones_are_forwarded_and_gzip_is_asked_for_if_the_asker_takes_it() {
  Bench b([](const std::string &r) {
    return target_of(r) == "/api/v1/info" ? answer(sample("v1_info.json"))
                                          : answer("\x1f\x8b..", 200, "Content-Encoding: gzip\r\n");
  });
  const naclk_pair headers[] = {{view("Authorization"), view("Bearer x")},
                                {view("X-Netdata-Auth"), view("Bearer x")},
                                {view("Cookie"), view("c")},
                                {view("X-Netdata-Permissions"), view("fff")},
                                {view("x-transaction-id"), view("0123")},
                                {view("Content-Type"), view("a\r\nX-Evil: y")}};
  auto q = question("/api/v1/contexts");
  q.headers = headers;
  q.header_count = std::size(headers);
  q.body = view("payload");
  q.accept_gzip = 1;
  Reply r;
  r = asked(b, q);
  EXPECT_EQ(r.error, 0);
  EXPECT_EQ(r.encoding, "gzip");
  EXPECT_EQ(r.body, "\x1f\x8b..");
  const auto sent = b.fake.requests().back();
  for (const auto *bad : {"Authorization", "X-Netdata", "Cookie", "Evil", "Content-Type"})
    EXPECT(sent.find(bad) == std::string::npos);
  EXPECT(sent.find("x-transaction-id: 0123\r\n") != std::string::npos);
  EXPECT(sent.find("Accept-Encoding: gzip\r\n") != std::string::npos);
  EXPECT(sent.find("GET /api/v1/contexts ") == 0);
  EXPECT(sent.ends_with("\r\n\r\n"));  // and no body
  q.accept_gzip = 0;
  (void)asked(b, q);
  EXPECT(b.fake.requests().back().find("Accept-Encoding: identity\r\n") != std::string::npos);
  return {};
}

std::string query__too_much_for_1_37__never_reaches_it() {
  Bench b(v1());
  Reply r;
  auto q = question("/api/v1/info", "POST");
  r = asked(b, q);
  EXPECT_EQ(r.error, 0);
  EXPECT_EQ(r.status, 400);
  const auto target = "/api/v1/data?" + std::string(8100, 'x');
  q = question(target);
  r = asked(b, q);
  EXPECT_EQ(r.error, 0);
  EXPECT_EQ(r.status, 414);
  EXPECT_EQ(b.fake.connections(), 0U);
  q = question("/api/v1/data?context=*&points=86400");
  r = asked(b, q);
  EXPECT_EQ(r.error, 0);
  EXPECT_EQ(target_of(b.fake.requests().back()), "/api/v1/data?context=*&points=4000");
  return {};
}

std::string query__limits__become_error_numbers() {
  Bench b([](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(sample("v1_info.json"));
    if (target_of(r) == "/slow") return Canned{answer("x").bytes, false, 20s};
    return answer(std::string(5000, 'x'));
  });
  auto q = question("/large");
  q.max_bytes = 4999;
  EXPECT_EQ(asked(b, q).error, -EMSGSIZE);
  q = question("/slow");
  q.deadline_ms = 50;
  EXPECT_EQ(asked(b, q).error, -ETIME);
  q = question("/slow");
  Asking cancelled;
  cancelled.cancelled = true;
  EXPECT_EQ(cancelled.ask(b, q).error, -ECANCELED);
  q = question("/large");
  q.machine_guid = view("not a guid");
  EXPECT_EQ(asked(b, q).error, -ENOENT);
  b.host.begin_stop();
  q = question("/slow");
  EXPECT_EQ(asked(b, q).error, -ECANCELED);
  return {};
}

std::string query__bodiless_answer__has_no_encoding() {
  Bench b([](const std::string &r) {
    if (target_of(r) == "/api/v1/info") return answer(sample("v1_info.json"));
    return Canned{"HTTP/1.1 503 X\r\nConnection: close\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
                  true,
                  {}};
  });
  Reply r;
  auto q = question("/api/v1/data?chart=x&timeout=1");
  r = asked(b, q);
  EXPECT_EQ(r.error, 0);
  EXPECT(r.status == 503 && r.body.empty() && r.encoding.empty());
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(hooks__table__has_every_compulsory_hook),
    ACLK_TEST(hooks__identity_and_directories__need_no_agent),
    ACLK_TEST(hooks__nodes__are_the_local_one_and_its_children),
    ACLK_TEST(hooks__nodes_of_1_37__a_failed_request_says_nothing_of_health),
    ACLK_TEST(hooks__node_info__joins_what_the_agent_tells_in_several_places),
    ACLK_TEST(hooks__collectors_and_contexts__are_visited_until_enough),
    ACLK_TEST(hooks__alert_log_of_1_37__goes_on_where_it_was),
    ACLK_TEST(hooks__alert_config_of_1_37__accepts_every_hash_that_was_shown),
    ACLK_TEST(hooks__agent_away__say_again_later),
    ACLK_TEST(query__answers_of_any_status__are_passed_on),
    ACLK_TEST(query__headers__only_harmless_ones_are_forwarded_and_gzip_is_asked_for_if_the_asker_takes_it),
    ACLK_TEST(query__too_much_for_1_37__never_reaches_it),
    ACLK_TEST(query__limits__become_error_numbers),
    ACLK_TEST(query__bodiless_answer__has_no_encoding),
};

}  // namespace
}  // namespace test_hooks

int hook_tests() { return cmocka_run_group_tests_name("hooks", test_hooks::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
