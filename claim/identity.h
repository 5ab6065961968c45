// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who this node is, read and written: to the agent, by its machine guid and the name it goes by, and to the cloud, as
// cloud.d has it (claim/README.md, "cloud.conf", "Files", "Order of settings, and reload"). It is read at start and
// again on demand, and written by whoever holds the CloudDir.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "claim/base/result.h"
#include "claim/limits.h"
#include "claim/proxy.h"
#include "claim/settings.h"

namespace aclk::claim {

// The UUID in LIB/registry/netdata.public.unique.id, which the agent makes when it first starts; lower case.
// not_found: the agent has never run with this library directory. denied, io, parse: as the sentence says.
[[nodiscard]] Result<std::string> read_machine_guid(const std::filesystem::path &lib_dir);

// `[registry] registry hostname`, else `[global] hostname` of netdata.conf, else what `system_name` gives. Pure.
[[nodiscard]] std::string registry_hostname(std::string_view netdata_conf,
                                            const std::function<std::string()> &system_name);

// gethostname; "unknown" should that fail.
[[nodiscard]] std::string system_hostname();

// Whether this machine may connect, and if not why.
enum class Standing : std::uint8_t {
  disabled,     // somebody switched the link off (limits.h)
  not_claimed,  // no claim id
  broken,  // `unclear`, or claimed, but something needed is missing or does not fit; `why` says what and what to do
  copied,  // claimed, but on another machine: cloud.d came here with an image or a backup
  claimed,
};

// Somebody has to do something about it (as opposed to: nobody has asked for a link).
[[nodiscard]] constexpr bool is_trouble(Standing s) { return s == Standing::broken || s == Standing::copied; }

// What users of the reference look for (claim/README.md, "Order of settings, and reload"). An error there; here nobody
// has asked for anything else yet.
inline constexpr std::string_view kUnclaimedLine =
    "CLAIM: Unable to find our claimed_id, setting state to AGENT_UNCLAIMED";

// `why` of a node that never was claimed, as users know it from the agent.
inline constexpr std::string_view kNotClaimedYet = "Agent is not claimed yet";

// What cloud.d says.
struct Identity {
  Standing standing = Standing::not_claimed;
  std::string why;  // one sentence, for the log and the state; empty when claimed
  // A file that may limit the cloud cannot be read or understood: nothing is sent to anybody, not even a claim.
  bool unclear = false;
  std::string claim_id;
  CloudConf conf;
  std::filesystem::path private_key;                // DIR/private.pem
  std::optional<std::filesystem::path> trust_file;  // trusted.pem, else cloud_fullchain.pem, if there
  // Whom to trust cannot be read (claim/trust.h): nothing may be sent, whatever the standing. Else empty.
  std::string trust_trouble{};
};

// Reads DIR (the agent's cloud.d). Opens no socket, writes nothing. The private key is checked to load, and to be the
// other half of public.pem when that is a key (it may be missing: only the private one is used). The URL is not looked
// at: netdata.conf may have another. A cloud.conf that is there and cannot be read or understood is no reason to fall
// back on defaults (it may say "enabled = no"): broken and unclear. MACHINE_GUID is the agent's: when it is not empty
// and cloud.conf names another machine, the identity is a copy.
[[nodiscard]] Identity load_identity(const std::filesystem::path &dir, std::string_view machine_guid = {});

// The same, with what the environment (claim/README.md, "Environment") and netdata.conf limit. `netdata_conf`:
// limits.h. SSL_CERT_FILE and SSL_CERT_DIR are looked at too.
[[nodiscard]] Identity load_identity(const std::filesystem::path &dir, std::string_view machine_guid,
                                     const Getenv &getenv, const std::optional<Limit> &netdata_conf = std::nullopt);

// What may be done with it under this limit.
[[nodiscard]] Identity limited(Identity identity, const std::optional<Limit> &limit);

// The line that `netdata-aclk unclaim` left in DIR/unclaimed (when, what, by whom), printable; empty: none.
[[nodiscard]] std::string unclaimed_note(const std::filesystem::path &dir);

// The one command that makes this machine a node of its own, whatever lies in DIR.
[[nodiscard]] std::string reclaim_command(const std::filesystem::path &dir);

// Files staged and not yet put in place begin with this; a run that was killed leaves them, the next one removes them.
inline constexpr std::string_view kStagedPrefix = ".claim-";

// The few things that are done to files when an identity is written, behind an interface that tests can break at any
// step.
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

// What is written.
struct NewIdentity {
  std::string private_pem;  // secret
  std::string public_pem;
  CloudConf conf;  // with claimed_id
};

// An identity is written so that a crash, a full disk or a power cut at any point leaves the old one, none, or the new
// one; never a mixture that would count as claimed.
//
// What makes a node claimed is the claim id, and load_identity() takes it from cloud.conf first. So:
//   1. all files are staged beside their places: room, permissions and quota are settled while nothing has changed;
//   2. when a claim is in force, it is withdrawn: cloud.conf without its id, then no file claimed_id;
//   3. private.pem, public.pem;
//   4. cloud.conf, with the claim id, cloud, proxy and trust of the new claim together: the commit, one rename;
//   5. claimed_id, the copy that people and older tools look at.
// The directory is synced between the steps.
//
// `in_force`: the cloud.conf of the claim that is being replaced, nullopt if the node is not claimed. The caller holds
// the CloudDir. On failure: before step 2 everything is as it was; later the node is not claimed, or (step 5) it is.
[[nodiscard]] Result<void> write_identity(Disk &disk, const std::filesystem::path &dir, const NewIdentity &identity,
                                          const std::optional<CloudConf> &in_force);

// Writes the copy `claimed_id` anew.
[[nodiscard]] Result<void> write_claimed_id(Disk &disk, const std::filesystem::path &dir, const std::string &claim_id);

}  // namespace aclk::claim
