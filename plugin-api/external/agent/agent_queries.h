// SPDX-License-Identifier: GPL-3.0-or-later
//
// The cloud's queries to the agent: one thread, one libcurl multi handle, a few connections that are kept alive, each
// confirmed to be the agent's before anything that came over it is passed on. As many queries are under way as
// in_flight_limit.h allows, the others wait in the order in which they came.
//
// A query that was given up keeps its place until the agent has ended its work on it (at most 5 min), so that callers
// who give up early cannot pile up work in the agent.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "claim/base/c_own.h"
#include "plugin-api/external/agent/http_connection.h"
#include "plugin-api/external/agent/http_lane.h"
#include "plugin-api/external/agent/in_flight_limit.h"

namespace aclk::external {

// What /api/v1/info, which says who the agent is, may cost.
inline constexpr std::uint64_t kMaxInfo = 8ULL << 20;  // 20 000 children
inline constexpr std::chrono::milliseconds kCheckTimeout{5'000};

// Names one query; the caller's choice.
using QueryTicket = std::uint64_t;

class AgentQueries {
 public:
  // Called once, by the thread of the queries, or by the one that asks; must not throw, must not ask. asked: false of a
  // query whose time was over while it waited.
  using Answered = std::function<void(Result<HttpResponse>, bool asked)>;

  // What is known of the agent. Called by the thread of the queries.
  struct Agent {
    std::function<std::optional<Endpoint>()> place;         // if it is known
    std::function<Result<void>(const Interrupted &)> find;  // may take seconds
    // What the server at a place says of itself over this lane (/api/v1/info): is it the agent?
    std::function<Result<void>(const Endpoint &, const HttpLane &, const Result<HttpResponse> &)> judge;
    std::function<void(const Endpoint &)> lost;  // nobody answers there any more
  };

  AgentQueries(unsigned safe, unsigned most, Agent agent);
  // As stop().
  ~AgentQueries();
  AgentQueries(const AgentQueries &) = delete;
  AgentQueries &operator=(const AgentQueries &) = delete;

  // Any thread; never blocks. bounds.timeout counts from now, waiting included.
  void ask(QueryTicket ticket, HttpRequest request, const AnswerBounds &bounds, Answered answered);
  // Any thread; never blocks. It is answered `cancelled`, unless it was answered before.
  void cancel(QueryTicket ticket);
  // All are answered `cancelled` when this returns, and so will be those that still come. Not from an Answered.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Step : std::uint8_t { check, question, check_again };
  struct Query {
    QueryTicket ticket = 0;
    HttpRequest request;
    AnswerBounds bounds;
    Answered answered;
    Clock::time_point deadline;
  };
  using QueryPtr = std::unique_ptr<Query>;
  // A connection, and what is under way on it.
  struct Lane {
    explicit Lane(std::string alias) : http(std::move(alias)) {}
    HttpLane http;
    Endpoint confirmed;  // the place whose machine GUID was checked over this very connection; default = none
    QueryPtr query;      // none: free, or given up
    Endpoint endpoint;   // where it is asked
    Step step = Step::check;
    Clock::time_point step_deadline;
    Clock::time_point began;                    // the question
    bool counted = false;                       // the limit knows of it
    std::optional<Clock::time_point> given_up;  // until when its work keeps the place
    HttpResponse held;                          // until the connection is confirmed
  };

  void run();
  bool take_orders();
  bool wants_search_ended();
  void start_waiting();
  Lane &free_lane();
  void begin(Lane &lane, QueryPtr query, const Endpoint &endpoint);
  void step(Lane &lane, Step step);
  void ended(Lane &lane, CURLcode code);
  static void fail_query(const Query &query, const Error &why, bool asked = true);
  void answer(Lane &lane, Result<HttpResponse> answer);
  void give_up(Lane &lane, const Error &why);
  void release(Lane &lane);
  void expire();
  void cancel_now(QueryTicket ticket);
  [[nodiscard]] std::chrono::milliseconds until_next() const;
  void cancel_all();

  const Agent agent_;
  InFlightLimit limit_;
  const unsigned most_;

  std::mutex mutex_;  // of what follows, up to the thread
  std::vector<QueryPtr> asked_;
  std::vector<QueryTicket> cancelled_;
  bool stop_ = false;
  COwn<CURLM, curl_multi_cleanup> multi_;
  std::thread thread_;

  // The thread's own.
  std::deque<QueryPtr> waiting_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace aclk::external
