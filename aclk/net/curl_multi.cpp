// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/curl_multi.h"

#include <fcntl.h>

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "aclk/loop/loop.h"

namespace aclk::net {
namespace {

using Multi = COwn<CURLM, curl_multi_cleanup>;
using Done = std::function<void(CURLcode, Fd)>;

// curl_global_init counts, is process-wide, and must not race with itself.
void init_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

// libcurl closes its own descriptor together with the handle.
Fd duplicate_of_active_socket(CURL *easy) {
  curl_socket_t s = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &s) != CURLE_OK || s == CURL_SOCKET_BAD) return {};
  return Fd(::fcntl(s, F_DUPFD_CLOEXEC, 0));
}

}  // namespace

struct CurlMulti::Impl : std::enable_shared_from_this<Impl> {
  // One watched socket. Belongs to libuv once closing: the close callback frees it.
  struct Socket {
    uv_poll_t handle{};
    Impl *impl = nullptr;
    curl_socket_t fd = CURL_SOCKET_BAD;
    int events = 0;
  };
  struct Transfer {
    bool connect_only = false;
    bool keep = false;  // stays in when it has ended well, without its `done`
    Done done;
    std::function<bool()> again{};
  };

  explicit Impl(uv_loop_t &l) : loop(l), curl_timer(l), refused_timer(l) { renew(); }

  // A multi handle without connections.
  void renew() {
    multi.reset();  // its connections first
    for (auto *s : std::exchange(sockets, {})) close(s);
    curl_timer.stop();
    multi.reset(curl_multi_init());
    auto *const m = multi.get();
    if (m == nullptr) return;  // out of memory: every add() is refused
    curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(m, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(m, CURLMOPT_TIMERDATA, this);
  }

  void start(CURL *easy, Transfer t) {
    if (easy != nullptr && !transfers.contains(easy) && curl_multi_add_handle(multi.get(), easy) == CURLM_OK) {
      transfers.emplace(easy, std::move(t));
      return;
    }
    refused.emplace_back(easy, std::move(t.done));
    refused_timer.start(std::chrono::milliseconds(0), [this] { report_refused(); });
  }

  void report_refused() {
    const auto self = shared_from_this();
    while (!closed && !refused.empty()) {
      const auto done = std::move(refused.front().second);
      refused.erase(refused.begin());
      done(CURLE_FAILED_INIT, Fd{});
    }
  }

  void remove(CURL *easy) {
    std::erase_if(refused, [&](const auto &r) { return r.first == easy; });
    if (transfers.erase(easy) == 0) return;
    curl_multi_remove_handle(multi.get(), easy);
    close_idle_if_wanted();
  }

  void close_idle_if_wanted() {
    if (idle_unwanted && transfers.empty()) {
      idle_unwanted = false;
      renew();
    }
  }

  // Tells libcurl what happened, then everybody whose transfer ended. Callbacks may do anything, destroy us included.
  void act(curl_socket_t s, int what) {
    const auto self = shared_from_this();
    int running = 0;
    const bool broken = curl_multi_socket_action(multi.get(), s, what, &running) != CURLM_OK;
    report_ended();
    if (broken && !closed) give_up_all();
  }

  void report_ended() {
    while (!closed) {
      int left = 0;
      const auto *const m = curl_multi_info_read(multi.get(), &left);
      if (m == nullptr) break;
      if (m->msg != CURLMSG_DONE) continue;
      CURL *const easy = m->easy_handle;
      const CURLcode code = m->data.result;  // `m` is gone after the removal
      const auto it = transfers.find(easy);
      if (it == transfers.end()) {
        curl_multi_remove_handle(multi.get(), easy);
        continue;
      }
      if (it->second.keep && code == CURLE_OK) {
        const auto done = std::exchange(it->second.done, nullptr);
        if (done) done(code, Fd{});
        continue;
      }
      const auto t = std::move(it->second);
      transfers.erase(it);
      if (code == CURLE_COULDNT_CONNECT && t.again && t.again()) {
        curl_multi_remove_handle(multi.get(), easy);
        start(easy, t);
        continue;
      }
      Fd socket;
      if (t.connect_only && code == CURLE_OK) socket = duplicate_of_active_socket(easy);
      curl_multi_remove_handle(multi.get(), easy);
      close_idle_if_wanted();
      t.done(code, std::move(socket));
    }
  }

  // A multi handle that reports an error of its own (a socket that cannot be watched, no memory) is dead for good.
  void give_up_all() {
    const auto lost = std::exchange(transfers, {});
    for (const auto &[easy, t] : lost) {
      curl_multi_remove_handle(multi.get(), easy);
      if (t.done) refused.emplace_back(easy, t.done);
    }
    renew();
    report_refused();
  }

  void shut_down() {
    closed = true;
    for (const auto &[easy, t] : transfers) curl_multi_remove_handle(multi.get(), easy);
    transfers.clear();
    refused.clear();
    multi.reset();
    for (auto *s : std::exchange(sockets, {})) close(s);
    curl_timer.stop();
    refused_timer.stop();
  }

  static int on_socket(CURL * /*easy*/, curl_socket_t fd, int what, void *user, void *per_socket) {
    auto &impl = *static_cast<Impl *>(user);
    auto *s = static_cast<Socket *>(per_socket);
    if (what == CURL_POLL_REMOVE) {
      if (s != nullptr) impl.unwatch(s);
      return 0;
    }
    return impl.watch(fd, s, what) ? 0 : -1;
  }

  static int on_timer(CURLM * /*multi*/, long ms, void *user) {
    auto &impl = *static_cast<Impl *>(user);
    if (ms < 0) {
      impl.curl_timer.stop();
    } else {
      impl.curl_timer.start(std::chrono::milliseconds(ms), [&impl] { impl.act(CURL_SOCKET_TIMEOUT, 0); });
    }
    return 0;
  }

  bool watch(curl_socket_t fd, Socket *s, int what) {
    if (s == nullptr) {
      auto fresh = std::make_unique<Socket>();
      if (uv_poll_init_socket(&loop, &fresh->handle, fd) != 0) return false;  // no handle was made
      s = fresh.release();
      s->handle.data = s;
      s->impl = this;
      s->fd = fd;
      sockets.insert(s);
      curl_multi_assign(multi.get(), fd, s);
    }
    s->events = (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);
    return uv_poll_start(&s->handle, s->events, on_ready) == 0;
  }

  void unwatch(Socket *s) {
    curl_multi_assign(multi.get(), s->fd, nullptr);
    sockets.erase(s);
    close(s);
  }

  // From here on libcurl may close the descriptor and a new one may get its number: uv_close forgets it at once.
  static void close(Socket *s) {
    s->impl = nullptr;
    uv_close(reinterpret_cast<uv_handle_t *>(&s->handle),
             [](uv_handle_t *h) { delete static_cast<Socket *>(h->data); });
  }

  static void on_ready(uv_poll_t *h, int status, int events) {
    auto *const s = static_cast<Socket *>(h->data);
    int what =
        ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) | ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    if (status < 0) what = CURL_CSELECT_ERR;
    s->impl->act(s->fd, what);
    // libuv stops a handle when its socket has an error. If libcurl goes on with that socket it must hear of it again.
    // The block itself is still there: close callbacks never run inside another callback.
    if (status < 0 && uv_is_closing(reinterpret_cast<uv_handle_t *>(h)) == 0) uv_poll_start(h, s->events, on_ready);
  }

