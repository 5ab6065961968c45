// SPDX-License-Identifier: GPL-3.0-or-later
//
// A host behind the real C ABI whose only interesting hook is `query`. What it does is said in the target:
//   ...hold...   waits until release() or until it is interrupted (then -ECANCELED)
//   ...errno=N   fails with -N
//   ...size=N    answers N bytes
// Anything else is answered with the target itself.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <netdata-aclk/plugin.h>

#include "aclk/host/host.h"
#include "tests/unit/host_table.h"

namespace aclk::query::test {

class FakeHost {
 public:
  struct Seen {
    std::string machine_guid, method, target, body, headers;
    bool accept_gzip = false;
    std::uint32_t deadline_ms = 0;
    std::uint64_t max_bytes = 0;
    std::uint64_t received_us = 0;
  };

  FakeHost() {
    auto t = aclk::test::empty_host(this);
    t.query = [](void *host, const naclk_query *q, naclk_reply_fn show, void *ctx) {
      return static_cast<FakeHost *>(host)->query(*q, show, ctx);
    };
    host_ = aclk::test::adopted(t);
  }
  FakeHost(const FakeHost &) = delete;
  FakeHost &operator=(const FakeHost &) = delete;
  ~FakeHost() { release(); }

  [[nodiscard]] const host::Host &host() const { return *host_; }

  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    wake_.notify_all();
  }
  [[nodiscard]] std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  [[nodiscard]] Seen question(std::size_t n) const { return seen().at(n); }
  // The most that were in the hook at once.
  [[nodiscard]] int most() const {
    const std::lock_guard lock(mutex_);
    return most_;
  }
  // Waits until n questions have got here; false after five seconds.
  [[nodiscard]] bool wait_for_questions(std::size_t n) {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, std::chrono::seconds(5), [&] { return seen_.size() >= n; });
  }

 private:
  static naclk_str str(std::string_view s) { return {s.data(), s.size()}; }
  static std::string text(naclk_str s) { return s.len == 0 ? std::string() : std::string(s.data, s.len); }
  static std::optional<long> number(const std::string &target, std::string_view key) {
    const auto at = target.find(key);
    if (at == std::string::npos) return std::nullopt;
    return std::strtol(target.c_str() + at + key.size(), nullptr, 10);
  }

  int query(const naclk_query &q, naclk_reply_fn show, void *ctx) {
    Seen s{text(q.machine_guid), text(q.method), text(q.target), text(q.body), {},
           q.accept_gzip != 0,   q.deadline_ms,  q.max_bytes,    q.received_us};
    for (std::size_t i = 0; i < q.header_count; ++i)
      s.headers += text(q.headers[i].key) + ": " + text(q.headers[i].value) + "\n";
    const auto target = s.target;
    std::unique_lock lock(mutex_);
    seen_.push_back(std::move(s));
    most_ = std::max(most_, ++inside_);
    wake_.notify_all();
    bool interrupted = false;
    if (target.find("hold") != std::string::npos)
      while (!released_ && !interrupted) {
        wake_.wait_for(lock, std::chrono::milliseconds(2));
        interrupted = q.interrupted(q.ctx) != 0;
      }
    --inside_;
    lock.unlock();
    if (interrupted) return -ECANCELED;
    if (const auto e = number(target, "errno=")) return -static_cast<int>(*e);
    const auto size = number(target, "size=");
    const std::string body = size ? std::string(static_cast<std::size_t>(*size), 'b') : target;
    naclk_reply r{};
    r.size = sizeof r;
    r.status = 200;
    r.content_type = str("application/json");
    r.body = str(body);
    (void)show(ctx, &r);
    return 0;
  }

  std::optional<host::Host> host_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Seen> seen_;
  int inside_ = 0;
  int most_ = 0;
  bool released_ = false;
};

}  // namespace aclk::query::test
