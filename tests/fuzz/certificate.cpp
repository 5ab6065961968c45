// SPDX-License-Identifier: GPL-3.0-or-later
//
// Certificates of servers, as DER: every one gets a verdict about its host, and a sentence that a log can take.
#include <openssl/x509.h>

#include <algorithm>
#include <string>

#include "aclk/net/fault.h"
#include "claim/base/c_own.h"
#include "tests/fuzz/fuzz.h"

using namespace aclk;
using namespace aclk::fuzz;

void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto *in = reinterpret_cast<const unsigned char *>(bytes.data());
  const COwn<X509, X509_free> cert(d2i_X509(nullptr, &in, static_cast<long>(bytes.size())));
  if (!cert) return;
  net::VerifyOutcome outcome;
  outcome.leaf = net::describe(cert.get());
  outcome.culprit = outcome.leaf;
  for (const auto *host : {"app.netdata.cloud", "localhost", "127.0.0.1", "::1"}) {
    outcome.leaf_is_for_host = net::is_for_host(cert.get(), host);
    for (int error = X509_V_OK; error <= X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN; ++error) {
      outcome.error = error;
      const auto sentence = net::explain(outcome, host, 1'800'000'000).sentence;
      require(!sentence.empty() && sentence.size() < 4096, "there is a sentence");
      require(std::ranges::none_of(sentence, [](unsigned char c) { return c < 0x20 || c == 0x7f; }), "of one line");
    }
  }
}
