// SPDX-License-Identifier: GPL-3.0-or-later
//
// A web server that answers with canned bytes, the broken ones of real agents included. Listens on 127.0.0.1 or a unix
// socket; a thread per connection.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "claim/base/c_own.h"
#include "plugin-api/external/agent/endpoint.h"

namespace aclk::external::test {

struct Canned {
  std::string bytes;   // the whole answer, status line included
  bool close = false;  // then close the connection
  std::chrono::milliseconds delay{0};
};

// "HTTP/1.1 200 OK" with Content-Length and keep-alive.
[[nodiscard]] Canned answer(const std::string &body, int status = 200, const std::string &headers = {});

class FakeAgent {
 public:
  // request: head and body as received. Called by several threads at once.
  using Handler = std::function<Canned(const std::string &request)>;

  explicit FakeAgent(Handler handler, const std::string &unix_path = {});
  ~FakeAgent();
  FakeAgent(const FakeAgent &) = delete;
  FakeAgent &operator=(const FakeAgent &) = delete;

  [[nodiscard]] const Endpoint &endpoint() const { return endpoint_; }
  [[nodiscard]] unsigned connections() const { return connections_.load(); }
  [[nodiscard]] std::vector<std::string> requests() const;
  // Closes every connection that is open now, as a restart would.
  void drop_connections();

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  Endpoint endpoint_;
  Fd listener_;
  std::atomic<bool> stop_{false};
  std::atomic<unsigned> connections_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::vector<std::thread> servers_;
  std::thread acceptor_;
};

// Path and query of a request.
[[nodiscard]] std::string target_of(const std::string &request);

// Answers as an agent would: GET of these targets with these bodies, /api/v1/info among them, 404 for others.
[[nodiscard]] FakeAgent::Handler serve_documents(std::vector<std::pair<std::string, std::string>> documents);

}  // namespace aclk::external::test
