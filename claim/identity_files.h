// SPDX-License-Identifier: GPL-3.0-or-later
//
// Writing an identity so that a crash, a full disk or a power cut at any point leaves the old one, none, or the new
// one; never a mixture that would count as claimed.
//
// What makes a node claimed is the claim id, and load_identity takes it from cloud.conf first. So:
//   1. all files are staged beside their places: room, permissions and quota are settled while nothing has changed;
//   2. when a claim is in force, it is withdrawn: cloud.conf without its id, then no file claimed_id;
//   3. private.pem, public.pem;
//   4. cloud.conf, with the claim id, cloud, proxy and trust of the new claim together: the commit, one rename;
//   5. claimed_id, the copy that people and older tools look at.
// The directory is synced between the steps.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "claim/base/result.h"
#include "claim/cloud_conf.h"
#include "claim/disk.h"

namespace aclk::claim {

struct NewIdentity {
  std::string private_pem;  // secret
  std::string public_pem;
  CloudConf conf;  // with claimed_id
};

// `in_force`: the cloud.conf of the claim that is being replaced, nullopt if the node is not claimed. The caller holds
// the CloudDir. On failure: before step 2 everything is as it was; later the node is not claimed, or (step 5) it is.
[[nodiscard]] Result<void> write_identity(Disk &disk, const std::filesystem::path &dir, const NewIdentity &identity,
                                          const std::optional<CloudConf> &in_force);

// Writes the copy `claimed_id` anew.
[[nodiscard]] Result<void> write_claimed_id(Disk &disk, const std::filesystem::path &dir, const std::string &claim_id);

}  // namespace aclk::claim
