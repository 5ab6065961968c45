// SPDX-License-Identifier: GPL-3.0-or-later
//
// libcurl's multi handle, with an epoll of its own: a turn costs by what has happened and not by how many requests are
// under way, while curl_multi_perform() and curl_multi_poll() ask the kernel for each. HttpLanes put requests into it.
// aclk/net/curl_multi.h is the same on the link's loop, with a watch that is made anew for each request; this thread
// has no loop, and asks thousands of times a second over the same few sockets. One thread; wake() any.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "claim/base/c_own.h"

namespace aclk::external {

class HttpMulti {
 public:
  // connections: how many libcurl keeps for later requests.
  explicit HttpMulti(long connections);
  ~HttpMulti() = default;
  HttpMulti(const HttpMulti &) = delete;
  HttpMulti &operator=(const HttpMulti &) = delete;

  // False: there was no memory, or no descriptor, for it; nothing may be called but wake().
  [[nodiscard]] bool stands() const { return multi_ && epoll_ && wake_; }

  // Errors as of curl_multi_add_handle(). Its request begins with the next turn.
  [[nodiscard]] CURLMcode add(CURL *easy) { return curl_multi_add_handle(multi_.get(), easy); }
  void remove(CURL *easy) { curl_multi_remove_handle(multi_.get(), easy); }

  // Does what is due, waits for more until a socket has something, somebody wakes us, or so much time is over, and does
  // that. Then calls `ended` for each request that libcurl has done with; it may add and remove.
  void turn(std::chrono::milliseconds at_most, const std::function<void(CURL *, CURLcode)> &ended);
  // Ends a turn's waiting, or that of the next one.
  void wake();

 private:
  using Clock = std::chrono::steady_clock;
  static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *of_socket);
  static int on_timer(CURLM *multi, long ms, void *user);
  void watch(curl_socket_t fd, std::uint32_t events);
  void act(curl_socket_t fd, int what);
  void act_if_due();
  bool report(const std::function<void(CURL *, CURLcode)> &ended);
  void wait(std::chrono::milliseconds at_most);

  Fd epoll_;
  Fd wake_;
  // By descriptor: does libcurl want it? A socket stays in the epoll between two requests; closed, it leaves by itself.
  std::vector<bool> wanted_;
  std::optional<Clock::time_point> due_;  // libcurl's timer
  // Last: it tells of its sockets until it is gone.
  COwn<CURLM, curl_multi_cleanup> multi_;
};

}  // namespace aclk::external
