// SPDX-License-Identifier: GPL-3.0-or-later
//
// What every transfer here has in common: one libcurl easy handle with its settings and its text of what went wrong.
// Nothing of the environment (proxies, netrc) gets in.
#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aclk/net/fault.h"
#include "aclk/net/proxy_answer.h"
#include "aclk/net/reach_memory.h"
#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "claim/proxy.h"

namespace aclk::net {

class CurlEasy {
 public:
  CurlEasy();
  ~CurlEasy() = default;
  CurlEasy(const CurlEasy &) = delete;  // libcurl keeps pointers into it
  CurlEasy &operator=(const CurlEasy &) = delete;

  // nullptr if it could not be made: CurlMulti then reports it.
  [[nodiscard]] CURL *get() const { return easy_.get(); }
  // An option that is refused (out of memory) takes all others with it: the transfer then fails, with
  // CURLE_URL_MALFORMAT, instead of being another one than was meant. Not while the transfer runs.
  template <class T>
  void set(CURLoption option, T value) {
    if (refused_ || !easy_ || curl_easy_setopt(easy_.get(), option, value) == CURLE_OK) return;
    refused_ = true;
    curl_easy_reset(easy_.get());
  }
  [[nodiscard]] bool refused() const { return refused_ || !easy_; }
  // Through a tunnel (HTTP CONNECT or SOCKS5), or direct whatever the environment says. An HTTP proxy is first asked
  // without a word of the password; what it then wants is done, if libcurl can: with user and password Digest, NTLM or
  // Basic, in this order; without them Negotiate, with the Kerberos ticket of this process's user.
  void set_proxy(const claim::Proxy &proxy);
  // The lines of the answer's head, without those of a proxy's answer to CONNECT. False ends the transfer.
  void read_head(std::function<bool(std::string_view line)> reader);
  // Of the addresses that the first connection may go to, this one first (reach_memory.h); "" = none. try_others()
  // after CURLE_COULDNT_CONNECT: true, if the transfer is to be made once more.
  void prefer(const std::string &address) { order_ = AddressOrder(address); }
  [[nodiscard]] bool try_others() { return order_.again(); }
  void set_timeouts(std::chrono::milliseconds connect, std::chrono::milliseconds total);

  // The last answer to CONNECT. Of an HTTPS proxy without its body.
  [[nodiscard]] const ProxyAnswer &proxy_answer() const { return proxy_answer_; }
  [[nodiscard]] long number(CURLINFO info) const;
  [[nodiscard]] std::int64_t offset(CURLINFO info) const;  // counts and times in microseconds
  [[nodiscard]] std::string text(CURLINFO info) const;
  // "192.0.2.1:443" of the peer, the proxy's if there is one; empty before a connection was made.
  [[nodiscard]] std::string peer() const;
  // From a callback of libcurl's, when there is a connection: peer() then knows it, also if nothing more comes of it.
  void note_connection();
  // Whom a connection was tried to, in this order: "192.0.2.1:443, [2001:db8::1]:443". Of the proxy, if there is one.
  [[nodiscard]] std::string tried() const;
  // Why the system gave no socket; 0 = it did.
  [[nodiscard]] int socket_errno() const { return socket_errno_; }
  // libcurl's own words, with the operating system's if it has any.
  [[nodiscard]] std::string trouble(CURLcode code) const;

 private:
  static curl_socket_t on_open(void *self, curlsocktype purpose, curl_sockaddr *address);
  static std::size_t on_head(const char *data, std::size_t size, std::size_t count, void *self);
  void read_proxy_body();
  [[nodiscard]] int connected_socket() const;
  [[nodiscard]] std::string with_credentials(const claim::Proxy &proxy) const;

  claim::ProxyKind proxy_kind_ = claim::ProxyKind::none;
  ProxyAnswer proxy_answer_;
  bool tunnelling_ = false;  // what comes is the proxy's answer to CONNECT
  std::function<bool(std::string_view)> head_reader_;
  AddressOrder order_;
  std::vector<std::string> tried_;
  std::vector<int> opened_;  // descriptors; libcurl's, and may be closed
  std::string connected_;    // to whom, see note_connection()
  int socket_errno_ = 0;
  COwn<CURL, curl_easy_cleanup> easy_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  bool refused_ = false;
};

class CurlTls;

// Where a transfer was to go, for sentences.
struct Route {
  std::string_view host_port;  // "host:443", "[::1]:443"
  const claim::Proxy &proxy;
  std::chrono::milliseconds connect_timeout;
  const CurlTls *tls = nullptr;  // of the transfer; null = it speaks none
};

// The errors of getting a connection, the same for every transfer: dns, tcp, proxy, timeout; and tls, if the trust file
// cannot be read when an HTTPS proxy is to be trusted. nullopt when `code` is about something later.
[[nodiscard]] std::optional<Fault> connect_error(const CurlEasy &easy, CURLcode code, const Route &route);

// Whom this descriptor is connected with: "192.0.2.1:443"; "" = nobody, or it is none.
[[nodiscard]] std::string peer_of(int fd);
// "host:port", "[v6]:port".
[[nodiscard]] std::string host_port(std::string_view host, std::uint16_t port);
// Whom TCP is spoken with: the proxy, if there is one. "host:port".
[[nodiscard]] std::string connected_to(const std::string &host_port, const claim::Proxy &proxy);
// "host:443 (192.0.2.1:443) via proxy http://p:3128": whom, where, and by whom, as far as they are known and differ.
[[nodiscard]] std::string where(std::string_view host_port, std::string_view address, const claim::Proxy &proxy);

}  // namespace aclk::net
