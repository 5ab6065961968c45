// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>

#include "claim/base/c_own.h"
#include "tests/unit/claim/node_fixture.h"
#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_key {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;

namespace {

using Bio = COwn<BIO, BIO_free_all>;
using Pkey = COwn<EVP_PKEY, EVP_PKEY_free>;
using PkeyCtx = COwn<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

// What the cloud does: OAEP with SHA-1 to a public PEM, by other calls than those under test.
std::string encrypted(const std::string &public_pem, const std::string &plain, const EVP_MD *md = EVP_sha1()) {
  const Bio bio(BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size())));
  const Pkey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  const PkeyCtx ctx(EVP_PKEY_CTX_new(key.get(), nullptr));
  std::string out(256, '\0');
  std::size_t n = out.size();
  if (EVP_PKEY_encrypt_init(ctx.get()) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), md) != 1 ||
      EVP_PKEY_encrypt(ctx.get(), reinterpret_cast<unsigned char *>(out.data()), &n,
                       reinterpret_cast<const unsigned char *>(plain.data()), plain.size()) != 1)
    return {};
  out.resize(n);
  return out;
}

// The text that `openssl <arguments>` writes to the file it is given last.
std::string openssl_makes(const std::string &arguments) {
  const TempDir tmp;
  const auto file = (tmp.path() / "out.pem").string();
  const auto command = "cd " + tmp.path().string() + " && openssl " + arguments + " out.pem 2>/dev/null";
  return std::system(command.c_str()) == 0 ? get(file) : "(openssl failed)";
}

