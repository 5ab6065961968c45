// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scripted HTTPS server: records every byte of every request, answers what the script says.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/sockets/net/certs.h"
#include "tests/sockets/net/net.h"

namespace aclk::test {

struct Reply {
  std::vector<std::string> pieces;       // raw bytes, one TLS record each
  std::chrono::milliseconds between{0};  // pause after each piece but the last
  enum class Then { go_on, close, reset, hang } then = Then::go_on;
};

// "HTTP/1.1 200 OK", Content-Length, `more` ("Name: value\r\n"...), body.
[[nodiscard]] Reply http_reply(int status, const std::string &body, const std::string &more = "");

class HttpsServer {
 public:
  using Script = std::function<Reply(const std::string &request)>;

  HttpsServer(ServerContext tls, Script script, int family = 2 /* AF_INET */);
  ~HttpsServer() { server_.reset(); }
  HttpsServer(const HttpsServer &) = delete;
  HttpsServer &operator=(const HttpsServer &) = delete;

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] std::string url(const std::string &path, const std::string &host = "localhost") const;
  [[nodiscard]] int connections() const { return server_->accepted(); }
  [[nodiscard]] int handshakes() const;  // completed
  [[nodiscard]] int resumed() const;     // of them, with a session of before
  [[nodiscard]] int open() const;        // connections past the handshake that have not ended
  [[nodiscard]] std::vector<std::string> requests() const;
  [[nodiscard]] std::string request(std::size_t i) const { return requests().at(i); }
  [[nodiscard]] std::string sni() const;  // of the last handshake

 private:
  void serve(Peer &peer);

  ServerContext tls_;
  Script script_;
  mutable std::mutex mutex_;
  int handshakes_ = 0;
  int resumed_ = 0;
  int open_ = 0;
  std::vector<std::string> requests_;
  std::string sni_;
  std::unique_ptr<Server> server_;  // last: its threads use the rest
};

// TLS in front of a server that speaks none: what a client says inside reaches 127.0.0.1 at `port`, and back.
class TlsFront {
 public:
  TlsFront(ServerContext tls, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] int connections() const { return server_.accepted(); }

 private:
  void serve(Peer &peer);

  ServerContext tls_;
  const std::uint16_t to_;
  Server server_;  // last: its threads use the rest
};

}  // namespace aclk::test
