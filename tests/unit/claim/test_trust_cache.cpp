// SPDX-License-Identifier: GPL-3.0-or-later
//
// One store for all contexts while its files stay as they are.
#include "claim/trust.h"

#include <openssl/ssl.h>

#include <cstdlib>
#include <fstream>

#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/temp_dir.h"

namespace aclk::claim {
namespace test_trust_cache {
namespace {

using Context = COwn<SSL_CTX, SSL_CTX_free>;

Context context() { return Context(SSL_CTX_new(TLS_client_method())); }

// The system's store is a file and a directory of the test's own.
struct System {
  System() {
    ::setenv("SSL_CERT_FILE", (dir / "system.pem").c_str(), 1);
    ::setenv("SSL_CERT_DIR", (dir / "certs").c_str(), 1);
    std::filesystem::create_directory(dir / "certs");
    write("system.pem", "");
  }
  ~System() {
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
  }
  System(const System &) = delete;
  System &operator=(const System &) = delete;
  void write(const std::string &name, const std::string &text) const { std::ofstream(dir / name) << text; }
  test::TempDir dir;
};

std::string trust_cache__files_as_before__contexts_share_one_store() {
  const System system;
  TrustCache cache;
  const auto a = context();
  const auto b = context();
  EXPECT(cache.give(a.get(), {}));
  EXPECT(cache.give(b.get(), {}));
  EXPECT(SSL_CTX_get_cert_store(a.get()) == SSL_CTX_get_cert_store(b.get()));
  EXPECT_EQ(cache.generation(), 1U);
  return {};
}

std::string trust_cache__outlived_by_a_context__the_store_stays() {
  const System system;
  const auto a = context();
  {
    TrustCache cache;
    EXPECT(cache.give(a.get(), {}));
  }
  EXPECT(X509_STORE_get0_objects(SSL_CTX_get_cert_store(a.get())) != nullptr);  // ASan judges
  return {};
}

std::string trust_cache__any_file_changed__is_read_again() {
  const System system;
  TrustCache cache;
  std::uint64_t read = 0;
  const auto again = [&] {
    const auto c = context();
    const bool ok = cache.give(c.get(), {}).has_value();
    return ok && cache.generation() == ++read;
  };
  EXPECT(again());
  system.write("system.pem", "# changed");
  EXPECT(again());
  system.write("certs/added.0", "");
  EXPECT(again());
  system.write("certs/added.0", "in its place");
  EXPECT(again());
  std::filesystem::remove(system.dir / "certs/added.0");
  EXPECT(again());
  EXPECT(!again());  // nothing has changed
  return {};
}

std::string trust_cache__file_of_the_same_size_in_its_place__is_another() {
  const System system;
  system.write("trusted.pem", "one");
  const auto before = look_of_trust(system.dir / "trusted.pem");
  EXPECT(look_of_trust(system.dir / "trusted.pem") == before);
  system.write("new", "two");
  std::filesystem::last_write_time(system.dir / "new", std::filesystem::last_write_time(system.dir / "trusted.pem"));
  std::filesystem::rename(system.dir / "new", system.dir / "trusted.pem");
  EXPECT(look_of_trust(system.dir / "trusted.pem") != before);
  return {};
}

std::string trust_cache__trust_file_unusable__fails_each_time_and_trusts_nothing_of_before() {
  const System system;
  system.write("trusted.pem", "no certificate");
  TrustCache cache;
  const auto a = context();
  EXPECT(cache.give(a.get(), {}));
  for (int i = 0; i < 2; ++i) {
    const auto r = cache.give(a.get(), system.dir / "trusted.pem");
    EXPECT(!r && r.error().code == Errc::tls);
  }
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(trust_cache__files_as_before__contexts_share_one_store),
    ACLK_TEST(trust_cache__outlived_by_a_context__the_store_stays),
    ACLK_TEST(trust_cache__any_file_changed__is_read_again),
    ACLK_TEST(trust_cache__file_of_the_same_size_in_its_place__is_another),
    ACLK_TEST(trust_cache__trust_file_unusable__fails_each_time_and_trusts_nothing_of_before),
};

}  // namespace
}  // namespace test_trust_cache
}  // namespace aclk::claim

int run_trust_cache_tests() {
  return cmocka_run_group_tests_name("trust_cache", aclk::claim::test_trust_cache::kTests, nullptr, nullptr);
}
