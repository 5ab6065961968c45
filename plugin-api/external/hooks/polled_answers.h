// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the poller has read of the agent, kept for the one read of the module that it causes: a look that sees a change
// announces its answer before it tells of the change, and the hook that the module then calls takes it instead of
// asking the agent for the same document again. What nobody announced, or was taken, or is too old, is asked for anew.
//
// An answer that was announced is as good as a new one: a look that sees another change takes its place, and one that
// sees none has found the same. Thread: any.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "plugin-api/external/json/values.h"

namespace aclk::external {

// Answers of one kind, by node.
template <class Answer>
class AnnouncedAnswers {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // good_for: how much later than its announcement an answer may be taken.
  explicit AnnouncedAnswers(std::chrono::seconds good_for) : good_for_(good_for) {}

  // Of one node, by its machine guid. The newest counts.
  void announce(const std::string &node, std::shared_ptr<const Answer> answer, Time now) {
    const std::lock_guard lock(mutex_);
    answers_.insert_or_assign(node, Announced{std::move(answer), now});
  }

  // Once; nullptr = ask the agent.
  [[nodiscard]] std::shared_ptr<const Answer> take(std::string_view node, Time now) {
    const std::lock_guard lock(mutex_);
    const auto it = answers_.find(node);
    if (it == answers_.end()) return nullptr;
    const auto found = std::move(it->second);
    answers_.erase(it);
    return is_good(found, now) ? found.answer : nullptr;
  }

  // Frees what nobody came for.
  void drop_old(Time now) {
    const std::lock_guard lock(mutex_);
    std::erase_if(answers_, [&](const auto &a) { return !is_good(a.second, now); });
  }

  // Something happened that the answers cannot know of.
  void drop_all() {
    const std::lock_guard lock(mutex_);
    answers_.clear();
  }

 private:
  struct Announced {
    std::shared_ptr<const Answer> answer;
    Time at;
  };
  [[nodiscard]] bool is_good(const Announced &a, Time now) const { return now - a.at <= good_for_; }

  const std::chrono::seconds good_for_;
  std::mutex mutex_;
  std::map<std::string, Announced, std::less<>> answers_;
};

// The module lists nodes and reads contexts as soon as it is told of a change; facts and collectors of a node it reads
// half a minute later (aclk/sync/README.md, "Node info and collectors").
struct PolledAnswers {
  static constexpr std::chrono::seconds kReadAtOnce{10};
  static constexpr std::chrono::seconds kReadWhenSettled{45};

  // /api/v1/info: of the local node for the list of nodes, of each node for its facts and for its collectors.
  AnnouncedAnswers<nlohmann::json> nodes{kReadAtOnce};
  AnnouncedAnswers<nlohmann::json> node_info{kReadWhenSettled};
  AnnouncedAnswers<nlohmann::json> collectors{kReadWhenSettled};
  // /api/v1/contexts
  AnnouncedAnswers<ContextList> contexts{kReadAtOnce};

  void drop_old(std::chrono::steady_clock::time_point now) {
    nodes.drop_old(now);
    node_info.drop_old(now);
    collectors.drop_old(now);
    contexts.drop_old(now);
  }
  void drop_all() {
    nodes.drop_all();
    node_info.drop_all();
    collectors.drop_all();
    contexts.drop_all();
  }
};

}  // namespace aclk::external
