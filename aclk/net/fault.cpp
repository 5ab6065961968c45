// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/fault.h"

#include <arpa/inet.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <ctime>
#include <initializer_list>
#include <system_error>

#include "aclk/net/reach_memory.h"
#include "claim/base/c_own.h"
#include "claim/base/text.h"
#include "claim/base/url.h"

namespace aclk::net {
namespace {

// OPENSSL_free is a macro, sk_*_pop_free takes two arguments.
void free_names(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

std::string one_line(const X509_NAME *name) {
  const COwn<BIO, BIO_free> bio(BIO_new(BIO_s_mem()));
  if (!bio || name == nullptr) return {};
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char *text = nullptr;
  const long n = BIO_get_mem_data(bio.get(), &text);
  return n > 0 ? printable({text, static_cast<std::size_t>(n)}) : std::string();
}

std::string entry(const X509_NAME *name, int nid) {
  if (name == nullptr) return {};
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  const auto *const e = at < 0 ? nullptr : X509_NAME_get_entry(name, at);
  const auto *const data = e == nullptr ? nullptr : X509_NAME_ENTRY_get_data(e);
  if (data == nullptr) return {};
  return printable({reinterpret_cast<const char *>(ASN1_STRING_get0_data(data)),
                    static_cast<std::size_t>(std::max(ASN1_STRING_length(data), 0))},
                   80);
}

std::string shown(const GENERAL_NAME *name) {
  int type = 0;
  const auto *const value = static_cast<const ASN1_STRING *>(GENERAL_NAME_get0_value(name, &type));
  const auto *const data = ASN1_STRING_get0_data(value);
  const auto size = static_cast<std::size_t>(std::max(ASN1_STRING_length(value), 0));
  if (type == GEN_DNS) return printable({reinterpret_cast<const char *>(data), size}, 64);
  std::array<char, INET6_ADDRSTRLEN> ip{};
  if (type == GEN_IPADD && (size == 4 || size == 16) &&
      ::inet_ntop(size == 4 ? AF_INET : AF_INET6, data, ip.data(), ip.size()) != nullptr)
    return ip.data();
  return {};
}

std::string names_of(const X509 *cert) {
  const COwn<GENERAL_NAMES, free_names> names(
      static_cast<GENERAL_NAMES *>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)));
  std::string s;
  for (int i = 0, found = 0; names && i < sk_GENERAL_NAME_num(names.get()) && found < 3; ++i) {
    const auto *const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (const auto n = shown(name); !n.empty()) {
      s += (s.empty() ? "" : ", ") + n;
      ++found;
    }
  }
  return s;
}

std::int64_t epoch(const ASN1_TIME *t) {
  std::tm tm{};
  return t != nullptr && ASN1_TIME_to_tm(t, &tm) == 1 ? static_cast<std::int64_t>(::timegm(&tm)) : 0;
}

std::string utc(std::int64_t s) {
  const auto t = static_cast<std::time_t>(s);
  std::tm tm{};
  if (::gmtime_r(&t, &tm) == nullptr) return "?";
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", tm);
}

// Products that open TLS on its way, by words of the CA they are installed with. Only the sentence depends on it.
bool names_an_inspector(const Certificate &c) {
  constexpr std::array<std::string_view, 31> kWords{"zscaler",     "fortinet",   "fortigate",
                                                    "palo alto",   "blue coat",  "bluecoat",
                                                    "netskope",    "umbrella",   "sophos",
                                                    "kaspersky",   "eset ssl",   "bitdefender",
                                                    "avast",       "mcafee",     "skyhigh",
                                                    "check point", "barracuda",  "watchguard",
                                                    "sonicwall",   "forcepoint", "websense",
                                                    "squid",       "mitmproxy",  "charles proxy",
                                                    "portswigger", "fiddler",    "gateway ca - cloudflare",
                                                    "iboss",       "untangle",   "smoothwall",
                                                    "trend micro"};
  const auto text = lower(c.issuer);
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view w) { return text.find(w) != std::string::npos; });
}

// Hosts whose certificates are always from a public CA: for another issuer there is one explanation.
bool is_public_service(std::string_view host) {
  constexpr std::string_view kDomain = "netdata.cloud";
  const auto h = lower(host);
  return h == kDomain || h.ends_with("." + std::string(kDomain));
}

