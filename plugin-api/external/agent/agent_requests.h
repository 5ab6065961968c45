// SPDX-License-Identifier: GPL-3.0-or-later
//
// Everything that the agent is asked, once it is found: one thread, one HttpMulti, a few connections that are kept
// alive, each confirmed to be the agent's before anything that came over it is passed on. As many requests are
// under way as in_flight_limit.h allows, the others wait in the order in which they came, the cloud's and the link's
// own apart: while both wait each has half of the room, and one of each always has a place, so that alerts are seen
// however slow the cloud's queries are, and a user is answered however much the link has to read.
//
// A query of the cloud that was given up keeps its place until the agent has ended its work on it (at most 5 min), so
// that callers who give up early cannot pile up work in the agent.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "plugin-api/external/agent/http_connection.h"
#include "plugin-api/external/agent/http_lane.h"
#include "plugin-api/external/agent/http_multi.h"
#include "plugin-api/external/agent/in_flight_limit.h"

namespace aclk::external {

// What /api/v1/info, which says who the agent is, may cost.
inline constexpr std::uint64_t kMaxInfo = 8ULL << 20;  // 20 000 children
inline constexpr std::chrono::milliseconds kCheckTimeout{5'000};

// Names one request; the caller's choice.
using RequestTicket = std::uint64_t;

enum class Asker : std::uint8_t {
  cloud,  // one of its queries
  link,   // for what the cloud is told: small documents, short work
};

class AgentRequests {
 public:
  // Called once, by the thread of the requests, or by the one that asks; must not throw, must not ask. asked: false of
  // one whose time was over while it waited.
  using Answered = std::function<void(Result<HttpResponse>, bool asked)>;

  // What is known of the agent. Called by the thread of the requests.
  struct Agent {
    std::function<std::optional<Endpoint>()> place;         // if it is known
    std::function<Result<void>(const Interrupted &)> find;  // may take seconds
    // What the server at a place says of itself over this lane (/api/v1/info): is it the agent?
    std::function<Result<void>(const Endpoint &, const HttpLane &, const Result<HttpResponse> &)> judge;
    std::function<void(const Endpoint &)> lost;  // nobody answers there any more
    // It has closed a connection that was used then; the one that took its place is confirmed.
    std::function<void(std::chrono::steady_clock::time_point)> replaced;
  };

  AgentRequests(unsigned safe, unsigned most, Agent agent);
  // As stop().
  ~AgentRequests();
  AgentRequests(const AgentRequests &) = delete;
  AgentRequests &operator=(const AgentRequests &) = delete;

  // Any thread; never blocks. bounds.timeout counts from now, waiting included.
  void ask(Asker asker, RequestTicket ticket, HttpRequest request, const AnswerBounds &bounds, Answered answered);
  // Any thread; never blocks. It is answered `cancelled`, unless it was answered before.
  void cancel(RequestTicket ticket);
  // All are answered `cancelled` when this returns, and so will be those that still come. Not from an Answered.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Step : std::uint8_t { check, question, check_again };
  struct Request {
    Asker asker = Asker::cloud;
    RequestTicket ticket = 0;
    HttpRequest http;
    AnswerBounds bounds;
    Answered answered;
    Clock::time_point deadline;
  };
  using RequestPtr = std::unique_ptr<Request>;
  // A connection, and what is under way on it.
  struct Lane {
    explicit Lane(std::string alias) : http(std::move(alias)) {}
    HttpLane http;
    Endpoint confirmed;  // the place whose machine GUID was checked over this very connection; default = none
    RequestPtr request;  // none: free, or given up
    Endpoint endpoint;   // where it is asked
    Step step = Step::check;
    Clock::time_point step_deadline;
    Clock::time_point began;                    // the question
    bool counted = false;                       // the limit knows of it
    std::optional<Clock::time_point> given_up;  // until when its work keeps the place
    Clock::time_point answered;                 // last
    HttpResponse held;                          // until the connection is confirmed
  };

  void run();
  bool take_orders();
  bool wants_search_ended();
  [[nodiscard]] std::deque<RequestPtr> *next_waiting();
  void start_waiting();
  Lane &free_lane();
  void begin(Lane &lane, RequestPtr request, const Endpoint &endpoint);
  void step(Lane &lane, Step step);
  void ended(Lane &lane, CURLcode code);
  static void fail_request(const Request &request, const Error &why, bool asked = true);
  void fail_waiting(const Error &why);
  void answer(Lane &lane, Result<HttpResponse> answer);
  void give_up(Lane &lane, const Error &why);
  void release(Lane &lane);
  void expire();
  void drop_given_up();
  void cancel_now(RequestTicket ticket);
  [[nodiscard]] std::chrono::milliseconds until_next() const;
  void cancel_all();

  const Agent agent_;
  InFlightLimit limit_;

  std::mutex mutex_;  // of what follows, up to the thread
  std::vector<RequestPtr> asked_;
  std::vector<RequestTicket> cancelled_;
  bool stop_ = false;
  HttpMulti multi_;
  std::thread thread_;

  // The thread's own.
  std::deque<RequestPtr> of_cloud_, of_link_;  // waiting
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace aclk::external
