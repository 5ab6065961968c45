// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/claim/node_fixture.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "claim/base/files.h"
#include "claim/identity.h"

namespace aclk::test {
namespace fs = std::filesystem;
using claim::PrivateKey;

const std::string &some_private_pem(int number) {
  static std::array<std::string, 2> pems;
  auto &pem = pems.at(static_cast<std::size_t>(number));
  if (pem.empty()) pem = PrivateKey::generate().value().private_pem();
  return pem;
}

std::string public_pem_of(const std::string &private_pem) {
  return PrivateKey::from_pem(private_pem).value().public_pem();
}

void put(const fs::path &file, const std::string &text) { std::ofstream(file, std::ios::binary) << text; }

std::string get(const fs::path &file) { return read_file(file).value_or("(none)"); }

unsigned mode_of(const fs::path &file) {
  struct stat st {};
  return ::stat(file.c_str(), &st) == 0 ? st.st_mode & 07777U : 0;
}

std::vector<std::string> names_in(const fs::path &dir) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto &entry : fs::directory_iterator(dir, ignored)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

bool BreakingDisk::broken() {
  const int step = steps++;
  return step == fail_at || (dead && fail_at >= 0 && step > fail_at);
}

template <class T>
T BreakingDisk::done(T result) {
  if (after_each) after_each();
  return result;
}

Result<fs::path> BreakingDisk::stage(const fs::path &file, std::string_view text, mode_t mode) {
  if (broken()) return fail(Errc::io, "cannot write " + file.string() + ": No space left on device");
  return done(real_->stage(file, text, mode));
}

Result<void> BreakingDisk::put_in_place(const fs::path &staged, const fs::path &file) {
  if (broken()) return fail(Errc::io, "cannot replace " + file.string() + ": Input/output error");
  return done(real_->put_in_place(staged, file));
}

Result<void> BreakingDisk::remove(const fs::path &file) {
  if (broken()) return fail(Errc::io, "cannot remove " + file.string() + ": Input/output error");
  return done(real_->remove(file));
}

Result<void> BreakingDisk::sync(const fs::path &dir) {
  if (broken()) return fail(Errc::io, "cannot sync the directory " + dir.string() + ": Input/output error");
  return done(real_->sync(dir));
}

Node::Node() {
  fs::create_directory(lib() / "registry");
  put(lib() / "registry" / "netdata.public.unique.id", kMachineGuid);
  options.cloud_dir = dir();
  options.lib_dir = lib();
  options.netdata_conf = lib() / "netdata.conf";
  options.token = "tok-secret";
  options.url = "https://cloud.test";
  environment.getenv = [](const char *) { return std::nullopt; };
  environment.put = [this](const claim::ClaimCall &call) {
    const auto n = std::min(calls.size(), answers.size() - 1);
    calls.push_back(call);
    return answers.at(n);
  };
  environment.sleep = [this](std::chrono::milliseconds t) { sleeps.push_back(t); };
  environment.new_claim_id = [this] { return "00000000-0000-4000-8000-00000000000" + std::to_string(calls.size()); };
  environment.new_key = [] { return PrivateKey::from_pem(some_private_pem(1)); };
  environment.system_hostname = [] { return std::string("the-host"); };
  environment.disk = &disk;
  environment.say = [this](std::string_view line) { said.append(line).append("\n"); };
}

void Node::write_old_claim() {
  fs::create_directory(dir());
  claim::NewIdentity id{some_private_pem(0), public_pem_of(some_private_pem(0)), {}};
  id.conf.claimed_id = kOldClaim;
  id.conf.url = "https://old.test";
  if (!claim::write_identity(*claim::real_disk(), dir(), id, std::nullopt)) throw std::runtime_error("write_identity");
}

}  // namespace aclk::test
