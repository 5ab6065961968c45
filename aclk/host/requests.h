// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queries that the host has not answered yet (request_table.h), and their answers as values, whose body may still
// be the host's memory. Any thread; nothing here calls the host.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "aclk/host/request_table.h"
#include "claim/base/bytes.h"
#include "claim/base/http_message.h"
#include "claim/base/result.h"

namespace aclk::host {

struct Answer {
  HttpResponse head;  // without its body
  Bytes body;

  Answer() = default;
  Answer(HttpResponse response)  // NOLINT(google-explicit-constructor): what is answered here, without a host
      : head(std::move(response)), body(std::exchange(head.body, {})) {}
};

enum class HostWork : std::uint8_t { begun, not_begun };

class Requests {
 public:
  // Called once, by the thread that answers; must not throw. not_begun, with an error: of a question whose time was
  // over before the host began with it.
  using Answered = std::function<void(Result<Answer>, HostWork)>;

  static constexpr std::size_t kMost = RequestTable<Answered>::kMost;

  // `warn`: one sentence for the log, from any thread.
  explicit Requests(std::function<void(const std::string &)> warn) : table_(std::move(warn)) {}
  ~Requests() = default;
  Requests(const Requests &) = delete;
  Requests &operator=(const Requests &) = delete;

  // A new question. With kMost of them it is answered `unavailable` at once, by this thread.
  [[nodiscard]] RequestId open(Answered answered);
  // Ends it with an answer of our own, without the host.
  void answer(RequestId id, Result<Answer> answer, HostWork work = HostWork::begun);
  // The host's answer to it: naclk_query::complete. What the host has lent goes back to it, used or not.
  void complete(RequestId id, int error, const naclk_reply *reply) noexcept;
  // Its answer is not wanted any more. False: it has ended already.
  bool interrupt(RequestId id) { return table_.interrupt(id); }
  // What naclk_query::interrupted said of it; also true of one that has ended.
  [[nodiscard]] bool interrupted(RequestId id) const { return table_.interrupted(id); }
  // Is an answer to come?
  [[nodiscard]] bool is_open(RequestId id) const { return table_.is_open(id); }
  // Nobody waits for it any more: Answered will not be called. False: it has been, or is being called just now.
  bool give_up(RequestId id) { return static_cast<bool>(table_.give_up(id)); }

  [[nodiscard]] naclk_request handle(RequestId id) { return {this, id}; }
  [[nodiscard]] RequestCounters counters() const { return table_.counters(); }

 private:
  RequestTable<Answered> table_;
};

}  // namespace aclk::host
