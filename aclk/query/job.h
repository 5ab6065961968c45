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
#include "aclk/query/cmd_request.h"
#include "aclk/query/reply.h"
#include "aclk/query/target.h"

namespace aclk::query {

// The loop thread writes it until the host is asked; whoever answers writes what finish() leaves behind, and hands it
// back; only `interrupted` is used by both in between.
struct Job {
  Asker asker;
  RequestIdentity identity;
  HttpRequest request;                  // its target as asked for; its headers are those for the host
  std::optional<CheckedTarget> target;  // none: the question is answered here
  std::uint64_t connection = 0;         // the one it came on
  loop::Instant arrival;
  loop::Instant deadline;
  std::size_t place = 0;  // which of the places for running questions it has
  host::RequestId asked = 0;
  bool given_up = false;  // its place has gone to another, and its answer was on its way
  std::atomic<bool> interrupted{false};

  // What finish() leaves behind.
  FramedReply out;
  std::chrono::microseconds host_time{0};
  bool expired = false;  // its time was over before the host could be asked, or began
  bool overran = false;  // the host gave up at the deadline

  // The thread that may call the hook. Asks the host for `target`; the answer is that of host.requests() to `asked`.
  void run(const host::Host &host);
  // The thread that answers. Makes the reply ready to send. Always leaves something in `out`; never throws.
  void finish(Result<host::Answer> answer, host::HostWork work) noexcept;

 private:
  void ask(const host::Host &host) const;

  loop::Instant begin_;
};

}  // namespace aclk::query
