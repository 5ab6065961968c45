// SPDX-License-Identifier: GPL-3.0-or-later
//
// The durable state of the link: changes go in, the database has them after commit(). When the store cannot take them
// (disk full, read-only, no such directory) they are kept here and written when it can again; the link goes on
// meanwhile, and says so. Loop thread only.
#pragma once

#include <uv.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/host/log.h"
#include "aclk/loop/loop.h"
#include "aclk/sync/store/store.h"

namespace aclk::sync {

class WriteBehindStore {
 public:
  struct Pace {
    std::chrono::milliseconds lazy{1'000};    // what add() takes is written at most this much later
    std::chrono::milliseconds retry{10'000};  // after a failure
  };

  // Opens `file` and forgets in it what belongs to other claims. Never fails: without a store all begins empty, and is
  // written as a whole when there is one.
  WriteBehindStore(uv_loop_t &loop, const host::Log &log, std::filesystem::path file, std::string claim_id, Pace pace);
  WriteBehindStore(uv_loop_t &loop, const host::Log &log, std::filesystem::path file, std::string claim_id)
      : WriteBehindStore(loop, log, std::move(file), std::move(claim_id), Pace{}) {}
  ~WriteBehindStore();  // commits
  WriteBehindStore(const WriteBehindStore &) = delete;
  WriteBehindStore &operator=(const WriteBehindStore &) = delete;

  [[nodiscard]] const std::string &claim_id() const { return claim_id_; }

  // What was known at the start. What has changed since is not looked at: ask once for each thing.
  [[nodiscard]] std::vector<StoredNode> nodes();
  [[nodiscard]] StoredContexts contexts(std::string_view node_id);
  [[nodiscard]] StoredAlerts alerts(std::string_view machine_guid);
  // The alerts that the cloud has of a node, as of now: also what the store could not take yet.
  [[nodiscard]] std::vector<proto::Alert> told_alerts(std::string_view machine_guid);

  // The last of the times that only rise (PutLastTime), as of now.
  [[nodiscard]] std::int64_t last_time(std::string_view node_id);
  // The id of a connection that begins now: above every earlier one, and on disk when it returns, if that can be.
  [[nodiscard]] std::int64_t new_session_id(std::int64_t now_us);

  // Written soon.
  void add(Change change);
  void add(std::vector<Change> changes);
  // Written when it returns. False: the store does not take it now; it is kept and tried again later.
  bool commit();

  // Empty = all is well; else what is wrong, for people.
  [[nodiscard]] const std::string &trouble() const { return trouble_; }

 private:
  template <class T>
  T read(Result<T> (Store::*what)(std::string_view), std::string_view key);
  void open();
  bool write();
  void retry();
  void failed(const Error &why);

  const host::Log &log_;
  const std::filesystem::path file_;
  const std::string claim_id_;
  const Pace pace_;
  std::optional<Store> store_;
  bool whole_ = false;  // the store, when there is one, is to be emptied first: nothing was read from it
  std::map<std::string, Change> unsaved_;
  std::string trouble_;
  loop::Timer timer_;
};

}  // namespace aclk::sync
