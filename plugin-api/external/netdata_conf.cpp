// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/netdata_conf.h"

#include <sys/stat.h>

#include "claim/base/files.h"
#include "claim/ini.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxSettings = 10'000;
constexpr std::size_t kMaxBytes = 4U << 20;

}  // namespace

NetdataConf NetdataConf::parse(std::string_view text) {
  NetdataConf conf;
  claim::visit_ini(text, [&](std::string_view section, std::string_view key, std::string_view value) {
    if (conf.values_.size() < kMaxSettings) conf.values_[{std::string(section), std::string(key)}] = value;
  });
  return conf;
}

std::optional<std::string> NetdataConf::get(std::string_view section, std::string_view key) const {
  const auto it = values_.find({std::string(section), std::string(key)});
  return it == values_.end() ? std::nullopt : std::optional<std::string>(it->second);
}

std::optional<std::string> NetdataConfFile::get(std::string_view section, std::string_view key) {
  const std::lock_guard lock(mutex_);
  refresh();
  return conf_.get(section, key);
}

NetdataConf NetdataConfFile::snapshot() {
  const std::lock_guard lock(mutex_);
  refresh();
  return conf_;
}

void NetdataConfFile::refresh() {
  struct stat st {};
  if (::stat(file_.c_str(), &st) != 0) {
    conf_ = {};
    bytes_ = -1;
    return;
  }
  if (bytes_ == st.st_size && changed_.tv_sec == st.st_mtim.tv_sec && changed_.tv_nsec == st.st_mtim.tv_nsec) return;
  conf_ = NetdataConf::parse(read_file(file_, kMaxBytes).value_or(""));
  bytes_ = st.st_size;
  changed_ = st.st_mtim;
}

}  // namespace aclk::external
