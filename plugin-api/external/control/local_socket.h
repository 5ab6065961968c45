// SPDX-License-Identifier: GPL-3.0-or-later
//
// HTTP/1.x on the plugin's local socket, for whoever answers there, the supervisor or a worker in its place: where the
// socket is, requests and responses, those who ask, and the thread of a worker that serves them, so that nothing that a
// client does or leaves undone holds up the link. Only as much of HTTP as curl, netdata-aclk and a monitoring script
// need.
#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/http_message.h"
#include "claim/base/result.h"

namespace aclk::external {

inline constexpr std::size_t kMaxLocalRequest = 16U << 10;  // head and body

// One request per connection; a body is read over and has no meaning. Pure; any bytes may come.
struct LocalRequest {
  int status = 0;  // 0: more bytes are needed; 200: here it is; else the refusal, and what was read is not looked at
  std::string method;
  std::string path;
  std::string query;  // without the question mark
};

// Of all bytes so far. Refusals: 400, 413 (longer than kMaxLocalRequest), 501 (chunked), 505.
[[nodiscard]] LocalRequest parse_local_request(std::string_view bytes);

// A whole response, after which the connection ends.
[[nodiscard]] std::string local_response(const HttpResponse &response);
// {"error":"..."} as body.
[[nodiscard]] HttpResponse local_error(int status, std::string_view sentence);

// Those who ask at the local socket, for whoever polls: accepted, read, answered, dropped when they take too long.
// Nothing here blocks. One thread.
class LocalClients {
 public:
  using Clock = std::chrono::steady_clock;
  using Serve = std::function<HttpResponse(const LocalRequest &)>;

  explicit LocalClients(Serve serve) : serve_(std::move(serve)) {}

  // What to wait for: of each client, and of the listener while there is room. -1: nobody new is taken.
  void wait_for(std::vector<pollfd> &fds, int listener);
  // What came of it; `fds`: the same vector after poll().
  void take(const std::vector<pollfd> &fds);
  // When to come back although nothing happened: a client has taken too long; max() when there is none.
  [[nodiscard]] Clock::time_point next() const;

 private:
  struct Client {
    Fd fd;
    std::string in;
    std::string out;
    std::size_t sent = 0;
    Clock::time_point until;
  };
  void accept(int listener);
  // False when the connection is over.
  bool go_on(Client &client, short events);

  const Serve serve_;
  std::vector<Client> clients_;
  Clock::time_point rests_until_{};  // takes nobody new
  std::size_t first_ = 0;            // of ours in the vector that wait_for() filled last
};

// Where aclk.plugin's local socket is. The supervisor, which makes it, and netdata-aclk, which asks it, go by the same
// list. Pure.
//
// In order of preference; the supervisor takes the first directory that it can write to:
//   [plugin:aclk] socket = /PATH    that and no other; "no" or "none": there is no socket; anything else as if not set
//   RUN/aclk.sock                   if the agent says where its run directory is (2.x)
//   /run/netdata/aclk.sock          for the agent of the system, which is the one whose library directory is
//                                   /var/lib/netdata: others would meet there
//   LIB/aclk.sock
[[nodiscard]] std::vector<std::filesystem::path> socket_places(std::string_view setting,
                                                               const std::filesystem::path &run_dir,
                                                               const std::filesystem::path &lib_dir);

// The worker's half: a thread that answers at a listener which the supervisor has opened.
class LocalSocket {
 public:
  using Serve = LocalClients::Serve;

  // listener: not blocking; stays the caller's. serve: called on the socket's thread, one at a time. Fails when there
  // can be no thread.
  [[nodiscard]] static Result<std::unique_ptr<LocalSocket>> start(int listener, Serve serve);
  // Ends the thread, after the call of serve() that runs. Who waits for an answer then gets none.
  ~LocalSocket();
  LocalSocket(const LocalSocket &) = delete;
  LocalSocket &operator=(const LocalSocket &) = delete;

 private:
  LocalSocket(int listener, Serve serve);
  void run();

  const int listener_;
  LocalClients clients_;
  const Fd wake_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace aclk::external
