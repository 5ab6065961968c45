// SPDX-License-Identifier: GPL-3.0-or-later
//
// A netdata-meta.db as an agent keeps it, made for a test by the tables of plugin-api/external/API.md, "The agent's
// database".
#pragma once

#include <filesystem>
#include <string>

#include "tests/unit/temp_dir.h"

namespace aclk::external::test {

class MetaDbFile {
 public:
  // In a new private directory, which goes with this object. With the agent's connection open, as beside a live one.
  explicit MetaDbFile(int user_version);
  ~MetaDbFile();
  MetaDbFile(const MetaDbFile &) = delete;
  MetaDbFile &operator=(const MetaDbFile &) = delete;

  void run(const std::string &sql);
  void add_host(const std::string &guid, const std::string &name, int hops);
  [[nodiscard]] const std::filesystem::path &dir() const { return dir_.path(); }
  [[nodiscard]] std::filesystem::path file() const { return dir_ / "netdata-meta.db"; }

 private:
  const aclk::test::TempDir dir_;
  struct Open;
  Open *open_;
};

}  // namespace aclk::external::test
