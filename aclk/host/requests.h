// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the host was asked and has not answered yet. A host answers when and where it likes, and may do it twice, late
// or never: here each question has one end, and what comes after it does nothing. Any thread; nothing here calls the
// host.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "aclk/host/answer.h"
#include "claim/base/result.h"

namespace aclk::host {

// Rising; never used twice in one module, never 0.
using RequestId = std::uint64_t;

class Requests {
 public:
  // Called once, by the thread that answers; must not throw. begun: false, with an error, of a question whose time was
  // over before the host began with it.
  using Answered = std::function<void(Result<Answer>, bool begun)>;

  // How many may be without an answer, those that nobody waits for included: a host that never answers costs so much.
  static constexpr std::size_t kMost = 4096;

  // `warn`: one sentence for the log, from any thread.
  explicit Requests(std::function<void(const std::string &)> warn) : warn_(std::move(warn)) {}
  ~Requests() = default;
  Requests(const Requests &) = delete;
  Requests &operator=(const Requests &) = delete;

  // A new question. With kMost of them it is answered `unavailable` at once, by this thread.
  [[nodiscard]] RequestId open(Answered answered);
  // Ends it with an answer of our own, without the host.
  void answer(RequestId id, Result<Answer> answer, bool begun = true);
  // The host's answer to it: naclk_query::complete. What the host has lent goes back to it, used or not.
  void complete(RequestId id, int error, const naclk_reply *reply) noexcept;
  // Its answer is not wanted any more. False: it has ended already.
  bool interrupt(RequestId id);
  // What naclk_query::interrupted says of it; also true of one that has ended.
  [[nodiscard]] bool interrupted(RequestId id) const;
  // Is an answer to come?
  [[nodiscard]] bool is_open(RequestId id) const;
  // Nobody waits for it any more: Answered will not be called. False: it has been, or is being called just now.
  bool give_up(RequestId id);

  [[nodiscard]] naclk_request handle(RequestId id) { return {this, id}; }
  struct Counters {
    std::size_t open = 0;     // without an answer, those that were given up included
    std::uint64_t late = 0;   // answers to what was given up
    std::uint64_t again = 0;  // answers to what had been answered, or was never asked
  };
  [[nodiscard]] Counters counters() const;

 private:
  struct Entry {
    Answered answered;  // empty: given up
    bool interrupted = false;
  };
  [[nodiscard]] std::optional<Answered> end(RequestId id);

  const std::function<void(const std::string &)> warn_;
  mutable std::mutex mutex_;
  std::unordered_map<RequestId, Entry> entries_;
  RequestId last_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t again_ = 0;
};

}  // namespace aclk::host
