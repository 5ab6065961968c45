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

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "claim/base/result.h"
#include "claim/settings.h"

namespace aclk::claim {

// The few things that are done to files when an identity is written, as a door that tests can break at any step.

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
