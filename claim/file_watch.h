// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tells when the files that make up the identity, or ask for one, may have changed (Kubernetes' ..data, which their
// links lead through, is one of them): inotify on their directory, or on
// the nearest directory above it that exists. One thread; the descriptor is for poll().
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "claim/base/c_own.h"
#include "claim/limits.h"

namespace aclk::claim {

// The files of cloud.d that decide whether and as whom the link works. The module's own database and whatever else is
// written there are none of them.
inline constexpr std::array<std::string_view, 6> kIdentityFiles{"claimed_id", "cloud.conf",  "private.pem",
                                                                "public.pem", "trusted.pem", "cloud_fullchain.pem"};

// Changes when one of these files does: content, or whether and why it cannot be read. So does what netdata.conf
// limits, and the text of the settings in it that count for the link.
[[nodiscard]] std::uint64_t identity_print(const std::filesystem::path &cloud_dir,
                                           const std::optional<Limit> &netdata_conf, std::string_view settings = {});

// In cloud.d, also what asks for a claim.
inline constexpr std::array<std::string_view, 9> kCloudFiles{"claimed_id", "cloud.conf",  "private.pem",
                                                             "public.pem", "trusted.pem", "cloud_fullchain.pem",
                                                             "token",      "rooms",       "unclaimed"};
// In the agent's configuration directory.
inline constexpr std::array<std::string_view, 2> kConfigFiles{"claim.conf", "netdata.conf"};

// From a change to the look at it: a claim writes several files.
inline constexpr std::chrono::milliseconds kDebounce{200};
// Between looks when the kernel cannot report changes, or may not.
inline constexpr std::chrono::seconds kLookWithoutInotify{5};
// Between looks all the same: a file behind a symbolic link changes where nobody watches.
inline constexpr std::chrono::seconds kLookAnyway{60};

class FileWatch {
 public:
  // Of DIR, which need not exist, the files of these names; `names` has static storage.
  FileWatch(std::filesystem::path dir, std::span<const std::string_view> names);

  // -1 when the kernel has no inotify instance left.
  [[nodiscard]] int fd() const { return inotify_.get(); }
  // false: no instance, no watch left, or a directory that we may not read. Then somebody has to look from time to
  // time, and to call watch() before each look.
  [[nodiscard]] bool watching() const { return inotify_ && descriptor_ >= 0; }
  // Watches the directory that exists now.
  void watch();
  // Takes what has happened, and watches the directory that exists now. True: look at the identity.
  [[nodiscard]] bool take();

 private:
  std::filesystem::path dir_;
  std::span<const std::string_view> names_;
  Fd inotify_;
  int descriptor_ = -1;
  std::filesystem::path watched_;
};

}  // namespace aclk::claim
