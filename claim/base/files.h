// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whole files: read within a bound, written so that a reader or a power cut sees the old or the new text, never half.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "claim/base/result.h"

namespace aclk {

// not_found if it does not exist, too_big above max_bytes, io (with the cause) otherwise.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path &file, std::size_t max_bytes = 1U << 20);

// Temporary file in the same directory (mode, and group when one is given, set before the first byte is written),
// fsync, rename, fsync of the directory.
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path &file, std::string_view text, mode_t mode,
                                                 gid_t group = static_cast<gid_t>(-1));

}  // namespace aclk
