// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/reach_memory.h"

#include <fmt/format.h>

#include "aclk/net/tls_policy.h"

namespace aclk::net {

Result<void> ReachMemory::trust(ssl_ctx_st *ctx, const std::string &trust_file) {
  const auto before = trust_.generation();
  auto given = trust_.give(ctx, trust_file);
  if (trust_.generation() != before) sessions_.clear();
  return given;
}

std::string session_peer(std::string_view host_port, const TlsPolicy &policy, const claim::Proxy &via) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", host_port, policy.insecure ? "insecure" : "verified", policy.trust_file,
                     via.curl_url(), via.user);
}

}  // namespace aclk::net
