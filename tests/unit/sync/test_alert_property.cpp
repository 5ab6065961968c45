// SPDX-License-Identifier: GPL-3.0-or-later
//
// Random lives of one node's alerts: transitions, cut connections with or without what was on its way, lost and late
// acknowledgements, crashes between any two steps, a log that is cut, shown in parts or begins anew, checkpoints at any
// time. When all is quiet again the cloud must have what the agent has, and every published transition must have
// arrived, in order.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "aclk/host/readings.h"
#include "aclk/sync/alerts/alert_sync.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/random_steps.h"
#include "tests/unit/sync/tests.h"

namespace test_alert_property {
using namespace aclk;
using namespace aclk::sync;
using namespace std::chrono_literals;
using mqtt::Delivery;
using proto::AlarmStatus;

namespace {

const std::string kGuid = "11111111-2222-3333-4444-555555555555";
constexpr unsigned kAlerts = 4;

// What the store has on disk: changes become durable all together.
struct Disk {
  std::map<std::string, Change> rows;
  std::map<std::string, Change> unsaved;
  void add(std::vector<Change> changes) {
    for (auto &c : changes) unsaved[row_of(c)] = c;
  }
  void commit() {
    for (auto &[row, c] : unsaved) rows[row] = c;
    unsaved.clear();
  }
  StoredAlerts load() const {
    StoredAlerts out;
    for (const auto &[row, c] : rows) {
      if (const auto *l = std::get_if<PutAlertLog>(&c)) out.log = l->log;
      if (const auto *a = std::get_if<PutAlert>(&c)) out.alerts.push_back(a->alert);
      if (const auto *t = std::get_if<PutTransition>(&c)) out.transitions.push_back(t->transition);
    }
    return out;
  }
};

struct Agent {
  std::vector<proto::Alert> log;       // what is left of it, oldest first
  std::uint64_t first_id = 1'000'000;  // of this database
  std::uint64_t next_id = first_id;
  std::uint64_t events = 0;
  std::map<unsigned, proto::Alert> last;  // by alert; removed ones too
  std::uint64_t forgotten_up_to = 0;      // ids that were cut off

  // What is not in the log has no place in it that anybody could tell.
  void forget() {
    log.clear();
    forgotten_up_to = next_id - 1;
    for (auto &[k, a] : last) a.log_id = 0;
  }
  void begin_anew(bool lower) {
    forget();
    first_id = lower ? first_id / 2 : next_id + 1000;
    next_id = first_id;
    forgotten_up_to = first_id - 1;
  }

  void transition(unsigned k, AlarmStatus to, std::int64_t now_s) {
    const auto text = [](const std::string &s) { return naclk_str{s.data(), s.size()}; };
    const auto name = fmt::format("alert{}", k);
    const auto id = "chart/" + name;
    const std::string chart = "chart";
    naclk_alert told{};
    told.size = sizeof told;
    told.alert_id = text(id);
    told.log_id = next_id++;
    told.chart = text(chart);
    told.name = text(name);
    told.when_s = static_cast<std::uint64_t>(now_s);
    told.status = static_cast<std::uint32_t>(to);
    told.old_status = static_cast<std::uint32_t>(last.contains(k) ? last[k].status : AlarmStatus::removed);
    told.event_id = ++events;
    const auto a = host::alert_of(told, kGuid);
    last[k] = a;
    log.push_back(a);
  }
  // Shows at most `page` entries, whatever was asked for.
  host::AlertLog read(const ReadAlertLog &r, std::size_t page) {
    host::AlertLog out;
    out.last_log_id = r.after;
    out.gap = r.after != 0 && (r.after >= next_id || r.after < forgotten_up_to);
    for (const auto &a : log)
      if ((a.log_id > r.after || out.gap) && out.entries.size() < page) out.entries.push_back(a);
    if (!out.entries.empty())
      out.last_log_id = out.entries.back().log_id;
    else if (out.gap || r.after == 0)
      out.last_log_id = next_id - 1;
    return out;
  }
  std::vector<proto::Alert> active() const {
    std::vector<proto::Alert> out;
    for (const auto &[k, a] : last)
      if (a.status != AlarmStatus::removed) out.push_back(a);
    return out;
  }
};

std::string name_of(const proto::Alert &a) { return proto::decode_alarm_log_entry(a.entry)->name; }

struct Cloud {
  std::map<std::string, proto::AlarmLogEntry> has;
  std::map<std::string, std::uint64_t> newest;      // event id, by alert
  std::map<std::string, std::string> newest_entry;  // transition id
  std::set<std::string> must_come;                  // published, neither seen nor covered by a snapshot yet
  std::set<std::string> seen;
  std::string wrong;

