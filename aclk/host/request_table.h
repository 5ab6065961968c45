// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the host was asked and has not answered yet. A host answers when and where it likes, and may do it twice, late
// or never: here each request has one end, and what comes after it does nothing. Any thread; nothing here calls the
// host.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace aclk::host {

// Rising; never used twice in one table, never 0.
using RequestId = std::uint64_t;

struct RequestCounters {
  std::size_t open = 0;     // without an answer, those that were given up included
  std::uint64_t late = 0;   // answers to what was given up
  std::uint64_t again = 0;  // answers to what had been answered, or was never asked
};

// Waiting: who wants the answer. Empty (false) when default made; copied and moved without throwing.
template <class Waiting>
class RequestTable {
 public:
  // How many may be without an answer, those that nobody waits for included: a host that never answers costs so much.
  static constexpr std::size_t kMost = 4096;

  // `warn`: one sentence for the log, from any thread.
  explicit RequestTable(std::function<void(const std::string &)> warn) : warn_(std::move(warn)) {}
  // After whatever the host's threads have begun here. They begin nothing more (plugin-api/README.md, "Answering a
  // query").
  ~RequestTable() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
  }
  RequestTable(const RequestTable &) = delete;
  RequestTable &operator=(const RequestTable &) = delete;

  // nullopt: there are kMost already, and `waiting` is as it was.
  [[nodiscard]] std::optional<RequestId> open(Waiting &waiting) {
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= kMost) return std::nullopt;
    entries_.emplace(++last_, Entry{std::move(waiting), false});
    return last_;
  }
  // Its answer has come: who waits for it, once. nullopt when nobody does, which is counted.
  [[nodiscard]] std::optional<Waiting> end(RequestId id) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      if (const auto it = entries_.find(id); it != entries_.end()) {
        auto waiting = std::move(it->second.waiting);
        entries_.erase(it);
        if (waiting) return waiting;
        ++late_;
        return std::nullopt;
      }
      first = again_++ == 0;
    }
    if (first)
      warn_(
          "the agent's database has answered a question that was answered before, or never asked; such answers are "
          "ignored, and only counted from now on");
    return std::nullopt;
  }
  // Who waits for it; empty when nobody does.
  [[nodiscard]] Waiting waiting(RequestId id) const {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(id);
    return it == entries_.end() ? Waiting{} : it->second.waiting;
  }
  // Its answer is not wanted any more. False: it has ended already.
  bool interrupt(RequestId id) {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(id);
    if (it == entries_.end()) return false;
    it->second.interrupted = true;
    return true;
  }
  // What the function `interrupted` of a question says of it; also true of one that has ended.
  [[nodiscard]] bool interrupted(RequestId id) const {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(id);
    return it == entries_.end() || it->second.interrupted;
  }
  // Is an answer to come that somebody waits for?
  [[nodiscard]] bool is_open(RequestId id) const {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(id);
    return it != entries_.end() && it->second.waiting;
  }
  // Nobody waits for it any more: who did. Empty: it has ended, or is ending just now.
  Waiting give_up(RequestId id) {
    Waiting was;
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(id);
    if (it == entries_.end()) return was;
    std::swap(was, it->second.waiting);
    it->second.interrupted = true;
    return was;
  }

  [[nodiscard]] naclk_request handle(RequestId id) { return {this, id}; }
  [[nodiscard]] static RequestTable &of(naclk_request r) { return *static_cast<RequestTable *>(r.module); }
  [[nodiscard]] RequestCounters counters() const {
    const std::lock_guard lock(mutex_);
    return {entries_.size(), late_, again_};
  }

 private:
  struct Entry {
    Waiting waiting;  // empty: given up
    bool interrupted = false;
  };

  const std::function<void(const std::string &)> warn_;
  mutable std::mutex mutex_;
  std::unordered_map<RequestId, Entry> entries_;
  RequestId last_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t again_ = 0;
};

}  // namespace aclk::host
