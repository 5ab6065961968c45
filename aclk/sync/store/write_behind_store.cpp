// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/store/write_behind_store.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "aclk/loop/clock.h"

namespace aclk::sync {

WriteBehindStore::WriteBehindStore(uv_loop_t &loop, const host::Log &log, std::filesystem::path file,
                                   std::string claim_id, Pace pace)
    : log_(log), file_(std::move(file)), claim_id_(std::move(claim_id)), pace_(pace), timer_(loop) {
  open();
  if (!store_) {
    whole_ = true;
    timer_.start(pace_.retry, [this] { retry(); });
  }
}

WriteBehindStore::~WriteBehindStore() {
  if (trouble_.empty())
    (void)write();
  else
    retry();
}

void WriteBehindStore::open() {
  std::string note;
  auto store = Store::open(file_, &note);
  if (!note.empty()) log_.warning("{}", note);
  auto ready = store ? store->keep_only(claim_id_) : tl::unexpected<Error>(store.error());
  // What it has is older than what is known here.
  if (ready && whole_) ready = store->clear().and_then([&] { return store->keep_only(claim_id_); });
  if (!ready) return failed(ready.error());
  store_.emplace(std::move(*store));
  whole_ = false;
}

void WriteBehindStore::failed(const Error &why) {
  // One line for each kind of trouble, not one for each attempt.
  if (trouble_.empty())
    log_.error("{}: what should survive a restart is kept in memory until the file can be written; the link goes on",
               why.what);
  trouble_ = why.what;
}

template <class T>
T WriteBehindStore::read(Result<T> (Store::*what)(std::string_view), std::string_view key) {
  if (!store_) return {};
  auto r = (*store_.*what)(key);
  if (r) return std::move(*r);
  log_.error("{}: it is asked of the cloud again", r.error().what);
  return {};
}

std::vector<StoredNode> WriteBehindStore::nodes() { return read(&Store::nodes, claim_id_); }
StoredContexts WriteBehindStore::contexts(std::string_view node_id) { return read(&Store::contexts, node_id); }
StoredAlerts WriteBehindStore::alerts(std::string_view machine_guid) { return read(&Store::alerts, machine_guid); }

std::vector<proto::Alert> WriteBehindStore::told_alerts(std::string_view machine_guid) {
  std::map<std::string, proto::Alert> told;
  for (auto &a : alerts(machine_guid).alerts) told.insert_or_assign(a.alert_id, std::move(a));
  for (const auto &[row, change] : unsaved_) {
    if (const auto *put = std::get_if<PutAlert>(&change); put != nullptr && put->machine_guid == machine_guid)
      told.insert_or_assign(put->alert.alert_id, put->alert);
    if (const auto *drop = std::get_if<DropAlert>(&change); drop != nullptr && drop->machine_guid == machine_guid)
      told.erase(drop->alert_id);
  }
  std::vector<proto::Alert> out;
  for (auto &[id, a] : told) out.push_back(std::move(a));
  return out;
}

std::int64_t WriteBehindStore::last_time(std::string_view node_id) {
  const auto kept = read(&Store::last_time, node_id);
  const auto unsaved = unsaved_.find(row_of(PutLastTime{std::string(node_id), 0}));
  return unsaved == unsaved_.end() ? kept : std::max(kept, std::get<PutLastTime>(unsaved->second).us);
}

std::int64_t WriteBehindStore::new_session_id(std::int64_t now_us) {
  const auto id = loop::next_rising(now_us, last_time(""));
  add(PutLastTime{"", id});
  (void)commit();
  return id;
}

void WriteBehindStore::add(Change change) {
  auto row = row_of(change);
  unsaved_.insert_or_assign(std::move(row), std::move(change));
  if (!timer_.running()) timer_.start(pace_.lazy, [this] { commit(); });
}

void WriteBehindStore::add(std::vector<Change> changes) {
  for (auto &c : changes) add(std::move(c));
}

bool WriteBehindStore::commit() { return trouble_.empty() && write(); }

bool WriteBehindStore::write() {
  timer_.stop();
  if (store_) {
    const auto r = unsaved_.empty() ? Result<void>() : store_->apply(unsaved_);
    if (r) {
      unsaved_.clear();
      return true;
    }
    failed(r.error());
  }
  timer_.start(pace_.retry, [this] { retry(); });
  return false;
}

// The store is opened anew: its file may be another one now, or writable again.
void WriteBehindStore::retry() {
  store_.reset();
  open();
  if (write()) {
    trouble_.clear();
    log_.notice("{} is written again", file_.string());
  }
}

}  // namespace aclk::sync
