// SPDX-License-Identifier: GPL-3.0-or-later
//
// The made-up database: the same for the same seed, as large as asked for, and an alert log with the cursor that
// <netdata-aclk/plugin.h> promises.
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/synthetic/answer.h"
#include "tests/synthetic/synthetic_db.h"
#include "tests/unit/cmocka_main.h"

namespace test_synthetic {
namespace {

constexpr std::uint64_t kStart = 1'700'000'000;

struct FreeDb {
  void operator()(synthetic_db *db) const { synthetic_db_free(db); }
};
using Db = std::unique_ptr<synthetic_db, FreeDb>;

Db make(std::uint64_t seed, std::uint32_t nodes, std::uint32_t contexts, std::uint32_t alerts,
        std::uint32_t log_capacity = 0) {
  const synthetic_options o{seed, nodes, contexts, alerts, kStart, log_capacity};
  return Db(synthetic_db_create(&o));
}

std::string text(naclk_str s) { return s.data == nullptr ? std::string() : std::string(s.data, s.len); }
naclk_str str(std::string_view s) { return {s.data(), s.size()}; }

struct Alert {
  std::uint64_t log_id, event_id, when_s;
  std::uint32_t status, old_status;
  std::string alert_id, transition_id, config_hash;
  bool superseded;
  double value;
  bool operator==(const Alert &) const = default;
};

struct Alerts {
  std::vector<Alert> seen;
  std::size_t stop_after = SIZE_MAX;
  static int visit(void *ctx, const naclk_alert *a) {
    auto &me = *static_cast<Alerts *>(ctx);
    me.seen.push_back({a->log_id, a->event_id, a->when_s, a->status, a->old_status, text(a->alert_id),
                       text(a->transition_id), text(a->config_hash), a->superseded != 0, a->value});
    return me.seen.size() >= me.stop_after ? 1 : 0;
  }
};

struct Reading {
  Alerts alerts;
  naclk_alert_log_end end{};
  std::vector<std::uint64_t> ids() const {
    std::vector<std::uint64_t> out;
    for (const auto &a : alerts.seen) out.push_back(a.log_id);
    return out;
  }
};

Reading read_log(const Db &db, std::uint64_t after, std::uint32_t limit, std::size_t stop_after = SIZE_MAX) {
  Reading r;
  r.alerts.stop_after = stop_after;
  (void)synthetic_db_alert_log(db.get(), 0, after, limit, Alerts::visit, &r.alerts, &r.end);
  return r;
}

using Ids = std::vector<std::uint64_t>;

void put(void *out, naclk_str s) { static_cast<std::string *>(out)->append(text(s)).append("|"); }

// Everything the database can show, as one text.
std::string dump(const Db &db) {
  std::string out;
  synthetic_db_list_nodes(
      db.get(), [](void *c, const naclk_node *n) { return put(c, n->machine_guid), put(c, n->hostname), 0; }, &out);
  for (std::uint32_t i = 0; i < synthetic_db_nodes(db.get()); ++i) {
    synthetic_db_node_info(
        db.get(), i, [](void *c, const naclk_node_info *n) { return put(c, n->memory_bytes), 0; }, &out);
    synthetic_db_contexts(
        db.get(), i,
        [](void *c, const naclk_context *x) {
          put(c, x->id), put(c, x->title);
          *static_cast<std::string *>(c) += std::to_string(x->first_s) + (x->collected != 0 ? "c" : "-");
          return 0;
        },
        &out);
    Alerts a;
    synthetic_db_alert_log(db.get(), i, 0, 0, Alerts::visit, &a, nullptr);
    for (const auto &e : a.seen)
      out += e.transition_id + std::to_string(e.status) + std::to_string(e.value) + std::to_string(e.when_s);
  }
  return out;
}

std::string database__same_seed__is_the_same() {
  auto a = make(7, 3, 20, 5);
  auto b = make(7, 3, 20, 5);
  for (std::uint64_t i = 0; i < 100; ++i)
    EXPECT_EQ(synthetic_db_transition(a.get(), kStart + i), synthetic_db_transition(b.get(), kStart + i));
  EXPECT_EQ(dump(a), dump(b));
  auto c = make(8, 3, 20, 5);
  EXPECT(dump(a) != dump(c));
  return {};
}

std::string database__counts__are_as_asked_and_names_distinct() {
  const auto db = make(1, 4, 30, 6);
  std::set<std::string> guids, contexts, alerts;
  std::vector<int> local;
  struct Seen {
    std::set<std::string> *guids;
    std::vector<int> *local;
  } seen{&guids, &local};
  synthetic_db_list_nodes(
      db.get(),
      [](void *c, const naclk_node *n) {
        static_cast<Seen *>(c)->guids->insert(text(n->machine_guid));
        static_cast<Seen *>(c)->local->push_back(n->local);
        return 0;
      },
      &seen);
  EXPECT_EQ(guids.size(), 4U);
  EXPECT(local == (std::vector<int>{1, 0, 0, 0}));
  synthetic_db_contexts(
      db.get(), 3,
      [](void *c, const naclk_context *x) {
        static_cast<std::set<std::string> *>(c)->insert(text(x->id));
        return 0;
      },
      &contexts);
  EXPECT_EQ(contexts.size(), 30U);
  Alerts a;
  synthetic_db_active_alerts(db.get(), 2, Alerts::visit, &a);
  for (const auto &x : a.seen) alerts.insert(x.alert_id);
  EXPECT_EQ(alerts.size(), 6U);
  return {};
}

std::string database__options_out_of_range__is_refused() {
  EXPECT(make(1, 0, 1, 1) == nullptr);
  EXPECT(make(1, 1, 100'001, 1) == nullptr);
  EXPECT(make(1, 1, 1, 100'001) == nullptr);
  return {};
}

std::string find__guid_unknown_or_empty__says_so() {
  const auto db = make(1, 2, 0, 0);
  EXPECT_EQ(synthetic_db_find(db.get(), str(synthetic_db_guid(db.get(), 1))), 1);
  EXPECT_EQ(synthetic_db_find(db.get(), str("")), 0);
  EXPECT_EQ(synthetic_db_find(db.get(), str("00000000-0000-4000-8000-000000000000")), -1);
  EXPECT_EQ(synthetic_db_find(db.get(), str("short")), -1);
  return {};
}

std::string alert_log__after__is_excluded_and_oldest_comes_first() {
  auto db = make(1, 1, 0, 3);
  for (std::uint64_t i = 0; i < 4; ++i) (void)synthetic_db_transition(db.get(), kStart + i);
  const auto all = read_log(db, 0, 0);
  EXPECT(all.ids() == (Ids{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(all.end.last_log_id, 7U);
  EXPECT_EQ(all.end.gap, 0);
  EXPECT(read_log(db, 5, 0).ids() == (Ids{6, 7}));
  const auto nothing = read_log(db, 7, 0);
  EXPECT(nothing.ids().empty());
  EXPECT_EQ(nothing.end.last_log_id, 7U);
  EXPECT_EQ(nothing.end.gap, 0);
  return {};
}

std::string alert_log__limit_or_visitor_that_stops__continues_where_it_ended() {
  const auto db = make(1, 1, 0, 6);
  const auto limited = read_log(db, 1, 2);
  EXPECT(limited.ids() == (Ids{2, 3}));
  EXPECT_EQ(limited.end.last_log_id, 3U);
  const auto stopped = read_log(db, 3, 0, 2);
  EXPECT(stopped.ids() == (Ids{4, 5}));
  EXPECT_EQ(stopped.end.last_log_id, 5U);
  return {};
}

std::string alert_log__entries_forgotten__is_a_gap() {
  auto db = make(1, 1, 0, 3, 5);
  for (std::uint64_t i = 0; i < 7; ++i) (void)synthetic_db_transition(db.get(), kStart + i);
  const auto cut = read_log(db, 2, 0);
  EXPECT(cut.ids() == (Ids{6, 7, 8, 9, 10}));
  EXPECT_EQ(cut.end.gap, 1);
  EXPECT_EQ(read_log(db, 5, 0).end.gap, 0);
  EXPECT_EQ(read_log(db, 0, 0).end.gap, 0);
  EXPECT(read_log(db, 0, 0).ids() == (Ids{6, 7, 8, 9, 10}));
  return {};
}

std::string alert_log__cursor_of_another_life__is_a_gap() {
  const auto db = make(1, 1, 0, 3);
  const auto r = read_log(db, 99, 0);
  EXPECT(r.ids().empty());
  EXPECT_EQ(r.end.gap, 1);
  EXPECT_EQ(r.end.last_log_id, 3U);
  return {};
}

std::string transitions__each__moves_on_from_the_one_before() {
  auto db = make(3, 2, 0, 4);
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto node = synthetic_db_transition(db.get(), kStart + i);
    EXPECT(node == 0 || node == 1);
  }
  std::map<std::string, Alert> last;
  for (const auto &a : read_log(db, 0, 0).alerts.seen) {
    if (const auto before = last.find(a.alert_id); before != last.end()) {
      EXPECT_EQ(a.old_status, before->second.status);
      EXPECT_EQ(a.event_id, before->second.event_id + 1);
      EXPECT(a.when_s >= before->second.when_s && a.status != a.old_status);
      EXPECT(before->second.superseded && before->second.transition_id != a.transition_id);
    }
    last[a.alert_id] = a;
  }
  Alerts active;
  synthetic_db_active_alerts(db.get(), 0, Alerts::visit, &active);
  EXPECT_EQ(active.seen.size(), 4U);
  for (const auto &a : active.seen) EXPECT(a == last[a.alert_id] && !a.superseded);
  EXPECT_EQ(synthetic_db_transition(make(1, 1, 0, 0).get(), kStart), -ENOENT);
  return {};
}

std::string alert_config__hash_of_an_alert__has_its_name() {
  const auto db = make(1, 1, 0, 3);
  const auto hash = read_log(db, 0, 0).alerts.seen[2].config_hash;
  std::string name;
  const auto show = [](void *c, const naclk_alert_config *a) {
    *static_cast<std::string *>(c) = text(a->alarm);
    return 0;
  };
  EXPECT_EQ(synthetic_db_alert_config(db.get(), str(hash), show, &name), 0);
  EXPECT_EQ(name, std::string("synthetic_usage_2"));
  EXPECT_EQ(synthetic_db_alert_config(db.get(), str("00000000-0000-4000-8000-000000000000"), show, &name), -ENOENT);
  return {};
}

std::string target__arguments__are_read_and_others_ignored() {
  const auto w = answer_read(str("/api/v1/data?x&bytes=70&=&delay_ms=5&bytes_=9&points=3"), 1, 2);
  EXPECT_EQ(text(w.path), std::string("/api/v1/data"));
  EXPECT_EQ(w.bytes, 70U);
  EXPECT_EQ(w.delay_ms, 5U);
  EXPECT_EQ(w.points, 3U);
  const auto d = answer_read(str("/api/v3/x"), 1, 2);
  EXPECT_EQ(d.bytes, 1U);
  EXPECT_EQ(d.delay_ms, 2U);
  EXPECT_EQ(answer_read(str("/a?bytes=99999999999999999999999"), 1, 2).bytes, 0U);
  return {};
}

int is_interrupted(naclk_request r) { return *static_cast<int *>(r.module); }

std::string body_of(const Db &db, std::string_view target, int interrupted, int &result) {
  char *body = nullptr;
  std::size_t len = 0;
  const auto w = answer_read(str(target), 0, 0);
  result = answer_make(db.get(), 0, &w, is_interrupted, {&interrupted, 1}, &body, &len);
  std::string out(body == nullptr ? "" : std::string(body, len));
  std::free(body);
  return out;
}

std::string answer__any_size__is_json_of_that_size() {
  const auto db = make(1, 3, 2, 4);
  int result = 0;
  for (const auto *path : {"/api/v1/info", "/api/v1/data", "/api/v1/alarms", "/api/v2/\"odd\x01"})
    for (const std::size_t bytes : {1000U, 4096U, 100'000U}) {
      const auto body = body_of(db, std::string(path) + "?bytes=" + std::to_string(bytes), 0, result);
      EXPECT_EQ(result, 0);
      EXPECT_EQ(body.size(), bytes);
      EXPECT(nlohmann::json::accept(body));
    }
  const auto rows = nlohmann::json::parse(body_of(db, "/api/v1/data?points=7", 0, result));
  EXPECT_EQ(rows["data"].size(), 7U);
  EXPECT_EQ(rows["labels"].size(), rows["data"][0].size());
  EXPECT_EQ(nlohmann::json::parse(body_of(db, "/api/v1/alarms", 0, result))["alarms"].size(), 4U);
  return {};
}

std::string answer__interrupted__is_cancelled() {
  int result = 0;
  EXPECT_EQ(body_of(make(1, 1, 0, 0), "/api/v1/data?bytes=100000", 1, result), std::string());
  EXPECT_EQ(result, -ECANCELED);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(database__same_seed__is_the_same),
    ACLK_TEST(database__counts__are_as_asked_and_names_distinct),
    ACLK_TEST(database__options_out_of_range__is_refused),
    ACLK_TEST(find__guid_unknown_or_empty__says_so),
    ACLK_TEST(alert_log__after__is_excluded_and_oldest_comes_first),
    ACLK_TEST(alert_log__limit_or_visitor_that_stops__continues_where_it_ended),
    ACLK_TEST(alert_log__entries_forgotten__is_a_gap),
    ACLK_TEST(alert_log__cursor_of_another_life__is_a_gap),
    ACLK_TEST(transitions__each__moves_on_from_the_one_before),
    ACLK_TEST(alert_config__hash_of_an_alert__has_its_name),
    ACLK_TEST(target__arguments__are_read_and_others_ignored),
    ACLK_TEST(answer__any_size__is_json_of_that_size),
    ACLK_TEST(answer__interrupted__is_cancelled),
};

}  // namespace
}  // namespace test_synthetic

int main() { return cmocka_run_group_tests_name("synthetic", test_synthetic::tests, nullptr, nullptr); }
