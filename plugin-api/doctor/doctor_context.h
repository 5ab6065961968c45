// SPDX-License-Identifier: GPL-3.0-or-later
//
// The link of this machine as `doctor` sees it: the files and settings that the link itself would go by, read by the
// link's own code, with what that code had to say about them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aclk/host/host.h"
#include "aclk/loop/clock.h"
#include "aclk/module/settings.h"
#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::doctor {

class DoctorContext {
 public:
  explicit DoctorContext(external::Environment env, loop::TimeScale scale = {});
  ~DoctorContext() = default;
  DoctorContext(const DoctorContext &) = delete;
  DoctorContext &operator=(const DoctorContext &) = delete;

  [[nodiscard]] const external::Environment &env() const { return env_; }
  [[nodiscard]] loop::TimeScale scale() const { return scale_; }
  [[nodiscard]] const external::NetdataConf &conf() const { return conf_; }
  [[nodiscard]] const module::Settings &settings() const { return *settings_; }
  // Warnings and errors logged while the settings were read.
  [[nodiscard]] const std::vector<std::string> &complaints() const { return complaints_; }

 private:
  struct Hooks;
  external::Environment env_;
  loop::TimeScale scale_;
  external::NetdataConf conf_;
  std::optional<claim::Limit> limit_;  // of netdata.conf
  std::vector<std::string> complaints_;
  std::optional<module::Settings> settings_;
};

}  // namespace aclk::doctor
