// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/trust.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "claim/base/c_own.h"

namespace aclk::claim {
namespace {

using Store = COwn<X509_STORE, X509_STORE_free>;

Result<void> add_file(X509_STORE *store, const std::filesystem::path &file) {
  if (X509_STORE_load_file(store, file.c_str()) == 1) return {};
  const auto e = ERR_peek_last_error();
  const char *const why = ERR_reason_error_string(e);
  ERR_clear_error();
  return fail(Errc::tls, fmt::format("cannot use {} as a list of trusted certificates: {}", file.string(),
                                     why != nullptr ? why : "it holds no PEM certificate"));
}

}  // namespace

Result<void> trust_system_and(void *ssl_ctx, const std::filesystem::path &trust_file) {
  Store store(X509_STORE_new());
  if (!store) return fail(Errc::tls, "cannot make a certificate store: out of memory");
  // A system without any CA is no error here: the file may be all that is needed, and a handshake says what is missing.
  X509_STORE_set_default_paths(store.get());
  ERR_clear_error();
  if (!trust_file.empty())
    if (auto r = add_file(store.get(), trust_file); !r) return r;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  SSL_CTX_set_cert_store(static_cast<SSL_CTX *>(ssl_ctx), store.release());
  return {};
}

Result<void> check_trust_file(const std::filesystem::path &trust_file) {
  const Store store(X509_STORE_new());
  if (!store) return fail(Errc::tls, "cannot make a certificate store: out of memory");
  return add_file(store.get(), trust_file);
}

}  // namespace aclk::claim
