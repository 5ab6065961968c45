// SPDX-License-Identifier: GPL-3.0-or-later
//
// The few things that are done to files when an identity is written, as a door that tests can break at any step.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string_view>

#include "claim/base/result.h"

namespace aclk::claim {

// Files staged and not yet put in place begin with this; a run that was killed leaves them, the next one removes them.
inline constexpr std::string_view kStagedPrefix = ".claim-";

class Disk {
 public:
  virtual ~Disk() = default;
  // A complete, synced file beside `file`, with this mode; gives its path. Takes all the room that will be needed.
  [[nodiscard]] virtual Result<std::filesystem::path> stage(const std::filesystem::path &file, std::string_view text,
                                                            mode_t mode) = 0;
  // rename(2): readers see the old or the new file.
  [[nodiscard]] virtual Result<void> put_in_place(const std::filesystem::path &staged,
                                                  const std::filesystem::path &file) = 0;
  // A file that is not there is fine.
  [[nodiscard]] virtual Result<void> remove(const std::filesystem::path &file) = 0;
  // What was done in this directory so far survives a power cut.
  [[nodiscard]] virtual Result<void> sync(const std::filesystem::path &dir) = 0;
};

[[nodiscard]] std::unique_ptr<Disk> real_disk();

}  // namespace aclk::claim