  uv_loop_t &loop;
  loop::Timer curl_timer;
  loop::Timer refused_timer;
  Multi multi;
  std::map<CURL *, Transfer> transfers;
  std::vector<std::pair<CURL *, Done>> refused;  // never got in; their `done` is still due
  std::set<Socket *> sockets;
  bool idle_unwanted = false;
  bool closed = false;
};

CurlMulti::CurlMulti(uv_loop_t &loop) {
  init_curl_once();
  impl_ = std::make_shared<Impl>(loop);
}

CurlMulti::~CurlMulti() { impl_->shut_down(); }

void CurlMulti::add(CURL *easy, std::function<void(CURLcode)> done, std::function<bool()> again) {
  impl_->start(easy, {.connect_only = false,
                      .keep = false,
                      .done = [fn = std::move(done)](CURLcode code, Fd) { fn(code); },
                      .again = std::move(again)});
}

void CurlMulti::connect(CURL *easy, std::function<void(CURLcode, Fd)> done, std::function<bool()> again) {
  impl_->start(easy, {.connect_only = true, .keep = false, .done = std::move(done), .again = std::move(again)});
}

void CurlMulti::connect_and_keep(CURL *easy, std::function<void(CURLcode)> done, std::function<bool()> again) {
  impl_->start(easy, {.connect_only = false,
                      .keep = true,
                      .done = [fn = std::move(done)](CURLcode code, Fd) { fn(code); },
                      .again = std::move(again)});
}

uv_loop_t &CurlMulti::loop() const { return impl_->loop; }

void CurlMulti::remove(CURL *easy) { impl_->remove(easy); }

void CurlMulti::close_idle() {
  impl_->idle_unwanted = true;
  impl_->close_idle_if_wanted();
}

}  // namespace aclk::net
