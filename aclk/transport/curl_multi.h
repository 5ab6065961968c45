// SPDX-License-Identifier: GPL-3.0-or-later
//
// libcurl's multi handle on a libuv loop: the glue under HttpClient and Dialer. Loop thread only.
#pragma once

#include <curl/curl.h>
#include <uv.h>

#include <functional>
#include <memory>

namespace aclk::transport {

class CurlMulti {
 public:
  // Sockets and one timer live on `loop`; after destruction the loop must turn once or twice more to free them.
  explicit CurlMulti(uv_loop_t &loop);
  ~CurlMulti();  // transfers still running end without their callback
  CurlMulti(const CurlMulti &) = delete;
  CurlMulti &operator=(const CurlMulti &) = delete;

  // Starts a transfer. `easy` stays the caller's and must live until `done` or remove(). CURLOPT_PRIVATE is ours.
  // `done` runs on the loop, never from inside add(); the handle is out of the multi by then and may be cleaned up
  // there.
  void add(CURL *easy, std::function<void(CURLcode)> done);
  // Ends a transfer without calling `done`. Does nothing if it has ended.
  void remove(CURL *easy);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aclk::transport
