// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads the host for who lives on the loop, whichever way the host gives it: a worker waits in the hook that blocks, or
// the hook read is called and the host ends the reading later, twice, or never.
#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "aclk/host/host.h"
#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/loop/worker_pool.h"

namespace aclk::host {

// When readings that the host ends later have lasted too long. Pure.
class ReadDeadlines {
 public:
  static constexpr std::chrono::seconds kDeadline{10};  // the host learns that it is not wanted any more
  static constexpr std::chrono::seconds kGrace{2};      // for it to end the reading; then it has failed

  struct Overdue {
    std::vector<RequestId> interrupt;
    std::vector<RequestId> fail;  // forgotten here
  };

  void begun(RequestId id, loop::Instant now) { readings_[id] = {now + kDeadline, false}; }
  void ended(RequestId id) { readings_.erase(id); }
  [[nodiscard]] Overdue take_overdue(loop::Instant now);
  // When take_overdue() has something next.
  [[nodiscard]] std::optional<loop::Instant> next() const;
  // What is under way.
  [[nodiscard]] std::vector<RequestId> all() const;
  [[nodiscard]] std::size_t size() const { return readings_.size(); }

 private:
  struct Reading {
    loop::Instant due;
    bool interrupted;
  };
  std::map<RequestId, Reading> readings_;
};

// Loop thread only.
class Reader {
 public:
  // How many readings of a host that ends them later are worth having under way.
  static constexpr std::size_t kLaterAtOnce = 16;

  // All references must outlive it; `host` also every piece of work in the pool, which is used for a host that blocks
  // and is stopped before this goes. What is read later comes back by `post`.
  Reader(uv_loop_t &loop, const Host &host, loop::WorkerPool &workers, loop::Inbox::Post post);
  ~Reader() { stop(); }
  Reader(const Reader &) = delete;
  Reader &operator=(const Reader &) = delete;

  // Reads (readings.h), and calls `done` in a later turn of the loop, unless this or the pool ends before.
  template <class R>
  void read(R reading, std::function<void(Result<typename R::Value>)> done) {
    if (host_.reads_later())
      when_there_is_room([this, reading = std::move(reading), done = std::move(done)] { read_later(reading, done); });
    else
      workers_.run([&host = host_, reading = std::move(reading), done = std::move(done)]() -> loop::WorkerPool::Done {
        return [done, result = host.read(reading)]() mutable { done(std::move(result)); };
      });
  }
  // Interrupts what the host is to end later, and forgets it. Nothing is read by the hook read after this.
  void stop();
  // Interrupts and fails what has lasted too long at `now`. Its timer calls it.
  void tick(loop::Instant now);
  // How many readings run side by side; more wait for them.
  [[nodiscard]] std::size_t at_once() const { return host_.reads_later() ? kLaterAtOnce : workers_.threads(); }

 private:
  template <class R>
  void read_later(R reading, std::function<void(Result<typename R::Value>)> done) {
    const auto what = reading.what();
    const auto ended = [this, alive = std::weak_ptr(alive_), done = std::move(done), what](
                           RequestId id, const Result<typename R::Value> &result) {
      if (alive.expired() || stopped_) return;
      deadlines_.ended(id);
      go_on();
      if constexpr (R::kNoted) host_.note(what, result ? nullptr : &result.error());
      done(result);
    };
    const auto id = host_.read_later(std::move(reading), ReadDeadlines::kDeadline,
                                     [post = post_, ended](RequestId of, Result<typename R::Value> result) {
                                       post([ended, of, result = std::move(result)] { ended(of, result); });
                                     });
    if (!id) return;
    deadlines_.begun(*id, loop::now());
    arm();
  }
  void when_there_is_room(std::function<void()> read);
  void go_on();
  void arm();

  const Host &host_;
  loop::WorkerPool &workers_;
  const loop::Inbox::Post post_;
  ReadDeadlines deadlines_;
  std::deque<std::function<void()>> waiting_;
  bool stopped_ = false;
  loop::Timer timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // what ends late finds out through a weak_ptr
};

}  // namespace aclk::host
