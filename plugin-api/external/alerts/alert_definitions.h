// SPDX-License-Identifier: GPL-3.0-or-later
//
// The alert definitions seen so far. Agents since 1.38 name each by a hash; for an older one, whose config_hash_id is
// all zeros (plugin-api/external/README.md, "What decides the design"), a name is made here: a UUID of what the
// definition says, the same for every chart it is applied to and over every restart, another one when it is edited.
// Thread: any.
#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/json/values.h"

namespace aclk::external {

// One alarm of /api/v1/alarms?all as a definition, its config_hash included; `block` as read from its source, if it
// could be, below one of `directories`.
[[nodiscard]] AlertConfig definition_of_alarm(const nlohmann::json &alarm, std::string_view context,
                                              const HealthDirectories &directories = {});

// An entry of /api/v1/alarm_log whose alarm does not exist any more: what is left of its definition.
[[nodiscard]] AlertConfig definition_of_log_entry(const nlohmann::json &entry);

// /api/v2/alert_config, which agents since 1.38 answer. `known`: what was seen of this definition before; some of them
// forget what a template applies to.
[[nodiscard]] AlertConfig definition_of_alert_config(const nlohmann::json &config, std::string_view hash,
                                                     const std::optional<AlertConfig> &known);

class AlertDefinitions {
 public:
  // directories: where definition_of_alarm() may read.
  explicit AlertDefinitions(HealthDirectories directories = {}) : directories_(std::move(directories)) {}
  [[nodiscard]] const HealthDirectories &directories() const { return directories_; }

  // Remembers the definition, and that alert `name` of `chart` on `node` follows it. Beyond 20 000 definitions or
  // 200 000 alerts all are forgotten, and learned again by the next reading.
  void learn(std::string_view node, std::string_view chart, std::string_view name, AlertConfig config);

  // Remembers a definition that no alert follows any more.
  void remember(AlertConfig config);

  [[nodiscard]] std::optional<AlertConfig> of_alert(std::string_view node, std::string_view chart,
                                                    std::string_view name) const;
  [[nodiscard]] std::optional<AlertConfig> of_hash(std::string_view config_hash) const;

 private:
  const HealthDirectories directories_;
  mutable std::mutex mutex_;
  std::map<std::string, AlertConfig, std::less<>> by_hash_;
  std::map<std::string, std::string, std::less<>> hash_of_alert_;
};

// Is it known to have neither a warning nor a critical expression?
[[nodiscard]] bool is_variable(const AlertConfig &config);

}  // namespace aclk::external
