// SPDX-License-Identifier: GPL-3.0-or-later
//
// One HTTP/1.1 connection to the agent, kept alive between requests (libcurl inside). Blocking; one thread at a time.
//
// The agent's web server has habits (plugin-api/external/API.md, "HTTP behaviour"): it keeps a connection only when
// asked to, wants a request in one piece, does not pipeline, and ends some answers with a body of nothing at all: no
// Content-Length, or a chunked body without a chunk. Such an answer is taken for one with an empty body.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "claim/base/http_message.h"
#include "claim/base/result.h"
#include "plugin-api/external/agent/endpoint.h"
#include "plugin-api/external/agent/peer_owner.h"

namespace aclk::external {

// Asked each 100 ms at most; true = the answer is not wanted any more.
using Interrupted = std::function<bool()>;

// What an answer may cost.
struct AnswerBounds {
  std::uint64_t max_bytes = 0;  // of the body as it comes; more = too_big, and the connection is closed
  std::chrono::milliseconds timeout{};
  bool gzip = false;  // ask for Content-Encoding: gzip; the body then comes compressed
};

class HttpConnection {
 public:
  HttpConnection();
  ~HttpConnection();
  HttpConnection(const HttpConnection &) = delete;
  HttpConnection &operator=(const HttpConnection &) = delete;

  // Errors: unavailable (nobody listens, the connection broke, or the server is another user's process: nothing is
  // sent to it, nothing it says is taken), timeout, cancelled, too_big, invalid_argument.
  // A connection that the agent has closed meanwhile is replaced silently (is_new() says so).
  // GET, the one method that agents 1.x answer; the target has no white space or control characters.
  [[nodiscard]] Result<HttpResponse> perform(const Endpoint &endpoint, HttpRequest request, const AnswerBounds &bounds,
                                             const Interrupted &interrupted);

  // Of the last answer: did it come over another connection than the one before?
  [[nodiscard]] bool is_new() const;
  // Of the last answer: whose the server is; never a stranger's.
  [[nodiscard]] Owner owner() const;

  void close();

  // Is the agent still busy with a request that was given up (timeout, cancelled)? 1.x does not notice a client that
  // leaves, so that its work goes on; it is over when the answer begins or the connection breaks. Does not block. With
  // the answer no longer wanted, the connection is closed when this becomes false. perform() on a busy connection
  // closes it first.
  [[nodiscard]] bool busy();

  // Has the server ended the connection of the last request without a word, as an agent does with whom it does not
  // allow to connect?
  [[nodiscard]] bool hung_up() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::external
