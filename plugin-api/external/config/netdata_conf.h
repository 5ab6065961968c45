// SPDX-License-Identifier: GPL-3.0-or-later
//
// netdata.conf, in the format of claim/ini.h; the last of equal keys wins.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "claim/limits.h"

namespace aclk::external {

class NetdataConf {
 public:
  // Never fails.
  [[nodiscard]] static NetdataConf parse(std::string_view text);

  [[nodiscard]] std::optional<std::string> get(std::string_view section, std::string_view key) const;

 private:
  std::map<std::pair<std::string, std::string>, std::string> values_;
};

// The file, read again when it changed. Thread: any.
class NetdataConfFile {
 public:
  explicit NetdataConfFile(std::filesystem::path file) : file_(std::move(file)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view section, std::string_view key);
  [[nodiscard]] NetdataConf snapshot();
  // What the file limits (claim/limits.h): in trouble it has no settings. nullopt for one that does not exist.
  [[nodiscard]] std::optional<claim::Limit> limit();

 private:
  void refresh();  // with mutex_ held

  std::filesystem::path file_;
  std::mutex mutex_;
  NetdataConf conf_;
  std::optional<claim::Limit> limit_;
  // Of what was read: by the state of the file, so that a mode that changes counts. nullopt: look.
  struct Seen {
    bool operator==(const Seen &) const = default;
    dev_t device = 0;
    ino_t inode = 0;
    off_t bytes = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
  };
  static Seen seen(const struct stat &st);
  std::optional<Seen> seen_;
};

}  // namespace aclk::external
