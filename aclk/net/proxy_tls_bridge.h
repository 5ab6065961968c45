// SPDX-License-Identifier: GPL-3.0-or-later
//
// A descriptor for a connection that has none to hand on: TLS with an HTTPS proxy is spoken by libcurl, and the bytes
// inside can only be had from it. A bridge copies between such a connection and one end of a socket pair; the other end
// is as good as a connected socket. Loop thread only.
#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>
#include <span>

#include "claim/base/c_own.h"
#include "claim/base/result.h"

namespace aclk::net {

// The connection. Its destruction ends it. Neither call blocks.
class Wire {
 public:
  struct Moved {
    std::size_t bytes = 0;  // 0 = not now: wait for the descriptor
    bool ended = false;     // by the other side, or broken; for good
  };
  Wire() = default;
  virtual ~Wire() = default;
  Wire(const Wire &) = delete;
  Wire &operator=(const Wire &) = delete;

  // To be watched. More may be there to read than it shows, until a read() has moved nothing.
  [[nodiscard]] virtual int descriptor() const = 0;
  virtual Moved read(std::span<char> into) = 0;
  // After one that moved nothing, the next has the same bytes at the same place: OpenSSL wants it so.
  virtual Moved write(std::span<const char> bytes) = 0;
};

// When one side ends, what it sent before is delivered, then the other ends too. Calls nobody, so it may be destroyed
// from anywhere; both sides end then, with what was still on its way. Holds 64 KiB each way at most, besides what the
// kernel has; a side that does not take more is read no further.
class ProxyTlsBridge {
 public:
  static constexpr std::size_t kBufferBytes = 64U << 10;
  struct Made;

  // Fails with io: no descriptors left, or the wire's cannot be watched.
  [[nodiscard]] static Result<Made> make(uv_loop_t &loop, std::unique_ptr<Wire> wire);
  ~ProxyTlsBridge();
  ProxyTlsBridge(const ProxyTlsBridge &) = delete;
  ProxyTlsBridge &operator=(const ProxyTlsBridge &) = delete;

 private:
  struct Impl;
  explicit ProxyTlsBridge(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct ProxyTlsBridge::Made {
  Fd socket;  // non-blocking, close-on-exec; AF_UNIX
  std::unique_ptr<ProxyTlsBridge> bridge;
};

}  // namespace aclk::net
