// SPDX-License-Identifier: GPL-3.0-or-later
//
// The RSA key pair of a claimed node (claim/README.md, "Key pair"; aclk/session/README.md, "Challenge"). No OpenSSL
// type leaves this header.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "claim/base/result.h"

namespace aclk::claim {

inline constexpr std::size_t kMaxKeyFile = 64U << 10;  // bytes; also of public.pem and trusted.pem

class PrivateKey {
 public:
  // RSA 2048, exponent 65537.
  [[nodiscard]] static Result<PrivateKey> generate();
  // PKCS#8 or PKCS#1, PEM, not encrypted; at least 2048 bits.
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem);

  PrivateKey(PrivateKey &&) noexcept;
  PrivateKey &operator=(PrivateKey &&) noexcept;
  PrivateKey(const PrivateKey &) = delete;
  PrivateKey &operator=(const PrivateKey &) = delete;
  ~PrivateKey();

  [[nodiscard]] std::string private_pem() const;  // PKCS#8
  [[nodiscard]] std::string public_pem() const;   // SubjectPublicKeyInfo

  // Whether this text (PEM, SubjectPublicKeyInfo) is the other half; parse when it is no public key at all.
  [[nodiscard]] Result<bool> matches(std::string_view public_pem) const;

  // RSA-OAEP with SHA-1, MGF1-SHA-1 and an empty label. The plain text is 1 to 214 bytes.
  [[nodiscard]] Result<std::string> decrypt_challenge(std::string_view cipher) const;

 private:
  struct Impl;
  explicit PrivateKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What a claim is made with.
struct KeyPair {
  std::string private_pem;  // secret; the text of the file when it was there already
  std::string public_pem;
  std::string note;  // for people, when a file was found that is no usable key; else empty
};

using NewKey = std::function<Result<PrivateKey>()>;

enum class OldKey : std::uint8_t { used_again, replaced };
// DIR/private.pem when it is a usable key and may be used again; else a new one. The private key is what counts: the
// public one is derived from it. Nothing is written here: a key reaches the disk together with the claim it belongs to,
// after the cloud's 204, so a refused claim leaves nothing behind. Fails only if `new_key` does.
[[nodiscard]] Result<KeyPair> choose_key_pair(const std::filesystem::path &dir, OldKey old_key, const NewKey &new_key);

}  // namespace aclk::claim
