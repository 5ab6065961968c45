// SPDX-License-Identifier: GPL-3.0-or-later
//
// A host behind the real C ABI whose only interesting hook is `query`. What it does is said in the target:
//   ...hold...   waits until release() or until it is interrupted (then -ECANCELED)
//   ...later...  the same by a thread of its own; the hook has returned
//   ...deaf...   as later, but it does not care about interruptions
//   ...twice...  answers twice
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
#include <thread>
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

  enum class Hook : std::uint8_t { blocks, never_blocks };

  explicit FakeHost(Hook hook = Hook::blocks) {
    auto t = aclk::test::empty_host(this);
    t.log = [](void *host, naclk_log_source, naclk_log_level, naclk_str line) {
      auto &h = *static_cast<FakeHost *>(host);
      const std::lock_guard lock(h.mutex_);
      h.log_ += text(line) + "\n";
    };
    t.query = [](void *host, const naclk_query *q) { static_cast<FakeHost *>(host)->query(*q); };
    t.query_cancelled = [](void *host, naclk_request r) {
      auto &h = *static_cast<FakeHost *>(host);
      const std::lock_guard lock(h.mutex_);
      h.cancelled_.push_back(r.id);
      h.wake_.notify_all();
    };
    if (hook == Hook::never_blocks) t.options |= NACLK_OPTION_QUERY_NEVER_BLOCKS;
    host_ = aclk::test::adopted(t);
  }
  FakeHost(const FakeHost &) = delete;
  FakeHost &operator=(const FakeHost &) = delete;
  ~FakeHost() {
    release();
    join();
  }

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
  // Waits until all that answers later has answered.
  void join() {
    std::vector<std::thread> all;
    {
      const std::lock_guard lock(mutex_);
      all.swap(threads_);
    }
    for (auto &t : all) t.join();
  }
  [[nodiscard]] std::vector<std::uint64_t> cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }
  [[nodiscard]] std::string log() const {
    const std::lock_guard lock(mutex_);
    return log_;
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

  void query(const naclk_query &q) {
    Seen s{text(q.machine_guid), text(q.method), text(q.target), text(q.body), {},
           q.accept_gzip != 0,   q.deadline_ms,  q.max_bytes,    q.received_us};
    for (std::size_t i = 0; i < q.header_count; ++i)
      s.headers += text(q.headers[i].key) + ": " + text(q.headers[i].value) + "\n";
    const auto target = s.target;
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(std::move(s));
      most_ = std::max(most_, ++inside_);
      wake_.notify_all();
    }
    const auto way = [request = q.request, complete = q.complete, interrupted = q.interrupted, target, this] {
      answer(target, request, complete, interrupted);
    };
    const auto says = [&](const char *word) { return target.find(word) != std::string::npos; };
    if (says("later") || says("deaf")) {
      const std::lock_guard lock(mutex_);
      threads_.emplace_back(way);
      return;
    }
    way();
  }

  void answer(const std::string &target, naclk_request request, decltype(naclk_query::complete) complete,
              decltype(naclk_query::interrupted) interrupted) {
    const auto says = [&](const char *word) { return target.find(word) != std::string::npos; };
    bool stop = false;
    {
      std::unique_lock lock(mutex_);
      if (says("hold") || says("deaf"))
        while (!released_ && !stop) {
          wake_.wait_for(lock, std::chrono::milliseconds(2));
          lock.unlock();
          stop = !says("deaf") && interrupted(request) != 0;
          lock.lock();
        }
      --inside_;
    }
    if (stop) return complete(request, -ECANCELED, nullptr);
    if (const auto e = number(target, "errno=")) return complete(request, -static_cast<int>(*e), nullptr);
    const auto size = number(target, "size=");
    const std::string body = size ? std::string(static_cast<std::size_t>(*size), 'b') : target;
    naclk_reply r{};
    r.size = sizeof r;
    r.status = 200;
    r.content_type = str("application/json");
    r.body = str(body);
    complete(request, 0, &r);
    if (says("twice")) complete(request, 0, &r);
  }

  std::optional<host::Host> host_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> threads_;  // those that answer later
  std::vector<Seen> seen_;
  std::vector<std::uint64_t> cancelled_;
  std::string log_;
  int inside_ = 0;
  int most_ = 0;
  bool released_ = false;
};

}  // namespace aclk::query::test
