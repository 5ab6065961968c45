// SPDX-License-Identifier: GPL-3.0-or-later
//
// The host behind the C ABI, as C++ values: everything shown by a hook is copied, every return code becomes an Error.
// Source: <netdata-aclk/plugin.h>, whose thread rules hold here too ("worker" = never on the loop thread).
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <netdata-aclk/plugin.h>

#include "aclk/host/failing_reads.h"
#include "aclk/host/read_requests.h"
#include "aclk/host/readings.h"
#include "aclk/host/requests.h"
#include "claim/base/http_message.h"
#include "claim/base/result.h"

namespace aclk::host {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct Identity {
  std::string machine_guid;
  std::string hostname;
  std::string registry_hostname;
  std::string agent_version;
  Capabilities capabilities;
  std::uint32_t query_threads = 0;
};

struct Directories {
  std::string user_config;
  std::string lib;
  std::string log;
  std::string run;
};

class Host {
 public:
  // Checks version and compulsory hooks and copies the table; reads identity and directories.
  [[nodiscard]] static Result<Host> adopt(const naclk_host *table);

  [[nodiscard]] const Identity &identity() const { return identity_; }
  [[nodiscard]] const Directories &directories() const { return directories_; }

  // Any thread.
  void log(naclk_log_source source, naclk_log_level level, std::string_view line) const;
  // A setting, nullopt when it is not set. An error with the host's reason: the settings cannot be read.
  [[nodiscard]] Result<std::optional<std::string>> setting(std::string_view section, std::string_view key) const;
  // The same for a setting that limits nothing: one that cannot be read is not set.
  [[nodiscard]] std::optional<std::string> config(std::string_view section, std::string_view key) const;

  // One of readings.h, by the hook that blocks. Worker; not if reads_later().
  template <class R>
  [[nodiscard]] Result<typename R::Value> read(R reading) const {
    auto result = conclude(reading, reading.ask(table_), nullptr);
    if constexpr (R::kNoted) note(reading.what(), result ? nullptr : &result.error());
    return result;
  }
  // Does the host have the hook read?
  [[nodiscard]] bool reads_later() const { return table_.read != nullptr; }
  // One of readings.h, by the hook read: `done` is called by the thread that ends it, maybe before this returns, maybe
  // never. nullopt: it has been called, because the host has not ended too many. The link's thread.
  template <class R>
  std::optional<RequestId> read_later(R reading, std::chrono::milliseconds deadline,
                                      std::function<void(RequestId, Result<typename R::Value>)> done) const {
    auto own = std::make_shared<RequestId>(0);
    const auto pending = std::make_shared<PendingReadingOf<R>>(
        std::move(reading), [own, done = std::move(done)](auto result) { done(*own, std::move(result)); });
    std::shared_ptr<PendingReading> waiting = pending;
    const auto id = readings_->open(waiting);
    if (!id) {
      pending->end(-EAGAIN, nullptr);
      return std::nullopt;
    }
    *own = *id;
    naclk_read question{};
    question.size = sizeof question;
    question.kind = R::kKind;
    question.deadline_ms = static_cast<std::uint32_t>(deadline.count());
    pending->reading().fill(question);
    fill_way_back(question, *readings_, *id);
    table_.read(table_.host, &question);
    return id;
  }
  // Any thread. Those that the host has not ended.
  [[nodiscard]] ReadRequests &readings() const { return *readings_; }
  // Any thread. How the reading of `what` ended (nullptr: well) counts for unreadable(); read() does it itself.
  void note(const std::string &what, const Error *error) const;
  // Asks what requests().open() has given the id for; `request` and the functions of `question` are filled in here. The
  // answer comes there, from any thread, maybe before this returns, maybe never. Its errors: not_found (no such node),
  // cancelled, timeout, too_big, unavailable, unsupported, io. Worker; the link's thread if query_never_blocks().
  void query(RequestId id, naclk_query question) const;
  // The link's thread. Its answer is not wanted any more.
  void cancel_query(RequestId id) const;
  [[nodiscard]] bool query_never_blocks() const { return (table_.options & NACLK_OPTION_QUERY_NEVER_BLOCKS) != 0; }
  [[nodiscard]] bool checks_rights() const { return (table_.options & NACLK_OPTION_CHECKS_RIGHTS) != 0; }
  // Any thread.
  [[nodiscard]] Requests &requests() const { return *requests_; }
  // Any thread. Which of the reads above (queries apart) fail each time; each is logged as failing_reads.h says.
  [[nodiscard]] std::vector<Unreadable> unreadable() const;
  // Lines of level debug go somewhere.
  [[nodiscard]] bool wants_debug() const { return (table_.options & NACLK_OPTION_NO_DEBUG) == 0; }
  // The module is to make the claims that are written down.
  [[nodiscard]] bool wants_claims() const { return (table_.options & NACLK_OPTION_CLAIM) != 0; }
  // The link's thread: what the cloud listens to (enum naclk_interest).
  void interest(std::uint32_t kinds) const;
  void store_node_id(std::string_view machine_guid, std::string_view claim_id, std::string_view node_id) const;

 private:
  Host() = default;

  naclk_host table_{};
  Identity identity_;
  Directories directories_;
  std::shared_ptr<FailingReads> reads_ = std::make_shared<FailingReads>();
  std::shared_ptr<Requests> requests_;  // the host has pointers to these
  std::shared_ptr<ReadRequests> readings_;
};

}  // namespace aclk::host
