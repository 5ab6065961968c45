// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/key_pair.h"

#include <fmt/format.h>

#include "claim/base/files.h"

namespace aclk::claim {
namespace {

constexpr std::size_t kMaxKeyFile = 64U << 10;

Result<KeyPair> pair_of(const PrivateKey &key, std::string private_pem) {
  KeyPair p{std::move(private_pem), key.public_pem(), {}};
  if (p.private_pem.empty() || p.public_pem.empty()) return fail(Errc::crypto, "cannot write the key pair as PEM");
  return p;
}

Result<KeyPair> existing_pair(const std::filesystem::path &file) {
  ACLK_TRY(auto text, read_file(file, kMaxKeyFile));
  ACLK_TRY(const auto key, PrivateKey::from_pem(text));
  return pair_of(key, std::move(text));
}

}  // namespace

Result<KeyPair> choose_key_pair(const std::filesystem::path &dir, bool always_new, const NewKey &new_key) {
  const auto file = dir / "private.pem";
  std::string note;
  if (!always_new) {
    auto existing = existing_pair(file);
    if (existing) return existing;
    if (existing.error().code != Errc::not_found)
      note = fmt::format("{} is not a usable key ({}): a new key pair takes its place", file.string(),
                         existing.error().what);
  }
  return new_key().and_then([&](const PrivateKey &key) {
    return pair_of(key, key.private_pem()).map([&](KeyPair p) {
      p.note = note;
      return p;
    });
  });
}

}  // namespace aclk::claim
