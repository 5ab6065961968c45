// SPDX-License-Identifier: GPL-3.0-or-later
//
// Readings that the host ends later (the hook read): what it shows and how it ends finds its way to who waits, from any
// thread, and does nothing once nobody does. Nothing here calls the host.
#pragma once

#include <netdata-aclk/plugin.h>

#include <cerrno>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "aclk/host/abi_values.h"
#include "aclk/host/readings.h"
#include "aclk/host/request_table.h"

namespace aclk::host {

// One reading under way. Things of another kind than its own are not wanted.
class PendingReading {
 public:
  PendingReading() = default;
  virtual ~PendingReading() = default;
  PendingReading(const PendingReading &) = delete;
  PendingReading &operator=(const PendingReading &) = delete;

  // Non-zero: nothing more is wanted.
  virtual int show(const naclk_node & /*unused*/) { return 1; }
  virtual int show(const naclk_node_info & /*unused*/) { return 1; }
  virtual int show(const naclk_collector & /*unused*/) { return 1; }
  virtual int show(const naclk_context & /*unused*/) { return 1; }
  virtual int show(const naclk_alert & /*unused*/) { return 1; }
  virtual int show(const naclk_alert_config & /*unused*/) { return 1; }
  virtual void end(int error, const naclk_alert_log_end *end) = 0;
};

using ReadRequests = RequestTable<std::shared_ptr<PendingReading>>;

// The fields of a question that lead back to `id`.
void fill_way_back(naclk_read &read, ReadRequests &requests, RequestId id);

template <class R>
class PendingReadingOf final : public PendingReading {
 public:
  using Done = std::function<void(Result<typename R::Value>)>;

  // `done` is called once, by the thread that ends the reading; must not throw.
  PendingReadingOf(R reading, Done done) : reading_(std::move(reading)), done_(std::move(done)) {}

  using PendingReading::show;
  int show(const typename R::Thing &thing) override {
    const std::lock_guard lock(mutex_);
    if (ended_) return 1;
    try {
      reading_.show(take(&thing));
    } catch (const std::exception &) {
      out_of_memory_ = true;
    }
    return out_of_memory_ ? 1 : 0;
  }

  void end(int error, const naclk_alert_log_end *end) override {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(ended_, true)) return;
    }
    // Nobody shows it anything from here on.
    done_(conclude(reading_, out_of_memory_ ? -ENOMEM : error > 0 ? -EIO : error, end));
  }

  [[nodiscard]] const R &reading() const { return reading_; }

 private:
  std::mutex mutex_;  // a host may show and end it at the same time, although it must not
  R reading_;
  const Done done_;
  bool ended_ = false;
  bool out_of_memory_ = false;
};

}  // namespace aclk::host
