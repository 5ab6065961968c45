// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/trust.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/files.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

// The CAs of a whole system have a quarter of this.
constexpr std::size_t kMaxTrustFile = 4U << 20;

using Store = COwn<X509_STORE, X509_STORE_free>;

// Certificates only: a revocation list alone trusts nobody.
bool holds_certificate(X509_STORE *store) {
  const auto *const all = X509_STORE_get0_objects(store);
  for (int i = 0; i < sk_X509_OBJECT_num(all); ++i)
    if (X509_OBJECT_get_type(sk_X509_OBJECT_value(all, i)) == X509_LU_X509) return true;
  return false;
}

tl::unexpected<Error> unusable(const fs::path &file, std::string_view why) {
  return fail(Errc::tls, fmt::format("cannot use {} as a list of trusted certificates: {}", file.string(), why));
}

Result<void> add_file(X509_STORE *store, const fs::path &file) {
  if (X509_STORE_load_file(store, file.c_str()) == 1) return {};
  const auto e = ERR_peek_error();
  const char *const why = ERR_SYSTEM_ERROR(e) ? std::strerror(ERR_GET_REASON(e)) : ERR_reason_error_string(e);
  auto result = unusable(file, why != nullptr ? why : "it holds no PEM certificate");
  ERR_clear_error();
  return result;
}

// Can it be read, and does it hold at least one certificate? The error has the next step.
Result<void> check_file(const fs::path &file) {
  std::error_code ec;
  const auto text = read_file(file, kMaxTrustFile);
  if (!text && text.error().code == Errc::denied)
    return unusable(file, "the agent's user may not read it; give it to that user, or make it readable (chmod 0644)");
  if (!text && text.error().code == Errc::not_found)
    return unusable(file, fs::is_symlink(file, ec) ? "it is a symbolic link to nothing; mend or remove the link"
                                                   : "it does not exist; put it there");
  if (!text) return unusable(file, text.error().what + "; put PEM certificates there, or remove the file");
  const Store store(X509_STORE_new());
  if (!store) return fail(Errc::tls, "cannot make a certificate store: out of memory");
  const auto added = add_file(store.get(), file);
  if (added && holds_certificate(store.get())) return {};
  if (text->starts_with("\x30\x82"))
    return unusable(file, "it is not PEM but DER; convert it: openssl x509 -inform DER -in FILE -out FILE.pem");
  const auto why = added ? std::string("it holds no certificate") : "it holds no PEM certificate that can be read";
  return unusable(file, why + "; put PEM certificates there, or remove the file");
}

// What the environment says of the system's CAs. OpenSSL would go on without, and trust nobody.
std::string environment_trouble(const Getenv &getenv) {
  if (const auto file = getenv("SSL_CERT_FILE"); file && !file->empty())
    if (const auto ok = check_file(*file); !ok) return "SSL_CERT_FILE in the environment: " + ok.error().what;
  const auto dirs = getenv("SSL_CERT_DIR");
  if (!dirs || dirs->empty()) return {};
  for (std::size_t begin = 0; begin <= dirs->size();) {
    const auto end = std::min(dirs->find(':', begin), dirs->size());
    if (const auto dir = dirs->substr(begin, end - begin); !dir.empty() && ::access(dir.c_str(), R_OK | X_OK) == 0)
      return {};
    begin = end + 1;
  }
  return fmt::format(
      "SSL_CERT_DIR in the environment: no directory of \"{}\" can be read by the agent's user; correct or unset it",
      *dirs);
}

std::string environment_or(const char *name, const char *otherwise) {
  const char *const value = ::secure_getenv(name);
  return value != nullptr ? value : otherwise;
}

// Who writes a file, even one of the same size and in the same second, changes its ctime.
void add_look(std::string &look, const fs::path &file) {
  struct stat s {};
  if (::stat(file.c_str(), &s) != 0) {
    look += file.string() + " -\n";
    return;
  }
  fmt::format_to(std::back_inserter(look), "{} {} {} {} {}.{:09} {}.{:09}\n", file.string(), s.st_dev, s.st_ino,
                 s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
}

// In no particular order from the system, in a fixed one in the text.
void add_look_of_directory(std::string &look, const fs::path &dir) {
  add_look(look, dir);
  std::vector<fs::path> inside;
  std::error_code ec;
  for (auto it = fs::directory_iterator(dir, ec); !ec && it != fs::directory_iterator(); it.increment(ec))
    inside.push_back(it->path());
  std::ranges::sort(inside);
  for (const auto &file : inside) add_look(look, file);
}

}  // namespace

Result<void> trust_system_and(void *ssl_ctx, const fs::path &trust_file) {
  Store store(X509_STORE_new());
  if (!store) return fail(Errc::tls, "cannot make a certificate store: out of memory");
  // A system without any CA is no error here: the file may be all that is needed, and a handshake says what is missing.
  X509_STORE_set_default_paths(store.get());
  ERR_clear_error();
  if (!trust_file.empty()) ACLK_CHECK(add_file(store.get(), trust_file));
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  SSL_CTX_set_cert_store(static_cast<SSL_CTX *>(ssl_ctx), store.release());
  return {};
}

TrustChoice choose_trust(const fs::path &dir, const Getenv &getenv) {
  TrustChoice choice;
  for (const auto *name : {"trusted.pem", "cloud_fullchain.pem"}) {
    const auto file = dir / name;
    std::error_code ec;
    if (const auto what = fs::symlink_status(file, ec).type(); what == fs::file_type::not_found) continue;
    choice.file = file;
    if (const auto ok = check_file(file); !ok) choice.trouble = ok.error().what;
    break;
  }
  if (choice.trouble.empty()) choice.trouble = environment_trouble(getenv);
  return choice;
}

std::string look_of_trust(const fs::path &trust_file) {
  std::string look;
  if (!trust_file.empty()) add_look(look, trust_file);
  add_look(look, environment_or(X509_get_default_cert_file_env(), X509_get_default_cert_file()));
  const auto dirs = environment_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  for (std::size_t begin = 0; begin <= dirs.size();) {
    const auto end = std::min(dirs.find(':', begin), dirs.size());
    if (end > begin) add_look_of_directory(look, dirs.substr(begin, end - begin));
    begin = end + 1;
  }
  return look;
}

Result<void> TrustCache::give(void *ssl_ctx, const fs::path &trust_file) {
  auto *const ctx = static_cast<SSL_CTX *>(ssl_ctx);
  auto look = look_of_trust(trust_file);  // before they are read: what is changed meanwhile is read again
  if (!store_ || look != files_) {
    ++generation_;
    store_.reset();
    ACLK_CHECK(trust_system_and(ctx, trust_file));
    auto *const fresh = SSL_CTX_get_cert_store(ctx);
    if (X509_STORE_up_ref(fresh) != 1) return {};
    store_.reset(fresh);
    files_ = std::move(look);
    return {};
  }
  SSL_CTX_set1_cert_store(ctx, store_.get());
  return {};
}

}  // namespace aclk::claim
