// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/net/certs.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace aclk::test {
namespace {

void check(bool ok) {
  if (!ok) throw std::runtime_error("cannot make a certificate");
}

Key new_key() {
  Key k(EVP_EC_gen("P-256"));
  check(k != nullptr);
  return k;
}

void set_name(X509_NAME *to, const std::string &cn) {
  check(X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char *>(cn.data()),
                                   static_cast<int>(cn.size()), -1, 0) == 1);
}

void add_extension(X509 *cert, X509 *issuer, int nid, const std::string &value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, cert, nullptr, nullptr, 0);
  const COwn<X509_EXTENSION, X509_EXTENSION_free> e(X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str()));
  check(e && X509_add_ext(cert, e.get(), -1) == 1);
}

Cert new_cert(const std::string &cn, const Key &key, long from_s, long to_s) {
  static std::atomic<long> serial{1};
  Cert c(X509_new());
  check(c && X509_set_version(c.get(), 2) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(c.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(c.get()), from_s);
  X509_gmtime_adj(X509_getm_notAfter(c.get()), to_s);
  X509_set_pubkey(c.get(), key.get());
  set_name(X509_get_subject_name(c.get()), cn);
  return c;
}

}  // namespace

Ca::Ca(const std::string &name) : key_(new_key()), cert_(new_cert(name, key_, -7200, 7200)) {
  X509_set_issuer_name(cert_.get(), X509_get_subject_name(cert_.get()));
  add_extension(cert_.get(), cert_.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(cert_.get(), cert_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(cert_.get(), cert_.get(), NID_subject_key_identifier, "hash");
  check(X509_sign(cert_.get(), key_.get(), EVP_sha256()) != 0);
}

std::string Ca::pem() const {
  const COwn<BIO, BIO_free> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), cert_.get());
  char *text = nullptr;
  const long n = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(n)};
}

ServerContext Ca::server(const LeafSpec &spec, int max_version) const {
  const auto key = new_key();
  const auto cert = new_cert(spec.name, key, spec.from_s, spec.to_s);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(cert_.get()));
  if (!spec.san.empty()) add_extension(cert.get(), cert_.get(), NID_subject_alt_name, spec.san);
  add_extension(cert.get(), cert_.get(), NID_authority_key_identifier, "keyid");
  check(X509_sign(cert.get(), key_.get(), EVP_sha256()) != 0);
  ServerContext ctx(SSL_CTX_new(TLS_server_method()));
  check(ctx && SSL_CTX_use_certificate(ctx.get(), cert.get()) == 1 &&
        SSL_CTX_use_PrivateKey(ctx.get(), key.get()) == 1);
  if (max_version != 0) {
    SSL_CTX_set_security_level(ctx.get(), 0);
    SSL_CTX_set_min_proto_version(ctx.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(ctx.get(), max_version);
  }
  return ctx;
}

}  // namespace aclk::test