std::string key__generated__is_pkcs8_and_comes_back_from_its_pem() {
  const auto &pem = some_private_pem();
  EXPECT(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT(pem.ends_with("-----END PRIVATE KEY-----\n"));
  const auto key = PrivateKey::from_pem(pem);
  EXPECT(key);
  EXPECT_EQ(key->private_pem(), pem);
  EXPECT(key->public_pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
  return {};
}

std::string key__made_by_the_openssl_program__loads_in_both_forms_and_decrypts() {
  const struct {
    const char *arguments;
    const char *head;
  } forms[] = {{"genrsa -traditional -out", "-----BEGIN RSA PRIVATE KEY-----"},
               {"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out", "-----BEGIN PRIVATE KEY-----"}};
  for (const auto &f : forms) {
    const auto pem = openssl_makes(f.arguments);
    EXPECT(pem.starts_with(f.head));
    const auto key = PrivateKey::from_pem(pem);
    EXPECT(key);
    EXPECT_EQ(key->decrypt_challenge(encrypted(key->public_pem(), "hello")).value_or("?"), "hello");
  }
  return {};
}

std::string key__public_half__is_what_the_openssl_program_derives() {
  const TempDir tmp;
  put(tmp.path() / "k", some_private_pem());
  const auto command = "cd " + tmp.path().string() + " && openssl pkey -in k -pubout -out p 2>/dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(get(tmp.path() / "p"), public_pem_of(some_private_pem()));
  return {};
}

std::string challenge__plain_text_of_any_size__is_decrypted() {
  const auto key = PrivateKey::from_pem(some_private_pem()).value();
  for (const std::size_t n : {std::size_t{1}, std::size_t{64}, std::size_t{214}}) {
    std::string plain(n, '\0');
    for (std::size_t i = 0; i < n; ++i) plain[i] = static_cast<char>(i * 7);
    const auto cipher = encrypted(key.public_pem(), plain);
    EXPECT_EQ(cipher.size(), 256U);
    EXPECT(key.decrypt_challenge(cipher).value_or("?") == plain);
  }
  return {};
}

std::string challenge__not_for_us_or_damaged__is_an_error() {
  const auto key = PrivateKey::from_pem(some_private_pem(0)).value();
  const auto good = encrypted(key.public_pem(), "hello");
  auto damaged = good;
  damaged[100] = static_cast<char>(damaged[100] ^ 1);
  for (const auto &bad : {std::string(), std::string(255, 'x'), std::string(257, 'x'), std::string(256, '\0'),
                          std::string(256, '\xff'), damaged, encrypted(public_pem_of(some_private_pem(1)), "hello"),
                          encrypted(key.public_pem(), "hello", EVP_sha256()), encrypted(key.public_pem(), "")}) {
    const auto r = key.decrypt_challenge(bad);
    EXPECT(!r);
    EXPECT(r.error().code == Errc::crypto);
  }
  return {};
}

std::string key__anything_else__is_refused() {
  for (const auto &bad :
       {std::string(), std::string("garbage"), some_private_pem().substr(0, 400), public_pem_of(some_private_pem()),
        openssl_makes("ecparam -name prime256v1 -genkey -noout -out"),
        openssl_makes("genrsa -aes128 -passout pass:x -out")}) {
    EXPECT(bad != "(openssl failed)");
    EXPECT(!PrivateKey::from_pem(bad));
  }
  const auto small = PrivateKey::from_pem(openssl_makes("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out"));
  EXPECT(!small);
  EXPECT(small.error().what.find("1024") != std::string::npos);
  return {};
}

std::string pair__existing_private_key__is_kept_and_gives_the_public_one() {
  const TempDir tmp;
  const auto pkcs1 = openssl_makes("genrsa -traditional -out");
  put(tmp.path() / "private.pem", pkcs1);
  put(tmp.path() / "public.pem", "of somebody else");
  const auto p = choose_key_pair(tmp.path(), OldKey::used_again, PrivateKey::generate);
  EXPECT(p);
  EXPECT_EQ(p->private_pem, pkcs1);
  EXPECT_EQ(p->public_pem, public_pem_of(pkcs1));
  EXPECT_EQ(p->note, "");
  return {};
}

std::string pair__absent_broken_or_unwanted_key__is_made_anew() {
  const auto fixed = [] { return PrivateKey::from_pem(some_private_pem(1)); };
  const TempDir tmp;
  const auto absent = choose_key_pair(tmp.path(), OldKey::used_again, fixed);
  EXPECT(absent && absent->private_pem == some_private_pem(1) && absent->note.empty());
  EXPECT_EQ(names_in(tmp.path()).size(), 0U);  // nothing is written here
  put(tmp.path() / "private.pem", "broken");
  const auto broken = choose_key_pair(tmp.path(), OldKey::used_again, fixed);
  EXPECT(broken && broken->public_pem == public_pem_of(some_private_pem(1)));
  EXPECT(broken->note.find("private.pem is not a usable key") != std::string::npos);
  put(tmp.path() / "private.pem", some_private_pem(0));
  const auto unwanted = choose_key_pair(tmp.path(), OldKey::replaced, fixed);
  EXPECT(unwanted && unwanted->private_pem == some_private_pem(1));
  EXPECT(!choose_key_pair(tmp.path(), OldKey::replaced,
                          []() -> Result<PrivateKey> { return trouble(Errc::crypto, "no entropy"); }));
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(key__generated__is_pkcs8_and_comes_back_from_its_pem),
    ACLK_TEST(key__made_by_the_openssl_program__loads_in_both_forms_and_decrypts),
    ACLK_TEST(key__public_half__is_what_the_openssl_program_derives),
    ACLK_TEST(challenge__plain_text_of_any_size__is_decrypted),
    ACLK_TEST(challenge__not_for_us_or_damaged__is_an_error),
    ACLK_TEST(key__anything_else__is_refused),
    ACLK_TEST(pair__existing_private_key__is_kept_and_gives_the_public_one),
    ACLK_TEST(pair__absent_broken_or_unwanted_key__is_made_anew),
};

}  // namespace
}  // namespace test_key

int run_key_tests() { return cmocka_run_group_tests_name("claim: keys", test_key::tests, nullptr, nullptr); }
