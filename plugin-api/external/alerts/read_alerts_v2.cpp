// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/read_alerts_v2.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "claim/base/uuid.h"
#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external {
namespace {

using nlohmann::json;

// 0 for what is no time: the agent keeps it in 63 bits, and what comes after it must have a number too.
std::uint64_t gi_of(const json &object) {
  constexpr std::uint64_t kLast = INT64_MAX / 2;
  const auto gi = uint_of(object, "gi");
  return gi <= kLast ? gi : 0;
}

bool has_flag(const json &flags, const char *flag) {
  return std::any_of(flags.begin(), flags.end(), [&](const json &f) { return f == flag; });
}

bool is_silent(const std::string &recipient) { return recipient.substr(0, 6) == "silent"; }

Alert read_transition(const json &t) {
  Alert a;
  a.log_id = gi_of(t);
  a.transition_id = parse_uuid(text_of(t, "transition_id")).value_or("");
  a.config_hash = parse_uuid(text_of(t, "config_hash_id")).value_or("");
  a.name = text_of(t, "alert");
  a.chart = text_of(t, "instance");
  a.chart_name = text_of(t, "instance_n", "instance");
  a.alert_id = alert_id_v2(a.chart, a.name);
  a.context = text_of(t, "context");
  a.summary = text_of(t, "summary");
  a.info = text_of(t, "info");
  a.units = text_of(t, "units");
  a.when_s = uint_of(t, "when");
  const auto &now = object_of(t, "new");
  const auto &old = object_of(t, "old");
  a.status = alert_status(text_of(now, "status"));
  a.old_status = alert_status(text_of(old, "status"));
  a.value = number_of(now, "value").value_or(NAN);
  a.old_value = number_of(old, "value").value_or(NAN);
  a.value_string = value_with_unit(a.value, a.units);
  a.old_value_string = value_with_unit(a.old_value, a.units);
  a.duration_s = int_of(old, "duration");
  a.non_clear_duration_s = int_of(old, "raised_duration");
  const auto &notification = object_of(t, "notification");
  const auto &flags = array_of(notification, "flags");
  a.exec = text_of(notification, "exec");
  a.delay_s = uint_of(notification, "delay");
  a.delay_up_to_s = uint_of(notification, "delay_up_to_time");
  a.silenced = has_flag(flags, "SILENCED") || is_silent(text_of(notification, "to"));
  a.superseded = has_flag(flags, "UPDATED");
  return a;
}

}  // namespace

std::string alert_id_v2(const std::string &chart, const std::string &name) { return chart + "/" + name; }

void add_definition(Alert &a, std::string_view node, std::string_view hostname, std::string_view config_dir,
                    const AlertDefinitions &definitions) {
  const auto known = definitions.of_alert(node, a.chart_name, a.name);
  if (!known) return;
  a.variable = is_variable(*known);
  if (a.exec.empty()) a.exec = known->exec;
  if (a.conf_source.empty()) a.conf_source = known->conf_source;
  a.command = edit_command(parse_source(a.conf_source), config_dir, hostname);
}

Transitions read_transitions(const json &document, std::string_view node, std::string_view config_dir,
                             const AlertDefinitions &definitions) {
  Transitions out;
  for (const auto &t : array_of(document, "transitions")) {
    if (out.entries.size() >= kMaxAlerts) break;
    const auto guid = parse_uuid(text_of(t, "machine_guid")).value_or(std::string(node));
    if (guid != node || gi_of(t) == 0) continue;
    auto a = read_transition(t);
    add_definition(a, node, text_of(t, "hostname"), config_dir, definitions);
    out.entries.push_back(std::move(a));
  }
  std::stable_sort(out.entries.begin(), out.entries.end(),
                   [](const Alert &a, const Alert &b) { return a.log_id < b.log_id; });
  std::map<std::string, Alert *> last;
  for (auto &a : out.entries) {
    auto *&before = last[a.alert_id];
    if (before != nullptr) before->superseded = true;
    before = &a;
  }
  out.cut = int_of(object_of(document, "items"), "after") > 0;
  return out;
}

ChartsByName read_charts_of_instances(const json &document) {
  ChartsByName out;
  for (const auto &i : array_of(document, "alert_instances")) {
    if (out.size() >= kMaxAlerts) break;
    const ChartFacts facts{text_of(i, "ch"), text_of(i, "ctx")};
    out.insert_or_assign(text_of(i, "ch_n", "ch"), facts);
  }
  return out;
}