bool is_unknown_issuer(int error) {
  return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || error == X509_V_ERR_CERT_UNTRUSTED;
}

CertificateTrouble dated(const VerifyOutcome &o, std::string_view host, std::int64_t now_s) {
  const auto whose = o.depth == 0 ? std::string("the certificate") : std::string("a certificate of its chain,");
  if (o.error == X509_V_ERR_CERT_HAS_EXPIRED)
    return {CertificateFault::expired,
            fmt::format("{} \"{}\", issued by \"{}\", expired on {} (certificate has expired; it was valid from {}): "
                        "whoever runs {} must renew it, unless this machine's clock, {}, is wrong",
                        whose, o.culprit.subject, o.culprit.issuer, utc(o.culprit.to_s), utc(o.culprit.from_s), host,
                        utc(now_s))};
  return {
      CertificateFault::not_yet_valid,
      fmt::format("{} \"{}\", issued by \"{}\", is valid only from {} until {} (certificate is not yet valid), and "
                  "this machine's clock says {}: set the clock, it is probably wrong",
                  whose, o.culprit.subject, o.culprit.issuer, utc(o.culprit.from_s), utc(o.culprit.to_s), utc(now_s))};
}

CertificateTrouble unknown_issuer(const VerifyOutcome &o, std::string_view host) {
  const char *const words = X509_verify_cert_error_string(o.error);
  const bool self_signed = o.error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
  if (!o.of_proxy && !self_signed && o.leaf_is_for_host && (names_an_inspector(o.leaf) || is_public_service(host)))
    return {CertificateFault::interception,
            fmt::format("something on the way opens the TLS connection: the certificate for {} (\"{}\") was issued by "
                        "\"{}\" of \"{}\", and no trusted CA stands behind it ({}); if that is your organisation's "
                        "inspecting proxy, exempt {} from inspection or add the proxy's CA certificate to trusted.pem",
                        host, o.leaf.subject, o.leaf.issuer, o.leaf.organisation, words, host)};
  return {CertificateFault::unknown_issuer,
          fmt::format(
              "the certificate of \"{}\", issued by \"{}\" of \"{}\" and valid from {} until {}, is not trusted: "
              "{} (at depth {}); {}, add its certificate to trusted.pem",
              o.leaf.subject, o.leaf.issuer, o.leaf.organisation, utc(o.leaf.from_s), utc(o.leaf.to_s), words, o.depth,
              o.of_proxy ? "if this CA is the one your proxy is to have its certificate from"
                         : "if this CA is your own, or a proxy opens TLS here")};
}

// Where a SSL_CTX keeps its watch; libwebsockets has indexes of its own.
int index() {
  static const int i = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return i;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view w) { return text.find(w) != std::string_view::npos; });
}

}  // namespace

Certificate describe(const X509 *cert) {
  Certificate c;
  if (cert == nullptr) return c;
  const auto *const issuer = X509_get_issuer_name(cert);
  c.subject = one_line(X509_get_subject_name(cert));
  c.issuer = one_line(issuer);
  c.organisation = entry(issuer, NID_organizationName);
  if (c.organisation.empty()) c.organisation = entry(issuer, NID_commonName);
  c.names = names_of(cert);
  c.from_s = epoch(X509_get0_notBefore(cert));
  c.to_s = epoch(X509_get0_notAfter(cert));
  return c;
}

bool is_for_host(X509 *cert, const std::string &host) {
  if (cert == nullptr) return false;
  if (is_ip_literal(host)) return X509_check_ip_asc(cert, host.c_str(), 0) == 1;
  return X509_check_host(cert, host.c_str(), host.size(), 0, nullptr) == 1;
}

VerifyOutcome outcome_of(X509_STORE_CTX *store, const std::string &host) {
  VerifyOutcome o;
  o.error = X509_STORE_CTX_get_error(store);
  o.depth = X509_STORE_CTX_get_error_depth(store);
  auto *const leaf = X509_STORE_CTX_get0_cert(store);
  o.leaf = describe(leaf);
  o.culprit = describe(X509_STORE_CTX_get_current_cert(store));
  if (o.culprit.subject.empty()) o.culprit = o.leaf;
  o.leaf_is_for_host = is_for_host(leaf, host);
  return o;
}

