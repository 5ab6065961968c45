// SPDX-License-Identifier: GPL-3.0-or-later
//
// One HTTP/1.1 connection to the agent, kept alive between requests. Blocking; one thread at a time.
#pragma once

#include <functional>
#include <memory>

#include "claim/base/http_message.h"
#include "claim/base/result.h"
#include "plugin-api/external/agent/endpoint.h"
#include "plugin-api/external/agent/http_lane.h"
#include "plugin-api/external/agent/http_multi.h"

namespace aclk::external {

// Asked each 100 ms at most; true = the answer is not wanted any more.
using Interrupted = std::function<bool()>;

class HttpConnection {
 public:
  HttpConnection();
  ~HttpConnection() = default;
  HttpConnection(const HttpConnection &) = delete;
  HttpConnection &operator=(const HttpConnection &) = delete;

  // Errors: those of HttpLane, timeout, cancelled. What was given up is closed.
  [[nodiscard]] Result<HttpResponse> perform(const Endpoint &endpoint, HttpRequest request, const AnswerBounds &bounds,
                                             const Interrupted &interrupted);
  // Of the last answer, of the last request (http_lane.h).
  [[nodiscard]] const HttpLane &lane() const { return lane_; }

  void close();

 private:
  std::unique_ptr<HttpMulti> multi_;
  HttpLane lane_;
};

}  // namespace aclk::external
