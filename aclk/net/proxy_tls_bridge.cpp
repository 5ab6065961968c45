// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/proxy_tls_bridge.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <functional>
#include <system_error>
#include <utility>

namespace aclk::net {
namespace {

// Bytes that have been read here and are still to be written there. Filled only when it is empty, so that what is
// tried again stays where it was.
class Load {
 public:
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::span<const char> rest() const { return std::span(bytes_).subspan(begin_, end_ - begin_); }
  [[nodiscard]] std::span<char> room() { return bytes_; }
  void filled(std::size_t n) {
    begin_ = 0;
    end_ = n;
  }
  void taken(std::size_t n) { begin_ += n; }
  void drop() { begin_ = end_; }

 private:
  std::array<char, ProxyTlsBridge::kBufferBytes> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// uv_poll_t with an owner; the descriptor is somebody else's and must stay open until this is gone.
class Watch {
 public:
  using Ready = std::function<void(bool failed)>;
  // Not usable (see ok()) when libuv cannot watch it.
  Watch(uv_loop_t &loop, int fd, Ready ready) {
    auto s = std::make_unique<State>();
    if (uv_poll_init(&loop, &s->handle, fd) != 0) return;  // no handle was made
    s->handle.data = s.get();
    s->ready = std::move(ready);
    s_.reset(s.release());
  }
  [[nodiscard]] bool ok() const { return s_ != nullptr; }
  void want(int events) {
    if (events == s_->events) return;
    s_->events = events;
    if (events == 0)
      uv_poll_stop(&s_->handle);
    else
      uv_poll_start(&s_->handle, events, on_ready);
  }
  void close() { s_.reset(); }

 private:
  struct State {
    uv_poll_t handle{};
    int events = 0;
    Ready ready;
  };
  // The block belongs to libuv until it says that the handle is closed.
  struct Close {
    void operator()(State *s) const noexcept {
      s->ready = nullptr;
      uv_close(reinterpret_cast<uv_handle_t *>(&s->handle),
               [](uv_handle_t *h) { delete static_cast<State *>(h->data); });
    }
  };
  static void on_ready(uv_poll_t *h, int status, int /*events*/) {
    auto &s = *static_cast<State *>(h->data);
    if (status < 0) s.events = 0;  // libuv has stopped it
    const auto ready = s.ready;    // may close us
    if (ready) ready(status < 0);
  }
  std::unique_ptr<State, Close> s_;
};

}  // namespace

// "Near" is our end of the pair, "far" the wire.
struct ProxyTlsBridge::Impl {
  Impl(uv_loop_t &loop, std::unique_ptr<Wire> w, Fd ours)
      : wire(std::move(w)),
        near(std::move(ours)),
        near_watch(loop, near.get(),
                   [this](bool failed) {
                     near_failed = near_failed || failed;
                     turn();
                   }),
        far_watch(loop, wire->descriptor(), [this](bool failed) {
          far_failed = far_failed || failed;
          turn();
        }) {}
  ~Impl() { end(); }
  Impl(const Impl &) = delete;  // the watches point at it
  Impl &operator=(const Impl &) = delete;

  std::unique_ptr<Wire> wire;
  Fd near;
  Watch near_watch;
  Watch far_watch;
  Load up;                   // near to far
  Load down;                 // far to near
  bool near_failed = false;  // its descriptor; what has come before is still carried
  bool far_failed = false;
  bool near_ended = false;
  bool far_ended = false;

  // Near reads what it is sent on this thread, and sends on this thread: both loops end at the latest when the kernel's
  // buffer of the pair is full or empty.
  void carry_up() {
    while (!far_ended && (!up.empty() || fill_up())) {
      const auto m = wire->write(up.rest());
      if (m.ended) {
        carry_down();  // what the other side said before the connection broke, its reason perhaps
        far_ended = true;
      }
      if (m.bytes == 0) return;
      up.taken(m.bytes);
    }
  }

  bool fill_up() {
    if (near_ended) return false;
    const auto room = up.room();
    const auto n = ::recv(near.get(), room.data(), room.size(), 0);
    if (n > 0) up.filled(static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && !later())) near_ended = true;
    return n > 0;
  }

  void carry_down() {
    while (!down.empty() || fill_down()) {
      const auto rest = down.rest();
      const auto n = ::send(near.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (n < 0) {
        if (later()) return;
        near_ended = true;
        down.drop();
        return;
      }
      down.taken(static_cast<std::size_t>(n));
    }
  }

  bool fill_down() {
    if (far_ended || near_ended) return false;
    const auto m = wire->read(down.room());
    down.filled(m.bytes);
    if (m.ended) far_ended = true;
    return m.bytes > 0;
  }

  [[nodiscard]] static bool later() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

  void turn() {
    if (!wire) return;
    carry_up();
    carry_down();
    near_ended = near_ended || near_failed;
    far_ended = far_ended || far_failed;
    if (far_ended) up.drop();
    if ((far_ended && down.empty()) || (near_ended && up.empty())) return end();
    near_watch.want((up.empty() && !near_ended ? UV_READABLE : 0) | (down.empty() ? 0 : UV_WRITABLE));
    far_watch.want((down.empty() && !far_ended && !near_ended ? UV_READABLE : 0) | (up.empty() ? 0 : UV_WRITABLE));
  }

  void end() {
    near_watch.close();
    far_watch.close();
    near.reset();
    wire.reset();
  }
};

ProxyTlsBridge::ProxyTlsBridge(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProxyTlsBridge::~ProxyTlsBridge() = default;

Result<ProxyTlsBridge::Made> ProxyTlsBridge::make(uv_loop_t &loop, std::unique_ptr<Wire> wire) {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0)
    return fail(Errc::io, fmt::format("no pair of sockets: {}; look at this machine's limits on open files",
                                      std::generic_category().message(errno)));
  Fd theirs(pair[0]);
  auto impl = std::make_unique<Impl>(loop, std::move(wire), Fd(pair[1]));
  if (!impl->near_watch.ok() || !impl->far_watch.ok())
    return fail(Errc::io, "a socket cannot be watched; look at this machine's limits on open files");
  impl->turn();  // something may have come already, where the descriptor does not show it
  return Made{std::move(theirs), std::unique_ptr<ProxyTlsBridge>(new ProxyTlsBridge(std::move(impl)))};
}

}  // namespace aclk::net