  std::uint64_t version() const {
    std::uint64_t v = 0;
    for (const auto &[id, e] : has) v += e.alert_version;
    return v;
  }
  void published(const std::string &kept) {
    const auto id = proto::decode_alarm_log_entry(kept)->transition_id;
    if (!seen.contains(id)) must_come.insert(id);
  }
  void entry(const std::string &kept) {
    const auto e = *proto::decode_alarm_log_entry(kept);
    must_come.erase(e.transition_id);
    seen.insert(e.transition_id);
    if (e.alert_version != e.when) wrong = "the version of an entry is its time";
    if (newest_entry[e.name] != e.transition_id && e.event_id <= newest[e.name])
      wrong = fmt::format("{}: transition {} after {}", e.name, e.event_id, newest[e.name]);
    newest[e.name] = std::max(newest[e.name], e.event_id);
    newest_entry[e.name] = e.transition_id;
    if (e.status == AlarmStatus::removed)
      has.erase(e.name);
    else
      has[e.name] = e;
  }
  void snapshot(const std::vector<std::string> &kept) {
    must_come.clear();
    has.clear();
    for (const auto &k : kept) {
      const auto e = *proto::decode_alarm_log_entry(k);
      if (e.status == AlarmStatus::removed) wrong = "a removed alert in a snapshot";
      if (e.event_id >= newest[e.name]) newest_entry[e.name] = e.transition_id;
      newest[e.name] = std::max(newest[e.name], e.event_id);
      has[e.name] = e;
    }
  }
};

class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed) { boot(); }

  std::string run() {
    const auto steps = 40 + random_.below(80);
    for (unsigned i = 0; i < steps && cloud_.wrong.empty(); ++i) step();
    settle();
    if (!cloud_.wrong.empty()) return cloud_.wrong;
    if (!cloud_.must_come.empty()) return "a published transition never arrived: " + *cloud_.must_come.begin();
    for (const auto &[k, a] : agent_.last) {
      const auto it = cloud_.has.find(name_of(a));
      const auto theirs = it == cloud_.has.end() ? AlarmStatus::removed : it->second.status;
      if (theirs != a.status)
        return fmt::format("{} is {} here and {} in the cloud", name_of(a), static_cast<int>(a.status),
                           static_cast<int>(theirs));
    }
    if (sync_->version() != cloud_.version()) return "versions differ at the end";
    return {};
  }

 private:
  struct Sent {
    std::uint64_t ticket;
    std::vector<std::string> entries;
    bool snapshot;
    bool arrived = false;
  };

  ClockPair now() const { return {loop::Instant(mono_), wall_us_}; }
  void pass(std::chrono::milliseconds t) {
    mono_ += t;
    wall_us_ += std::chrono::microseconds(t).count();
  }

  void boot() {
    sync_.emplace(kGuid, disk_.load(), now());
    sync_->tick(now());
    work();
  }
  void crash() {
    disk_.unsaved.clear();
    reads_.clear();
    sync_.reset();
    cut();
    boot();
  }
  // The connection ends; a beginning of what was on its way arrives all the same.
  void cut() {
    if (!online_) return;
    online_ = false;
    start_due_ = false;
    const auto arrive = random_.below(wire_.size() + 1);
    for (std::size_t i = 0; i < wire_.size(); ++i)
      if (i < arrive) deliver(wire_[i]);
    const auto lost = std::exchange(wire_, {});
    if (!sync_) return;
    for (const auto &s : lost) sync_->delivered(s.ticket, Delivery::lost, now());
    sync_->offline();
    work();
  }
  void connect() {
    if (online_) return;
    online_ = true;
    start_due_ = !random_.one_in(5);
    sync_->online(now());
    work();
  }
  void deliver(Sent &s) {
    if (std::exchange(s.arrived, true)) return;
    if (s.snapshot)
      cloud_.snapshot(s.entries);
    else
      cloud_.entry(s.entries.front());
  }

  // What the driver does: books first, then the wire.
  void work() {
    for (;;) {
      auto actions = sync_->take_actions();
      disk_.add(sync_->take_changes());
      (void)sync_->take_comparisons();
      if (actions.empty()) break;
      const bool leaves = std::ranges::any_of(actions, [](const auto &a) {
        return std::holds_alternative<SendTransition>(a) || std::holds_alternative<SendSnapshot>(a);
      });
      if (leaves) disk_.commit();
      for (auto &a : actions) {
        if (const auto *t = std::get_if<SendTransition>(&a)) {
          cloud_.published(t->entry);
          wire_.push_back({t->ticket, {t->entry}, false});
        } else if (auto *s = std::get_if<SendSnapshot>(&a)) {
          wire_.push_back({s->ticket, s->entries, true});
        } else if (std::holds_alternative<ReadStoredAlerts>(a)) {
          sync_->stored_alerts(disk_.load().alerts, now());
        } else {
          reads_.push_back(a);
        }
      }
    }
    check();
  }
  void check() {
    const auto v = sync_->view();
    if (v.remembered > v.submitted + v.pending + v.selected)
      cloud_.wrong = "an alert is remembered that nothing is kept of";
  }