std::vector<Alert> read_alert_instances(const json &document, std::string_view node, std::string_view hostname,
                                        std::string_view config_dir, const AlertDefinitions &definitions) {
  std::vector<Alert> out;
  for (const auto &i : array_of(document, "alert_instances")) {
    if (out.size() >= kMaxAlerts) break;
    Alert a;
    a.name = text_of(i, "nm");
    a.chart = text_of(i, "ch");
    if (a.name.empty() || a.chart.empty()) continue;
    a.chart_name = text_of(i, "ch_n", "ch");
    a.alert_id = alert_id_v2(a.chart, a.name);
    a.log_id = gi_of(i);
    a.transition_id = parse_uuid(text_of(i, "tr_i")).value_or("");
    a.config_hash = parse_uuid(text_of(i, "cfg")).value_or("");
    a.context = text_of(i, "ctx");
    a.summary = text_of(i, "sum");
    a.info = text_of(i, "info");
    a.units = text_of(i, "units");
    a.conf_source = parse_source(text_of(i, "src")).conf_source();
    a.when_s = uint_of(i, "tr_t");
    a.status = alert_status(text_of(i, "st"));
    a.silenced = is_silent(text_of(i, "to"));
    a.value = number_of(i, "v").value_or(number_of(i, "tr_v").value_or(NAN));
    a.value_string = value_with_unit(a.value, a.units);
    a.old_value_string = "-";
    add_definition(a, node, hostname, config_dir, definitions);
    out.push_back(std::move(a));
  }
  return out;
}

namespace {

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kSlackUs = 5 * kSecondUs;  // ids made here run ahead of the agent's by microseconds
constexpr std::uint64_t kFutureUs = 60 * kSecondUs;
constexpr std::size_t kMaxRemoved = 10'000;

void sort_log(std::vector<Alert> &entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const Alert &a, const Alert &b) { return a.log_id < b.log_id; });
}

// Log ids rise strictly, but a gi is only the microsecond of an insertion: of several with the same one each gets one
// more than that before it. A page must not end between them, for the next one begins after their gi.
void make_strict(std::vector<Alert> &entries, std::uint32_t limit) {
  if (limit != 0 && entries.size() > limit) {
    auto end = std::size_t{limit};
    while (end > 1 && entries[end].log_id == entries[end - 1].log_id) --end;
    if (entries[end].log_id == entries[end - 1].log_id) end = limit;  // a page of nothing else
    entries.resize(end);
  }
  std::uint64_t before = 0;
  for (auto &a : entries) before = a.log_id = std::max(a.log_id, before + 1);
}

// The entries above `after`, in order, at most `limit`; each but the newest of an alert is superseded.
LogReading reading_of(std::vector<Alert> entries, std::uint64_t after, std::uint32_t limit) {
  std::erase_if(entries, [&](const Alert &a) { return a.log_id <= after; });
  sort_log(entries);
  const auto same = [](const Alert &a, const Alert &b) {
    return a.log_id == b.log_id && a.alert_id == b.alert_id && a.status == b.status && a.old_status == b.old_status;
  };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  std::map<std::string_view, Alert *> last;
  for (auto &a : entries) {
    auto *&before = last[a.alert_id];
    if (before != nullptr) before->superseded = true;
    before = &a;
  }
  make_strict(entries, limit);
  LogReading r;
  r.last = entries.empty() ? after : entries.back().log_id;
  r.entries = std::move(entries);
  return r;
}

// What is in a log already: by gi and alert, and by transition id.
class Shown {
 public:
  explicit Shown(const std::vector<Alert> &entries) {
    for (const auto &a : entries) {
      places_.emplace(a.log_id, a.alert_id);
      if (!a.transition_id.empty()) transitions_.insert(a.transition_id);
    }
  }
  [[nodiscard]] bool has(const Alert &a) const {
    return places_.contains({a.log_id, a.alert_id}) ||
           (!a.transition_id.empty() && transitions_.contains(a.transition_id));
  }

 private:
  std::set<std::pair<std::uint64_t, std::string>> places_;
  std::set<std::string> transitions_;
};

std::uint64_t newest(const std::vector<Alert> &list, std::uint64_t at_least) {
  for (const auto &a : list) at_least = std::max(at_least, a.log_id);
  return at_least;
}

}  // namespace

