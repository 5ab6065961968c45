// SPDX-License-Identifier: GPL-3.0-or-later
//
// netdata.conf, in the format of claim/ini.h; the last of equal keys wins.
#pragma once

#include <ctime>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace aclk::external {

class NetdataConf {
 public:
  // Never fails. At most 10 000 settings are kept.
  [[nodiscard]] static NetdataConf parse(std::string_view text);

  [[nodiscard]] std::optional<std::string> get(std::string_view section, std::string_view key) const;

 private:
  std::map<std::pair<std::string, std::string>, std::string> values_;
};

// The file, read again when it changed. A file that does not exist or is over 4 MiB has no settings. Thread: any.
class NetdataConfFile {
 public:
  explicit NetdataConfFile(std::filesystem::path file) : file_(std::move(file)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view section, std::string_view key);
  [[nodiscard]] NetdataConf snapshot();

 private:
  void refresh();  // with mutex_ held

  std::filesystem::path file_;
  std::mutex mutex_;
  NetdataConf conf_;
  timespec changed_{};
  long long bytes_ = -1;
};

}  // namespace aclk::external
