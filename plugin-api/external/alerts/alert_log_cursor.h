// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the hooks remember of the alert logs that they have shown, by node. Thread: any; the pure parts run under its
// lock.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "plugin-api/external/alerts/read_alerts_v2.h"

namespace aclk::external {

class AlertLogCursor {
 public:
  // 1.x: the entry shown last.
  [[nodiscard]] std::optional<LogAnchor> anchor(const std::string &node) const {
    const std::lock_guard lock(mutex_);
    const auto it = anchors_.find(node);
    return it == anchors_.end() ? std::nullopt : std::optional(it->second);
  }
  void shown(const std::string &node, LogAnchor last) {
    const std::lock_guard lock(mutex_);
    anchors_.insert_or_assign(node, std::move(last));
  }

  // 2.x: `work` is called once, with what is known of this node.
  [[nodiscard]] LogReading with_memory(const std::string &node, const std::function<LogReading(AlertMemory &)> &work) {
    const std::lock_guard lock(mutex_);
    return work(memories_[node]);
  }
  void forget(const std::string &node) {
    const std::lock_guard lock(mutex_);
    memories_.erase(node);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, LogAnchor> anchors_;
  std::map<std::string, AlertMemory> memories_;
};

}  // namespace aclk::external
