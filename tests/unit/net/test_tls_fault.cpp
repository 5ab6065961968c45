// SPDX-License-Identifier: GPL-3.0-or-later
//
// What users are told about a certificate and a handshake.
#include "aclk/net/fault.h"

#include <openssl/x509_vfy.h>

#include "tests/unit/cmocka_main.h"
#include "tests/unit/net/suites.h"

namespace aclk::test {
namespace test_tls_fault {
namespace {

using namespace aclk::net;

constexpr std::int64_t kNow = 1'700'000'000;  // 2023-11-14 22:13:20

VerifyOutcome refused(int error) {
  VerifyOutcome o;
  o.error = error;
  o.leaf = {"CN = cloud.example", "O = Some Org, CN = Some CA",
            "Some Org",           "cloud.example, 192.0.2.1",
            kNow - 86400,         kNow - 60};
  o.culprit = o.leaf;
  return o;
}
bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

std::string certificate__expired__says_when_and_what_this_clock_says() {
  const auto t = explain(refused(X509_V_ERR_CERT_HAS_EXPIRED), "cloud.example", kNow);
  EXPECT(t.kind == CertificateFault::expired);
  for (const auto *part : {"CN = cloud.example", "Some CA", "expired on 2023-11-14 22:12:20 UTC",
                           "valid from 2023-11-13 22:13:20 UTC", "clock, 2023-11-14 22:13:20 UTC", "renew"})
    if (!has(t.sentence, part)) return t.sentence;
  return {};
}

std::string certificate__of_the_issuer_expired__names_that_one() {
  auto o = refused(X509_V_ERR_CERT_HAS_EXPIRED);
  o.depth = 1;
  o.culprit.subject = "CN = Some CA";
  EXPECT(has(explain(o, "cloud.example", kNow).sentence, "a certificate of its chain, \"CN = Some CA\""));
  return {};
}

std::string certificate__not_yet_valid__blames_the_clock() {
  auto o = refused(X509_V_ERR_CERT_NOT_YET_VALID);
  o.culprit.from_s = kNow + 3600;
  const auto t = explain(o, "cloud.example", kNow);
  EXPECT(t.kind == CertificateFault::not_yet_valid);
  EXPECT(has(t.sentence, "valid only from 2023-11-14 23:13:20 UTC") && has(t.sentence, "set the clock"));
  return {};
}

std::string certificate__for_another_host__says_for_whom() {
  auto o = refused(X509_V_ERR_HOSTNAME_MISMATCH);
  o.leaf_is_for_host = false;
  auto t = explain(o, "other.example", kNow);
  EXPECT(t.kind == CertificateFault::wrong_host);
  EXPECT(has(t.sentence, "for cloud.example, 192.0.2.1") && has(t.sentence, "not for other.example"));
  o.leaf.names.clear();
  t = explain(o, "other.example", kNow);
  EXPECT(has(t.sentence, "for \"CN = cloud.example\""));
  return {};
}

std::string certificate__of_an_unknown_issuer__names_it_and_the_file() {
  const auto t = explain(refused(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY), "cloud.example", kNow);
  EXPECT(t.kind == CertificateFault::unknown_issuer);
  for (const auto *part : {"CN = Some CA", "\"Some Org\"", "unable to get local issuer certificate", "trusted.pem"})
    if (!has(t.sentence, part)) return t.sentence;
  return {};
}

std::string certificate__made_on_the_way__is_called_so_with_the_organisation() {
  // A known product.
  auto o = refused(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
  o.leaf.issuer = "O = Zscaler Inc., CN = Zscaler Intermediate Root CA";
  o.leaf.organisation = "Zscaler Inc.";
  auto t = explain(o, "cloud.example", kNow);
  EXPECT(t.kind == CertificateFault::interception);
  EXPECT(has(t.sentence, "of \"Zscaler Inc.\"") && has(t.sentence, "inspect"));
  // Any private CA in front of the public service.
  o = refused(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  EXPECT(explain(o, "app.netdata.cloud", kNow).kind == CertificateFault::interception);
  EXPECT(explain(o, "app.netdata.cloud.example", kNow).kind == CertificateFault::unknown_issuer);
  // A certificate that is not even for the host is no interception.
  o.leaf_is_for_host = false;
  EXPECT(explain(o, "app.netdata.cloud", kNow).kind == CertificateFault::unknown_issuer);
  // Nor is one that signed itself.
  EXPECT(explain(refused(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), "app.netdata.cloud", kNow).kind ==
         CertificateFault::unknown_issuer);
  return {};
}

std::string certificate__anything_else__has_openssls_words() {
  const auto t = explain(refused(X509_V_ERR_INVALID_PURPOSE), "cloud.example", kNow);
  EXPECT(t.kind == CertificateFault::other && has(t.sentence, "error 26 at depth 0"));
  return {};
}

std::string handshake__each_way_to_fail__has_its_own_words() {
  const std::pair<const char *, const char *> cases[] = {
      {"wrong version number", "is no TLS"},
      {"OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number", "is no TLS"},
      {"tlsv1 alert protocol version", "no TLS 1.2 or newer"},
      {"unsupported protocol", "no TLS 1.2 or newer"},
      {"sslv3 alert handshake failure", "refused the handshake"},
      {"Connection reset by peer", "was reset in the middle"},
      {"unexpected eof while reading", "was closed in the middle"},
      {"OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to x:443 ", "was closed in the middle"},
      {"", "was closed in the middle"},
      {"bad signature", "bad signature; is it a server that speaks TLS 1.2 or newer"},
  };
  for (const auto &[reason, part] : cases)
    if (const auto text = explain_handshake(reason); !has(text, part)) return text;
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(certificate__expired__says_when_and_what_this_clock_says),
    ACLK_TEST(certificate__of_the_issuer_expired__names_that_one),
    ACLK_TEST(certificate__not_yet_valid__blames_the_clock),
    ACLK_TEST(certificate__for_another_host__says_for_whom),
    ACLK_TEST(certificate__of_an_unknown_issuer__names_it_and_the_file),
    ACLK_TEST(certificate__made_on_the_way__is_called_so_with_the_organisation),
    ACLK_TEST(certificate__anything_else__has_openssls_words),
    ACLK_TEST(handshake__each_way_to_fail__has_its_own_words),
};

}  // namespace
}  // namespace test_tls_fault

int tls_fault_suite() { return cmocka_run_group_tests_name("tls_fault", test_tls_fault::tests, nullptr, nullptr); }

}  // namespace aclk::test
