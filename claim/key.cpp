// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/key.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <limits>
#include <utility>

#include "claim/base/c_own.h"
#include "claim/base/files.h"

namespace aclk::claim {
namespace {

constexpr unsigned kBits = 2048;

using Pkey = COwn<EVP_PKEY, EVP_PKEY_free>;
using PkeyCtx = COwn<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Bio = COwn<BIO, BIO_free_all>;

// One error for OpenSSL's queue; the queue is empty afterwards.
tl::unexpected<Error> crypto_error(const char *what) {
  char text[256] = "no cause given";
  if (const auto e = ERR_get_error(); e != 0) ERR_error_string_n(e, text, sizeof text);
  ERR_clear_error();
  return fail(Errc::crypto, fmt::format("{}: {}", what, text));
}

std::string text_of(const Bio &bio) {
  char *data = nullptr;
  const auto n = BIO_get_mem_data(bio.get(), &data);
  return n > 0 ? std::string(data, static_cast<std::size_t>(n)) : std::string();
}

// Without it OpenSSL would ask for the passphrase on the terminal.
int no_passphrase(char * /*buf*/, int /*size*/, int /*rwflag*/, void * /*user*/) { return -1; }

}  // namespace

struct PrivateKey::Impl {
  Pkey key;
};

PrivateKey::PrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PrivateKey::PrivateKey(PrivateKey &&) noexcept = default;
PrivateKey &PrivateKey::operator=(PrivateKey &&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::generate() {
  Pkey key(EVP_RSA_gen(kBits));
  if (!key) return crypto_error("cannot make an RSA key pair");
  return PrivateKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return fail(Errc::too_big, "the private key is too large");
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return crypto_error("cannot read the private key");
  Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return crypto_error("not an unencrypted PEM private key");
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) return fail(Errc::crypto, "the private key is not an RSA key");
  if (EVP_PKEY_get_bits(key.get()) < static_cast<int>(kBits))
    return fail(Errc::crypto, fmt::format("the private key has {} bits, at least {} are needed",
                                          EVP_PKEY_get_bits(key.get()), kBits));
  return PrivateKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

std::string PrivateKey::private_pem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return {};
  return text_of(bio);
}

std::string PrivateKey::public_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), impl_->key.get()) != 1) return {};
  return text_of(bio);
}

Result<bool> PrivateKey::matches(std::string_view public_pem) const {
  if (public_pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return fail(Errc::too_big, "the public key is too large");
  const Bio bio(BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size())));
  const Pkey other(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  const bool same = other && EVP_PKEY_eq(impl_->key.get(), other.get()) == 1;
  ERR_clear_error();
  if (!other) return fail(Errc::parse, "not a PEM public key");
  return same;
}

Result<std::string> PrivateKey::decrypt_challenge(std::string_view cipher) const {
  const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get()));
  if (cipher.size() != size)
    return fail(Errc::crypto, fmt::format("the challenge has {} bytes, the key needs {}", cipher.size(), size));
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, impl_->key.get(), nullptr));
  if (!ctx || EVP_PKEY_decrypt_init(ctx.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), EVP_sha1()) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(ctx.get(), EVP_sha1()) != 1)
    return crypto_error("Decryption of the challenge failed");
  std::string plain(size, '\0');
  std::size_t n = plain.size();
  if (EVP_PKEY_decrypt(ctx.get(), reinterpret_cast<unsigned char *>(plain.data()), &n,
                       reinterpret_cast<const unsigned char *>(cipher.data()), cipher.size()) != 1)
    return crypto_error("Decryption of the challenge failed");
  plain.resize(n);
  if (plain.empty()) return fail(Errc::crypto, "Decryption of the challenge failed: it holds nothing");
  return plain;
}

namespace {

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

Result<KeyPair> choose_key_pair(const std::filesystem::path &dir, OldKey old_key, const NewKey &new_key) {
  const auto file = dir / "private.pem";
  std::string note;
  if (old_key == OldKey::used_again) {
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
