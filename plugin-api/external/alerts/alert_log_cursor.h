// SPDX-License-Identifier: GPL-3.0-or-later
//
// The entry of each node's alert log that the hooks have shown last: an id alone does not tell one log from another
// (continues_log() in read_alerts.h). Thread: any.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "plugin-api/external/alerts/read_alerts.h"

namespace aclk::external {

class AlertLogCursor {
 public:
  [[nodiscard]] std::optional<LogAnchor> anchor(const std::string &node) const {
    const std::lock_guard lock(mutex_);
    const auto it = anchors_.find(node);
    return it == anchors_.end() ? std::nullopt : std::optional(it->second);
  }
  void shown(const std::string &node, LogAnchor last) {
    const std::lock_guard lock(mutex_);
    anchors_.insert_or_assign(node, std::move(last));
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, LogAnchor> anchors_;
};

}  // namespace aclk::external
