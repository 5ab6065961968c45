// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/config/netdata_conf.h"

#include <sys/stat.h>

#include "claim/base/files.h"
#include "claim/ini.h"

namespace aclk::external {

NetdataConf NetdataConf::parse(std::string_view text) {
  NetdataConf conf;
  claim::visit_ini(text, [&](std::string_view section, std::string_view key, std::string_view value) {
    conf.values_[{std::string(section), std::string(key)}] = value;
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

std::optional<claim::Limit> NetdataConfFile::limit() {
  const std::lock_guard lock(mutex_);
  refresh();
  return limit_;
}

NetdataConfFile::Seen NetdataConfFile::seen(const struct stat &st) {
  const auto ns = [](const timespec &t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; };
  return {st.st_dev, st.st_ino, st.st_size, ns(st.st_mtim), ns(st.st_ctim)};
}

void NetdataConfFile::refresh() {
  std::optional<Seen> now;
  if (struct stat st{}; ::stat(file_.c_str(), &st) == 0) now = seen(st);
  if (now && now == seen_) return;
  seen_ = now;
  conf_ = {};
  limit_ = claim::netdata_conf_limit(file_);
  if (limit_ && limit_->trouble) return;
  const auto text = read_file(file_, claim::kMaxNetdataConf);
  if (text) conf_ = NetdataConf::parse(*text);
  if (!text && text.error().code != Errc::not_found) seen_.reset();  // it changes just now: the next look tells
}

}  // namespace aclk::external
