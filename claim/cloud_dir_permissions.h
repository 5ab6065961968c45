// SPDX-License-Identifier: GPL-3.0-or-later
//
// What people, backups and older programs leave in cloud.d is put right where we may, and named where we may not:
//
//   private.pem                                 for its owner alone
//   cloud.d, cloud.conf, claimed_id, public.pem nothing for others: cloud.conf holds the token and a proxy's password
//   each of them                                belongs to the user who runs this
//   public.pem                                  the public half of private.pem, made anew when it is missing or no key
//
// Modes never get wider. Nothing is done through a symbolic link.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace aclk::claim {

struct PermissionRepairs {
  std::vector<std::string> repaired;  // sentences for the log; no secrets
  std::vector<std::string> wrong;     // what somebody else has to do
};

// Blocks for a few file operations. A directory that does not exist is fine.
[[nodiscard]] PermissionRepairs repair_permissions(const std::filesystem::path &cloud_dir);

}  // namespace aclk::claim
