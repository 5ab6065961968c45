// SPDX-License-Identifier: GPL-3.0-or-later
//
// One question from the moment it is accepted until its reply is sent, and the part of it that runs on a worker.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "aclk/host/host.h"
#include "aclk/loop/clock.h"
#include "aclk/query/http_request.h"
#include "aclk/query/reply.h"
#include "aclk/query/target.h"

namespace aclk::query {

// The loop thread writes it until it is handed to a worker, the worker until it is handed back; only `interrupted` is
// used by both in between.
struct Job {
  Asker asker;
  RequestIdentity identity;
  HttpRequest request;                  // its target as asked for; its headers are those for the host
  std::optional<CheckedTarget> target;  // none: the question is answered here
  std::uint64_t connection = 0;         // the one it came on
  loop::Instant arrival;
  loop::Instant deadline;
  std::size_t place = 0;  // which of the places for running questions it has
  std::atomic<bool> interrupted{false};

  // What run() leaves behind.
  FramedReply out;
  std::chrono::microseconds host_time{0};
  bool expired = false;  // its time was over before the host could be asked
  bool overran = false;  // the host gave up at the deadline

  // Worker. Asks the host for `target` and makes the reply ready to send. Always leaves something in `out`; never
  // throws.
  void run(const host::Host &host);

 private:
  [[nodiscard]] Result<HttpResponse> ask(const host::Host &host, const CheckedTarget &what, loop::Instant begin) const;
};

}  // namespace aclk::query
