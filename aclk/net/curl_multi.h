// SPDX-License-Identifier: GPL-3.0-or-later
//
// libcurl's multi handle on a libuv loop: the glue under HttpClient and Dialer. Loop thread only.
#pragma once

#include <curl/curl.h>
#include <uv.h>

#include <functional>
#include <memory>

#include "claim/base/c_own.h"

namespace aclk::net {

class CurlMulti {
 public:
  // Sockets and timers live on `loop`; after destruction the loop must turn once or twice more to free them.
  // Initialises libcurl once per process. The process must ignore SIGPIPE.
  explicit CurlMulti(uv_loop_t &loop);
  // Transfers still running end without their callback. Fine from inside a `done`.
  ~CurlMulti();
  CurlMulti(const CurlMulti &) = delete;
  CurlMulti &operator=(const CurlMulti &) = delete;

  // Starts a transfer. `easy` stays the caller's and must live until `done` or remove(). CURLOPT_PRIVATE is ours.
  // `done` runs on the loop, never from inside add(), exactly once unless removed; the handle is out of the multi by
  // then and may be added again or cleaned up there. A handle that libcurl does not take (nullptr, for one) ends with
  // CURLE_FAILED_INIT.
  // `again` is asked when no connection could be made (CURLE_COULDNT_CONNECT): true starts the transfer once more
  // instead.
  void add(CURL *easy, std::function<void(CURLcode)> done, std::function<bool()> again = {});
  // The same for a handle with CURLOPT_CONNECT_ONLY. libcurl closes the connection when the handle leaves the multi, so
  // `done` gets a close-on-exec duplicate of its socket, made before; none on failure.
  void connect(CURL *easy, std::function<void(CURLcode, Fd)> done, std::function<bool()> again = {});
  // As connect(), but the connection stays with the handle, for curl_easy_send() and curl_easy_recv(), until remove()
  // or our end. Nothing else may use this multi then: it could cost the connection its life.
  void connect_and_keep(CURL *easy, std::function<void(CURLcode)> done, std::function<bool()> again = {});
  // Ends a transfer without calling `done`. Does nothing if it has ended. May be called from inside any `done`.
  void remove(CURL *easy);
  // Closes the connections that are kept for reuse, as soon as no transfer runs.
  void close_idle();
  [[nodiscard]] uv_loop_t &loop() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the call that is under way when a `done` destroys us
};

}  // namespace aclk::net