CertificateTrouble explain(const VerifyOutcome &o, std::string_view host, std::int64_t now_s) {
  if (o.error == X509_V_ERR_CERT_HAS_EXPIRED || o.error == X509_V_ERR_CERT_NOT_YET_VALID) return dated(o, host, now_s);
  if (o.error == X509_V_ERR_HOSTNAME_MISMATCH || o.error == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return {
        CertificateFault::wrong_host,
        fmt::format("the certificate is for {}, issued by \"{}\", and not for {} (hostname mismatch): check the "
                    "address{}",
                    o.leaf.names.empty() ? fmt::format("\"{}\"", o.leaf.subject) : o.leaf.names, o.leaf.issuer, host,
                    o.of_proxy ? ": the proxy must be named as its certificate does"
                               : "; it may also be a proxy or a portal that answers in its place")};
  if (is_unknown_issuer(o.error)) return unknown_issuer(o, host);
  return {
      CertificateFault::other,
      fmt::format("the certificate of \"{}\", issued by \"{}\", is not accepted: {} (error {} at depth {}); whoever "
                  "runs {} must mend it",
                  o.leaf.subject, o.leaf.issuer, X509_verify_cert_error_string(o.error), o.error, o.depth, host)};
}

bool HandshakeWatch::attach(SSL_CTX *ctx) {
  if (SSL_CTX_set_ex_data(ctx, index(), this) != 1) return false;
  SSL_CTX_set_info_callback(ctx, on_info);
  return true;
}

void HandshakeWatch::on_info(const SSL *ssl, int where, int result) {
  const int error = errno;
  TlsSessions::on_info(ssl, where, result);
  auto *const self = static_cast<HandshakeWatch *>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), index()));
  if (self == nullptr) return;
  if ((where & SSL_CB_HANDSHAKE_START) != 0) self->begun_ = true;
  if ((where & SSL_CB_EXIT) == 0 || (where & SSL_ST_CONNECT) == 0 || result > 0) return;
  if (const auto e = ERR_peek_last_error(); e != 0) {
    if (ERR_SYSTEM_ERROR(e)) {
      self->reason_ = std::generic_category().message(ERR_GET_REASON(e));
    } else if (const char *const words = ERR_reason_error_string(e); words != nullptr) {
      self->reason_ = words;
    } else {
      std::array<char, 128> text{};
      ERR_error_string_n(e, text.data(), text.size());
      self->reason_ = text.data();
    }
  } else if (error == ECONNRESET || error == EPIPE || error == ETIMEDOUT) {
    self->reason_ = std::generic_category().message(error);
  }
}

std::string explain_handshake(std::string_view reason) {
  const auto words = printable(reason, 200);
  if (has_any(reason, {"wrong version number", "packet length too long", "http request", "not ssl", "record layer"}))
    return fmt::format(
        "what answers there is no TLS ({}); is it the right port, and does nothing on the way answer in "
        "its place?",
        words);
  if (has_any(reason, {"unsupported protocol", "protocol version", "version too low", "inappropriate fallback"}))
    return fmt::format("the server speaks no TLS 1.2 or newer ({}); whoever runs it must update it", words);
  if (has_any(reason, {"handshake failure", "insufficient security", "no shared cipher"}))
    return fmt::format(
        "the server refused the handshake ({}): it takes none of our ciphers, or wants a certificate "
        "of ours; something on the way may be in its place",
        words);
  if (has_any(reason, {"reset"}))
    return "the connection was reset in the middle of the TLS handshake; a firewall or proxy on the way may do that, "
           "or the server is restarting";
  if (reason.empty() || has_any(reason, {"unexpected eof", "SSL_ERROR_SYSCALL", "shutdown"}))
    return "the connection was closed in the middle of the TLS handshake; a firewall or proxy on the way may do that, "
           "or the server is restarting";
  return fmt::format(
      "{}; is it a server that speaks TLS 1.2 or newer, and does nothing on the way change what it says?", words);
}

}  // namespace aclk::net
