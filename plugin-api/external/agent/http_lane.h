// SPDX-License-Identifier: GPL-3.0-or-later
//
// One HTTP/1.1 connection to the agent, kept alive between requests, inside an HttpMulti that others may share. Does
// not block; who turns that reports what came of a request. One thread.
//
// The agent's web server has habits (plugin-api/external/API.md, "HTTP behaviour"): it keeps a connection only when
// asked to, wants a request in one piece, does not pipeline, and ends some answers with a body of nothing at all: no
// Content-Length, or a chunked body without a chunk. Such an answer is taken for one with an empty body.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "claim/base/c_own.h"
#include "claim/base/http_message.h"
#include "claim/base/result.h"
#include "plugin-api/external/agent/endpoint.h"
#include "plugin-api/external/agent/http_multi.h"
#include "plugin-api/external/agent/peer_owner.h"

namespace aclk::external {

// What an answer may cost.
struct AnswerBounds {
  std::uint64_t max_bytes = 0;  // of the body as it comes; more = too_big, and the connection is closed
  std::chrono::milliseconds timeout{};
  bool gzip = false;  // ask for Content-Encoding: gzip; the body then comes compressed
  // A body that is not empty begins behind so many bytes of 0, which are not counted: for a head of somebody else.
  std::size_t head_room = 0;
};

class HttpLane {
 public:
  // `alias` keeps the connections of the lanes of one HttpMulti apart: the name that libcurl knows the agent by, one
  // for each lane. Empty: the HttpMulti is this lane's alone.
  explicit HttpLane(std::string alias = {});
  // A request under way is dropped.
  ~HttpLane();
  HttpLane(const HttpLane &) = delete;
  HttpLane &operator=(const HttpLane &) = delete;

  // Puts a request into `multi`, which must outlive it there; bounds.timeout is the caller's to keep. Errors:
  // unavailable (no memory), invalid_argument: GET is the one method that agents 1.x answer; the target has no white
  // space or control characters.
  [[nodiscard]] Result<void> begin(HttpMulti &multi, const Endpoint &endpoint, HttpRequest request,
                                   const AnswerBounds &bounds);
  // The lane whose request libcurl speaks of.
  [[nodiscard]] static HttpLane &of(CURL *easy);
  // libcurl has done with the request, with this code. Errors: unavailable (nobody listens, the connection broke, or
  // the server is another user's process: nothing is sent to it, nothing it says is taken), timeout, too_big. A
  // connection that the agent has closed meanwhile was replaced silently (is_new() says so).
  [[nodiscard]] Result<HttpResponse> end(CURLcode code);
  // Forgets the request under way, if there is one; its connection is closed.
  void drop();
  // The next request goes over a new connection.
  void renew();

  // Has the whole request gone out, and nothing come back? Agents 1.x do not notice a client that leaves: their work
  // goes on until the answer begins.
  [[nodiscard]] bool at_work() const;
  [[nodiscard]] bool under_way() const { return flight_ != nullptr; }

  // Of the last answer: did it come over another connection than the one before?
  [[nodiscard]] bool is_new() const { return is_new_; }
  // Of the last answer: whose the server is; never a stranger's.
  [[nodiscard]] Owner owner() const { return owner_; }
  // Has the server of the last request been found to be somebody else's?
  [[nodiscard]] bool is_stranger() const { return !stranger_.empty(); }
  // Has the server ended the connection of the last request without a word, as an agent does with whom it does not
  // allow to connect?
  [[nodiscard]] bool hung_up() const { return hung_up_; }

 private:
  struct Flight;
  using CurlList = COwn<curl_slist, curl_slist_free_all>;
  void configure(const Endpoint &endpoint);
  void prepare(const Endpoint &endpoint);
  void judge_owners(const std::vector<uid_t> &owners);
  void after_answer();
  static curl_socket_t open_socket(void *user, curlsocktype purpose, curl_sockaddr *address);
  static int before_request(void *user, char *server_ip, char *own_ip, int server_port, int own_port);

  const std::string alias_;
  unsigned generation_ = 0;  // of the alias
  CURL *easy_;
  std::optional<Endpoint> configured_;  // for which easy_ has its options
  CurlList connect_to_;                 // one of them
  HttpMulti *multi_ = nullptr;          // while a request is under way
  std::unique_ptr<Flight> flight_;

  // Of the connection in use:
  int fd_ = -1;         // libcurl's own
  bool fresh_ = false;  // its server has not been judged yet
  bool on_unix_ = false;
  TcpEnds ends_;
  Owner owner_ = Owner::unknown;
  std::string stranger_;  // why its server is not believed; empty = it is
  bool hung_up_ = false;
  bool is_new_ = false;
};

}  // namespace aclk::external
