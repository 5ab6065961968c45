// SPDX-License-Identifier: GPL-3.0-or-later
//
// `sudo mkdir cloud.d; sudo cp ca.pem cloud.d/trusted.pem`: the agent's user cannot write in that. Nothing is given to
// him by root, since he may have renamed any directory of root's that lies beside it to cloud.d. What he is allowed to
// do himself is enough: rename it, and make a new one with what he can read.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "claim/base/result.h"

namespace aclk::claim {

// When DIR is a directory of root's, no link, in which we, another user, may not write: a new one of ours (MODE) stands
// in its place afterwards, with copies of what an administrator puts there: cloud.conf, trusted.pem,
// cloud_fullchain.pem, token, rooms. An empty one is removed, another one keeps its files and lies beside it as
// DIR.of-root. With anything else in it nothing is changed: that is no directory that was meant as this.
// Errors: denied, io; they say what to do.
[[nodiscard]] Result<void> replace_roots_directory(const std::filesystem::path &dir, mode_t mode);

}  // namespace aclk::claim