  void answer_reading(bool fail) {
    if (reads_.empty()) return;
    const auto a = reads_.front();
    reads_.pop_front();
    if (const auto *r = std::get_if<ReadAlertLog>(&a)) {
      if (fail)
        sync_->log_failed(AlertSync::ReadFailure::passing, now());
      else
        sync_->log(agent_.read(*r, random_.one_in(2) ? 1 + random_.below(3) : 1000), now());
    } else if (fail) {
      sync_->alerts_failed(AlertSync::ReadFailure::passing, now());
    } else {
      sync_->alerts(agent_.active(), now());
    }
    work();
  }
  void acknowledge(Delivery how) {
    if (wire_.empty()) return;
    auto s = wire_.front();
    wire_.pop_front();
    if (how == Delivery::acked)
      deliver(s);
    else if (!s.snapshot)
      cloud_.must_come.erase(proto::decode_alarm_log_entry(s.entries.front())->transition_id);
    sync_->delivered(s.ticket, how, now());
    work();
    if (how != Delivery::acked) disk_.commit();
  }
  void greet() {
    if (!online_ || !std::exchange(start_due_, false)) return;
    sync_->start_streaming(cloud_.version(), now());
    work();
  }
  void transition() {
    constexpr AlarmStatus kAll[] = {AlarmStatus::unknown, AlarmStatus::removed, AlarmStatus::not_a_number,
                                    AlarmStatus::clear,   AlarmStatus::warning, AlarmStatus::critical,
                                    AlarmStatus::warning, AlarmStatus::clear};
    agent_.transition(static_cast<unsigned>(random_.below(kAlerts)), kAll[random_.below(std::size(kAll))],
                      wall_us_ / 1'000'000);
    if (random_.one_in(3)) return;  // it is noticed later
    notice();
  }
  void notice() {
    sync_->log_changed(now());
    work();
  }

  void step() {
    switch (random_.below(20)) {
      case 0:
        return crash();
      case 1:
        return cut();
      case 2:
      case 3:
        return connect();
      case 4:
      case 5:
        return greet();
      case 6:
        if (online_) sync_->checkpoint(random_.one_in(3) ? random_.below(3) : cloud_.version(), now());
        return work();
      case 7:
        return disk_.commit();
      case 8:
        if (random_.one_in(4)) {  // the agent forgets
          agent_.forget();
        } else if (random_.one_in(8)) {  // its database is deleted
          agent_.begin_anew(random_.one_in(2));
        } else if (random_.one_in(12)) {  // its clock is set back
          wall_us_ -= 3'600'000'000;
        }
        return;
      case 9:
        return acknowledge(random_.one_in(4)   ? Delivery::refused
                           : random_.one_in(4) ? Delivery::full
                                               : Delivery::acked);
      case 10:
      case 11:
      case 12:
        return acknowledge(Delivery::acked);
      case 13:
        return answer_reading(random_.one_in(4));
      case 14:
      case 15:
        return answer_reading(false);
      case 16:
        pass(std::chrono::milliseconds(random_.below(40'000)));
        return tick();
      default:
        pass(std::chrono::milliseconds(random_.below(1500)));
        transition();
        return tick();
    }
  }
  void tick() {
    sync_->tick(now());
    work();
  }

  // Everything works from now on.
  void settle() {
    connect();
    start_due_ = true;
    greet();
    notice();
    for (int i = 0; i < 400; ++i) {
      while (!reads_.empty()) answer_reading(false);
      while (!wire_.empty()) acknowledge(Delivery::acked);
      // On an idle day nothing happens but what is planned.
      const auto due = sync_->next_due();
      if (!due && reads_.empty() && wire_.empty()) break;
      if (due && *due > loop::Instant(mono_))
        pass(std::chrono::ceil<std::chrono::milliseconds>(*due - loop::Instant(mono_)) + 1ms);
      tick();
    }
    if (sync_->next_due()) cloud_.wrong = "it never comes to rest";
  }

  test::Random random_;
  std::chrono::steady_clock::duration mono_ = 1h;
  std::int64_t wall_us_ = 1'700'000'000'000'000;
  Disk disk_;
  Agent agent_;
  Cloud cloud_;
  std::optional<AlertSync> sync_;
  bool online_ = false;
  bool start_due_ = false;
  std::deque<Sent> wire_;
  std::deque<AlertAction> reads_;
};

std::string alerts__random_lives__end_with_the_cloud_knowing_what_the_agent_knows() {
  return test::for_each_seed([](std::uint64_t seed) { return Life(seed).run(); });
}

const CMUnitTest tests[] = {
    ACLK_TEST(alerts__random_lives__end_with_the_cloud_knowing_what_the_agent_knows),
};

}  // namespace
}  // namespace test_alert_property

int run_alert_property_tests() {
  return cmocka_run_group_tests_name("alert property", test_alert_property::tests, nullptr, nullptr);
}