LogReading merge_log(Transitions rest, DbLog db, std::uint64_t after, std::uint32_t limit) {
  const bool empty = db.entries.empty() && db.before == 0;
  const bool not_reached = after != 0 && db.before == 0 && !db.entries.empty();
  const bool ahead = after != 0 && !empty && db.entries.empty() && db.before + kSlackUs < after;
  const bool clock_back = after != 0 && db.last_added != 0 && db.last_added + kSlackUs < after;
  const auto end = db.entries.empty() ? after : db.entries.back().log_id;
  const auto begin = db.cut && !db.entries.empty() ? db.entries.front().log_id : 0;  // no islands before it

  const Shown shown(db.entries);
  for (auto &a : rest.entries) {
    if (shown.has(a) || (db.more && a.log_id > end) || a.log_id < begin) continue;
    db.entries.push_back(std::move(a));
  }
  auto r = reading_of(std::move(db.entries), after, limit);
  r.gap = not_reached || ahead || clock_back || (after != 0 && db.cut);
  // Everything that there is lies below `after`, and a gap makes the module look at all alerts anyway.
  if (ahead && r.entries.empty()) r.last = db.before;
  return r;
}

void complete_alerts(std::vector<Alert> &alerts, const std::vector<Alert> &last) {
  std::map<std::string_view, const Alert *> by_transition;
  for (const auto &a : last)
    if (!a.transition_id.empty()) by_transition.emplace(a.transition_id, &a);
  for (auto &a : alerts) {
    const auto it = by_transition.find(a.transition_id);
    if (it == by_transition.end()) continue;
    const auto &db = *it->second;
    a.event_id = db.event_id;
    a.old_status = db.old_status;
    a.old_value = db.old_value;
    a.old_value_string = db.old_value_string;
    a.duration_s = db.duration_s;
    a.non_clear_duration_s = db.non_clear_duration_s;
    a.delay_s = db.delay_s;
    a.delay_up_to_s = db.delay_up_to_s;
    a.last_repeat_s = db.last_repeat_s;
    a.silenced = a.silenced || db.silenced;
    a.timezone = db.timezone;
    a.utc_offset_s = db.utc_offset_s;
    if (a.exec.empty()) a.exec = db.exec;
  }
}

void AlertMemory::forget() {
  primed_ = false;
  known_.clear();
  removed_.clear();
}

void AlertMemory::note_removed(const Transitions &rest, const std::vector<Alert> &present, std::uint64_t after,
                               std::uint64_t now_s) {
  std::set<std::string_view> exist;
  for (const auto &a : present) exist.insert(a.alert_id);
  auto id = newest(rest.entries, newest(present, newest(removed_, after)));
  for (const auto &entry : known_) {
    const auto &known = entry.second;
    if (exist.contains(known.alert_id) || known.status == NACLK_ALERT_REMOVED) continue;
    const bool told = std::any_of(rest.entries.begin(), rest.entries.end(), [&](const Alert &a) {
      return a.alert_id == known.alert_id && a.status == NACLK_ALERT_REMOVED && a.log_id > known.log_id;
    });
    if (told) continue;
    auto gone = known;
    gone.log_id = ++id;
    gone.event_id = 0;
    gone.transition_id.clear();
    gone.old_status = known.status;
    gone.status = NACLK_ALERT_REMOVED;
    gone.when_s = std::max(now_s, known.when_s);
    gone.duration_s = static_cast<std::int64_t>(gone.when_s - known.when_s);
    gone.delay_s = 0;
    gone.delay_up_to_s = gone.when_s;
    gone.superseded = false;
    gone.old_value = std::exchange(gone.value, NAN);
    gone.old_value_string = std::exchange(gone.value_string, "-");
    removed_.push_back(std::move(gone));
  }
  if (removed_.size() > kMaxRemoved)
    removed_.erase(removed_.begin(), removed_.end() - static_cast<std::ptrdiff_t>(kMaxRemoved));
}

LogReading AlertMemory::read(Transitions rest, const std::vector<Alert> &present, std::uint64_t after,
                             std::uint32_t limit, unsigned epoch, bool linked, std::uint64_t now_s) {
  if (epoch != epoch_) forget();
  epoch_ = epoch;
  const bool first = !std::exchange(primed_, linked || primed_);
  if (linked && !first) note_removed(rest, present, after, now_s);

  const Shown shown(rest.entries);
  auto entries = std::move(rest.entries);
  std::map<std::string, Alert> now;
  for (auto a : present) {
    if (const auto it = known_.find(a.alert_id); it != known_.end())
      a.old_status = it->second.log_id == a.log_id ? it->second.old_status : it->second.status;
    if (!shown.has(a)) entries.push_back(a);
    now.insert_or_assign(a.alert_id, std::move(a));
  }
  entries.insert(entries.end(), removed_.begin(), removed_.end());
  if (linked) known_ = std::move(now);
  auto r = reading_of(std::move(entries), after, limit);
  const bool future = after > now_s * kSecondUs + kFutureUs;
  r.gap = after != 0 && (first || rest.cut || future);
  if (future && r.entries.empty()) r.last = newest(present, 0);
  return r;
}

}  // namespace aclk::external
