// SPDX-License-Identifier: GPL-3.0-or-later
//
// A node in a temporary directory, a cloud that is a function, and a disk that breaks when told to.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "claim/claim_node.h"
#include "claim/identity.h"
#include "claim/key.h"
#include "tests/unit/temp_dir.h"

namespace aclk::test {

inline constexpr const char *kMachineGuid = "c2ca106c-de7d-490c-be70-c5dd7438ba1e";
inline constexpr const char *kOldClaim = "00000000-0000-4000-8000-0000000000aa";

// aclk::fail by another name: cmocka has a macro fail.
[[nodiscard]] inline tl::unexpected<Error> trouble(Errc code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

// Made once each: generating takes its time. Number 0 or 1.
const std::string &some_private_pem(int number = 0);
std::string public_pem_of(const std::string &private_pem);

void put(const std::filesystem::path &file, const std::string &text);
std::string get(const std::filesystem::path &file);  // "(none)" when it cannot be read
unsigned mode_of(const std::filesystem::path &file);
std::vector<std::string> names_in(const std::filesystem::path &dir);  // sorted

// The real disk; step number `fail_at` (from 0) and, with `dead`, all after it, fail without doing anything: what a
// crash at that point leaves behind. `steps` counts.
class BreakingDisk final : public claim::Disk {
 public:
  Result<std::filesystem::path> stage(const std::filesystem::path &file, std::string_view text, mode_t mode) override;
  Result<void> put_in_place(const std::filesystem::path &staged, const std::filesystem::path &file) override;
  Result<void> remove(const std::filesystem::path &file) override;
  Result<void> sync(const std::filesystem::path &dir) override;

  int fail_at = -1;
  bool dead = false;
  int steps = 0;
  std::function<void()> after_each;  // sees what is on the disk after every step

 private:
  bool broken();
  template <class T>
  T done(T result);
  std::unique_ptr<claim::Disk> real_ = claim::real_disk();
};

struct Node {
  Node();  // the agent has run here: machine guid, no cloud.d

  TempDir tmp;
  claim::ClaimOptions options;  // token "tok-secret", url https://cloud.test
  BreakingDisk disk;
  claim::ClaimEnvironment environment;

  // What the cloud will say, in order; the last one again and again.
  std::vector<Result<claim::HttpAnswer>> answers;
  std::vector<claim::ClaimCall> calls;
  std::vector<std::chrono::milliseconds> sleeps;
  std::string said;

  [[nodiscard]] std::filesystem::path lib() const { return tmp.path(); }
  [[nodiscard]] std::filesystem::path dir() const { return tmp.path() / "cloud.d"; }
  void write_old_claim();  // kOldClaim, https://old.test, key number 0
  claim::ClaimReport run() { return claim::claim_node(options, environment); }
};

}  // namespace aclk::test
