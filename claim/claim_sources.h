// SPDX-License-Identifier: GPL-3.0-or-later
//
// What somebody wrote down that this node shall be: claimed, with a token, somewhere. In order (claim/README.md, "Order
// of settings, and reload"):
//   1. CONFIG/claim.conf [global] token, rooms, url, proxy, insecure
//   2. the environment: NETDATA_CLAIM_TOKEN or _TOKEN_FILE (settings.h), _ROOMS, _URL, _PROXY,
//      NETDATA_EXTRA_CLAIM_OPTS
//   3. cloud.d/token and cloud.d/rooms
// and what is to be done about it, given what is there. Pure, but for read_claim_files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claim/claim_node.h"
#include "claim/claim_retry.h"
#include "claim/identity.h"
#include "claim/proxy.h"

namespace aclk::claim {

// Where it may be written down, and what a host says in the place of a file.
struct Places {
  std::filesystem::path cloud_dir;
  std::filesystem::path lib_dir;
  std::filesystem::path config_dir;  // claim.conf, netdata.conf
  // Of a host that knows these itself: instead of what the agent's files say.
  std::optional<std::string> machine_guid{};
  std::optional<std::string> hostname{};
  std::optional<std::string> netdata_conf{};  // as text
  std::optional<Limit> limit{};               // with netdata_conf: what the settings limit

  // What netdata.conf limits: of the host that knows, else of the file.
  [[nodiscard]] std::optional<Limit> netdata_conf_limit() const;
};

enum class Settled : std::uint8_t {
  yes,    // all is as it shall be, or will not be however often it is tried
  later,  // trying again makes sense: network, cloud, disk
};

// Makes this node what was written down, if it is not so already. Done when a plugin starts and whenever one of the
// files changes; doing it again changes nothing. Blocks as claim_node does, for each written claim until one is
// granted. Nothing is logged when there is none.
[[nodiscard]] Settled carry_out_written_claims(const Places &places, const ClaimEnvironment &environment,
                                               const LogClaim &log);

// Changes when one of the files does, or when it is touched; 0 when nothing is written down anywhere.
[[nodiscard]] std::uint64_t claim_files_print(const Places &places, const Getenv &getenv);

struct WrittenClaim {
  std::string source;                // for people: the file, or "the environment (NETDATA_CLAIM_TOKEN)"
  std::filesystem::path file;        // empty: the environment
  std::filesystem::path token_file;  // of the environment: where NETDATA_CLAIM_TOKEN_FILE leads; else empty
  std::string token;                 // secret, not checked yet
  std::string rooms;                 // comma list
  std::optional<std::string> url;    // nullopt: as it is set elsewhere
  std::optional<std::string> proxy;  // may hold credentials
  std::optional<bool> insecure;
  std::optional<std::filesystem::file_time_type> written;  // of the file
};

struct ClaimFile {
  std::filesystem::path path;
  std::string text;  // empty: not there, or not readable
  std::optional<std::filesystem::file_time_type> written;
  std::string trouble;  // it is there and cannot be read: the sentence
};

struct ClaimFiles {
  ClaimFile claim_conf;
  ClaimFile token;
  ClaimFile rooms;
  // Where NETDATA_CLAIM_TOKEN_FILE leads, with the token as text. Without a path when that is not set, or does not
  // count beside NETDATA_CLAIM_TOKEN; trouble also when the file is not there, with the next step.
  ClaimFile secret;
};

// Bounded reads; what is missing is empty.
[[nodiscard]] ClaimFiles read_claim_files(const std::filesystem::path &config_dir,
                                          const std::filesystem::path &cloud_dir, const Getenv &getenv);

// All there are, the one that counts first. A claim.conf without a token is none.
[[nodiscard]] std::vector<WrittenClaim> written_claims(const ClaimFiles &files, const Getenv &getenv);

// Something is written, and nothing usable comes from it: a sentence for each place, with what is expected there.
[[nodiscard]] std::vector<std::string> useless(const ClaimFiles &files, const Getenv &getenv);

// Whether NETDATA_EXTRA_CLAIM_OPTS has the word -insecure. (The reference takes any other text for it.)
[[nodiscard]] bool insecure_by_environment(const Getenv &getenv);

enum class ClaimAction : std::uint8_t {
  nothing,
  claim,   // ask the cloud
  adjust,  // the claim stays, cloud.conf shall become `conf`
};

struct Verdict {
  ClaimAction deed = ClaimAction::nothing;
  CloudConf conf;
  std::string line;  // what was kept, changed or ignored, and why; no secrets. For `claim`: empty.
};

// `unclaimed`: when somebody unclaimed this node by hand, nullopt if nobody did; only a file that was written later
// brings the claim back.
[[nodiscard]] Verdict judge(const WrittenClaim &written, const Identity &identity,
                            std::optional<std::filesystem::file_time_type> unclaimed,
                            const std::filesystem::path &cloud_dir);

}  // namespace aclk::claim
