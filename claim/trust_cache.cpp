// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/trust_cache.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "claim/trust.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

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
