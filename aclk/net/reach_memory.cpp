// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/reach_memory.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "aclk/loop/clock.h"

namespace aclk::net {
bool AddressOrder::takes(const std::string &address) {
  if (first_.empty()) return true;
  if (address == first_) {
    first_.clear();
    return true;
  }
  passed_ = true;
  return false;
}

bool AddressOrder::again() {
  first_.clear();
  return std::exchange(passed_, false);
}

void GoodAddresses::worked(const std::string &host_port, const std::string &address) {
  if (address.empty() || (good_.size() >= kMost && !good_.contains(host_port))) return;
  good_[host_port] = address;
}

std::string GoodAddresses::of(const std::string &host_port) const {
  const auto it = good_.find(host_port);
  return it == good_.end() ? std::string() : it->second;
}

void SessionCache::put(const std::string &peer, SharedSession session, std::int64_t now_s, std::int64_t until_s) {
  until_s = std::min(until_s, now_s + kLongestS);
  if (until_s <= now_s) return;
  if (!peers_.contains(peer) && peers_.size() >= kMostPeers)
    peers_.erase(std::ranges::min_element(peers_, {}, [](const auto &p) { return p.second.back().since_s; }));
  auto &kept = peers_[peer];
  kept.push_back({std::move(session), now_s, until_s});
  if (kept.size() > kMostOfPeer) kept.pop_front();
}

SharedSession SessionCache::take(const std::string &peer, std::int64_t now_s) {
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return nullptr;
  auto &kept = it->second;
  // A clock that was set back makes a session no younger.
  std::erase_if(kept, [&](const Kept &k) { return k.until_s <= now_s || k.since_s > now_s; });
  SharedSession newest;
  if (!kept.empty()) {
    newest = std::move(kept.back().session);
    kept.pop_back();
  }
  if (kept.empty()) peers_.erase(it);
  return newest;
}

std::size_t SessionCache::count(const std::string &peer) const {
  const auto it = peers_.find(peer);
  return it == peers_.end() ? 0 : it->second.size();
}

namespace {

// What belongs to an SSL_CTX.
struct ContextSessions {
  std::weak_ptr<SessionCache> cache;
  std::shared_ptr<TlsSessions::Attachment> attachment;
};

// What belongs to an SSL.
struct HandshakeSession {
  std::weak_ptr<SessionCache> cache;
  std::string peer;
  bool offered = false;
  bool done = false;

  HandshakeSession() = default;
  HandshakeSession(const HandshakeSession &) = delete;
  HandshakeSession &operator=(const HandshakeSession &) = delete;
  // A server, or something on the way, that cannot stand what it was offered is not offered it again.
  ~HandshakeSession() {
    if (!offered || done) return;
    if (const auto s = cache.lock()) s->drop(peer);
  }
};

template <class T>
void free_ex_data(void * /*parent*/, void *mine, CRYPTO_EX_DATA * /*all*/, int /*index*/, long /*argl*/,
                  void * /*argp*/) {
  delete static_cast<T *>(mine);
}

int context_index() {
  static const int i = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_ex_data<ContextSessions>);
  return i;
}

int handshake_index() {
  static const int i = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_ex_data<HandshakeSession>);
  return i;
}

HandshakeSession *handshake_of(const SSL *ssl) {
  return static_cast<HandshakeSession *>(SSL_get_ex_data(ssl, handshake_index()));
}

std::int64_t now_s() { return loop::wall_us() / 1'000'000; }

// By the server's word, and never longer than the certificate that was verified.
std::int64_t valid_until(SSL_SESSION *session) {
  std::int64_t until = now_s() + static_cast<std::int64_t>(SSL_SESSION_get_timeout(session));
  if (const auto hint = SSL_SESSION_get_ticket_lifetime_hint(session); hint > 0)
    until = std::min(until, now_s() + static_cast<std::int64_t>(hint));
  std::tm tm{};
  if (const auto *const peer = SSL_SESSION_get0_peer(session); peer != nullptr)
    if (ASN1_TIME_to_tm(X509_get0_notAfter(peer), &tm) == 1)
      until = std::min(until, static_cast<std::int64_t>(::timegm(&tm)));
  return until;
}

void keep(const HandshakeSession &of, SharedSession session) {
  const auto cache = of.cache.lock();
  if (!cache || of.peer.empty() || SSL_SESSION_is_resumable(session.get()) != 1) return;
  const auto until = valid_until(session.get());
  cache->put(of.peer, std::move(session), now_s(), until);
}

SharedSession shared(SSL_SESSION *session) { return {session, SSL_SESSION_free}; }

// A copy: OpenSSL declares the session of one ticket not resumable when the next comes over the same connection.
// Returns 0: the reference is not taken.
int on_new_session(SSL *ssl, SSL_SESSION *session) {
  const auto *const h = handshake_of(ssl);
  if (h == nullptr || (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && SSL_get_verify_result(ssl) != X509_V_OK))
    return 0;
  auto *const copy = SSL_SESSION_dup(session);
  if (copy != nullptr) keep(*h, shared(copy));
  return 0;
}

void offer(SSL *ssl, const ContextSessions &mine) {
  if (handshake_of(ssl) != nullptr) return;
  auto h = std::make_unique<HandshakeSession>();
  h->cache = mine.cache;
  h->peer = mine.attachment->peer;
  const auto cache = mine.cache.lock();
  if (!cache || h->peer.empty()) return;
  if (const auto session = cache->take(h->peer, now_s()))  // OpenSSL takes a reference of its own
    h->offered = SSL_set_session(ssl, session.get()) == 1;
  if (SSL_set_ex_data(ssl, handshake_index(), h.get()) == 1) (void)h.release();
}

void finish(SSL *ssl, const ContextSessions &mine) {
  auto *const h = handshake_of(ssl);
  if (h == nullptr || std::exchange(h->done, true) || SSL_session_reused(ssl) != 1) return;
  // Up to TLS 1.2 a session serves more than once, and the server may give no new one. A ticket of TLS 1.3 is for one
  // connection, or whoever sees it twice knows the two for the same client's (RFC 8446, C.4).
  if (SSL_version(ssl) < TLS1_3_VERSION) keep(*h, shared(SSL_get1_session(ssl)));
  if (mine.attachment->resumed) mine.attachment->resumed();
}

}  // namespace

TlsSessions::TlsSessions() : cache_(std::make_shared<SessionCache>()) {}
TlsSessions::~TlsSessions() = default;

std::shared_ptr<TlsSessions::Attachment> TlsSessions::attach(SSL_CTX *ctx) {
  auto mine = std::make_unique<ContextSessions>();
  mine->cache = cache_;
  mine->attachment = std::make_shared<Attachment>();
  auto attachment = mine->attachment;
  if (SSL_CTX_set_ex_data(ctx, context_index(), mine.get()) != 1) return nullptr;
  (void)mine.release();
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, on_new_session);
  SSL_CTX_set_info_callback(ctx, on_info);
  return attachment;
}

void TlsSessions::on_info(const SSL *ssl, int where, int /*result*/) {
  const auto *const mine = static_cast<ContextSessions *>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index()));
  if (mine == nullptr) return;
  // OpenSSL's callback has it const, though it is anybody's own connection. Nothing is written yet when a handshake
  // begins: what is set now is in the ClientHello.
  if ((where & SSL_CB_HANDSHAKE_START) != 0) offer(const_cast<SSL *>(ssl), *mine);
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) finish(const_cast<SSL *>(ssl), *mine);
}

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
