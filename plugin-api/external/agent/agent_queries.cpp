// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/agent_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "aclk/loop/own_thread.h"

namespace aclk::external {
namespace {

constexpr std::chrono::minutes kLongestWork{5};  // of the agent on a query that was given up
constexpr std::chrono::minutes kLongestSleep{10};

const Error kCancelled{Errc::cancelled, "the query was cancelled"};

}  // namespace

AgentQueries::AgentQueries(unsigned safe, unsigned most, Agent agent)
    : agent_(std::move(agent)), limit_(safe, most), most_(std::max(safe, most)), multi_(curl_multi_init()) {
  // One place for each lane, and some for connections that are not used again.
  if (multi_) curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 2L * static_cast<long>(most_));
}

AgentQueries::~AgentQueries() { stop(); }

void AgentQueries::ask(QueryTicket ticket, HttpRequest request, const AnswerBounds &bounds, Answered answered) {
  auto query = std::make_unique<Query>(
      Query{ticket, std::move(request), bounds, std::move(answered), Clock::now() + bounds.timeout});
  Error why = kCancelled;
  {
    const std::lock_guard lock(mutex_);
    try {
      if (!multi_) why = {Errc::unavailable, "there is no memory for the cloud's queries"};
      if (multi_ && !stop_ && !thread_.joinable()) thread_ = std::thread([this] { run(); });
    } catch (const std::system_error &) {
      why = {Errc::unavailable, "there is no thread to be had for the cloud's queries"};
    }
    if (!stop_ && thread_.joinable()) {
      const bool first = asked_.empty() && cancelled_.empty();
      asked_.push_back(std::move(query));
      if (first) curl_multi_wakeup(multi_.get());
      return;
    }
  }
  fail_query(*query, why);
}

void AgentQueries::cancel(QueryTicket ticket) {
  const std::lock_guard lock(mutex_);
  if (stop_ || !thread_.joinable()) return;
  const bool first = asked_.empty() && cancelled_.empty();
  cancelled_.push_back(ticket);
  if (first) curl_multi_wakeup(multi_.get());
}

void AgentQueries::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    thread.swap(thread_);
    if (thread.joinable()) curl_multi_wakeup(multi_.get());
  }
  if (thread.joinable()) thread.join();
}

void AgentQueries::fail_query(const Query &query, const Error &why, bool asked) {
  query.answered(tl::unexpected<Error>(why), asked);
}

void AgentQueries::run() {
  loop::begin_own_thread("ACLK_AGENT");
  while (take_orders()) {
    expire();
    start_waiting();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    bool progress = false;
    int queued = 0;
    while (const auto *m = curl_multi_info_read(multi_.get(), &queued)) {
      if (m->msg != CURLMSG_DONE) continue;
      const auto code = m->data.result;
      const auto *const http = &HttpLane::of(m->easy_handle);
      ended(**std::ranges::find(lanes_, http, [](const auto &lane) { return &lane->http; }), code);
      progress = true;
    }
    for (const auto &lane : lanes_)
      if (lane->given_up && !lane->http.at_work()) {
        lane->http.drop();
        release(*lane);
        progress = true;
      }
    if (!progress) curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(until_next().count()), nullptr);
  }
  cancel_all();
}

// False: it is time to end.
bool AgentQueries::take_orders() {
  std::vector<QueryPtr> asked;
  std::vector<QueryTicket> cancelled;
  bool stop = false;
  {
    const std::lock_guard lock(mutex_);
    asked.swap(asked_);
    cancelled.swap(cancelled_);
    stop = stop_;
  }
  for (auto &q : asked) waiting_.push_back(std::move(q));
  for (const auto ticket : cancelled) cancel_now(ticket);
  return !stop;
}

void AgentQueries::cancel_now(QueryTicket ticket) {
  const auto it = std::ranges::find(waiting_, ticket, [](const QueryPtr &q) { return q->ticket; });
  if (it != waiting_.end()) {
    const auto query = std::move(*it);
    waiting_.erase(it);
    return fail_query(*query, kCancelled);
  }
  for (const auto &lane : lanes_)
    if (lane->query && lane->query->ticket == ticket) return give_up(*lane, kCancelled);
}

void AgentQueries::cancel_all() {
  auto waiting = std::exchange(waiting_, {});
  for (const auto &query : waiting) fail_query(*query, kCancelled);
  for (const auto &lane : lanes_)
    if (lane->query) give_up(*lane, kCancelled);
  lanes_.clear();
}

void AgentQueries::expire() {
  const auto now = Clock::now();
  const bool hogged = std::ranges::any_of(lanes_, [](const auto &lane) { return lane->given_up.has_value(); });
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if ((*it)->deadline > now) {
      ++it;
      continue;
    }
    const auto query = std::move(*it);
    it = waiting_.erase(it);
    fail_query(*query,
               {Errc::timeout, fmt::format("the agent was busy with other queries until the deadline{}",
                                           hogged ? ", with such as were given up among them" : "")},
               false);
  }
  for (const auto &lane : lanes_) {
    if (lane->query && lane->step_deadline <= now) {
      // It did not even say who it is.
      if (lane->step != Step::question && lane->step_deadline < lane->query->deadline) agent_.lost(lane->endpoint);
      give_up(*lane, {Errc::timeout, fmt::format("the agent at {} did not answer within {} ms",
                                                 lane->endpoint.describe(), lane->query->bounds.timeout.count())});
    } else if (lane->given_up && *lane->given_up <= now) {
      lane->http.drop();
      release(*lane);
    }
  }
}

std::chrono::milliseconds AgentQueries::until_next() const {
  const auto now = Clock::now();
  auto next = now + kLongestSleep;
  for (const auto &query : waiting_) next = std::min(next, query->deadline);
  for (const auto &lane : lanes_) {
    if (lane->query) next = std::min(next, lane->step_deadline);
    if (lane->given_up) next = std::min(next, *lane->given_up);
  }
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(next - now, Clock::duration::zero()));
}

// Is there something that cannot wait until the agent is found?
bool AgentQueries::wants_search_ended() {
  const auto now = Clock::now();
  if (std::ranges::any_of(waiting_, [now](const QueryPtr &q) { return q->deadline <= now; })) return true;
  const std::lock_guard lock(mutex_);
  return stop_ || !cancelled_.empty();
}

void AgentQueries::start_waiting() {
  while (!waiting_.empty() && limit_.has_room(Clock::now())) {
    auto place = agent_.place();
    if (!place) {
      // Nothing else can be done meanwhile: where it was, it is not.
      const auto found = agent_.find([this] { return wants_search_ended(); });
      if (!found && found.error().code == Errc::cancelled) return;
      place = agent_.place();
      if (!place) {
        const auto why = found ? Error{Errc::unavailable, "the agent was found, and is away again"} : found.error();
        for (const auto &query : std::exchange(waiting_, {})) fail_query(*query, why);
        return;
      }
    }
    auto query = std::move(waiting_.front());
    waiting_.pop_front();
    begin(free_lane(), std::move(query), *place);
  }
}

// The one that was used last: its socket is warm.
AgentQueries::Lane &AgentQueries::free_lane() {
  const auto it = std::ranges::find_if(lanes_, [](const auto &lane) { return !lane->query && !lane->given_up; });
  if (it != lanes_.end()) return **it;
  return *lanes_.emplace_back(std::make_unique<Lane>(fmt::format("agent-{}", lanes_.size())));
}

void AgentQueries::begin(Lane &lane, QueryPtr query, const Endpoint &endpoint) {
  lane.query = std::move(query);
  lane.endpoint = endpoint;
  lane.began = Clock::now();
  limit_.began(lane.began);
  lane.counted = true;
  step(lane, lane.confirmed == endpoint ? Step::question : Step::check);
}

void AgentQueries::step(Lane &lane, Step step) {
  auto &query = *lane.query;
  lane.step = step;
  HttpRequest request;
  AnswerBounds bounds{.max_bytes = kMaxInfo};
  if (step == Step::question) {
    request = std::move(query.request);
    bounds = query.bounds;
    lane.step_deadline = query.deadline;
  } else {
    request.target = "/api/v1/info";
    lane.step_deadline = Clock::now() + kCheckTimeout;
    if (step == Step::check) lane.step_deadline = std::min(lane.step_deadline, query.deadline);
  }
  if (auto begun = lane.http.begin(multi_.get(), lane.endpoint, std::move(request), bounds); !begun)
    answer(lane, tl::unexpected<Error>(begun.error()));
}

// The request of a lane is over.
void AgentQueries::ended(Lane &lane, CURLcode code) {
  auto came = lane.http.end(code);
  if (!lane.query) return release(lane);  // nobody waits for it
  if (lane.step == Step::question) {
    if (!came) {
      lane.confirmed = {};
      if (came.error().code == Errc::unavailable) agent_.lost(lane.endpoint);
      return answer(lane, std::move(came));
    }
    if (!lane.http.is_new()) return answer(lane, std::move(came));
    lane.held = std::move(*came);
    return step(lane, Step::check_again);
  }
  lane.confirmed = {};
  if (auto r = agent_.judge(lane.endpoint, lane.http, came); !r) {
    if (r.error().code == Errc::unavailable || r.error().code == Errc::timeout) agent_.lost(lane.endpoint);
    return answer(lane, tl::unexpected<Error>(r.error()));
  }
  lane.confirmed = lane.endpoint;
  if (lane.step == Step::check) return step(lane, Step::question);
  answer(lane, std::move(lane.held));
}

void AgentQueries::answer(Lane &lane, Result<HttpResponse> answer) {
  const auto query = std::exchange(lane.query, nullptr);
  release(lane);
  query->answered(std::move(answer), true);
}

void AgentQueries::give_up(Lane &lane, const Error &why) {
  const auto query = std::exchange(lane.query, nullptr);
  lane.confirmed = {};
  if (lane.http.at_work()) {
    lane.given_up = Clock::now() + kLongestWork;
  } else {
    lane.http.drop();
    release(lane);
  }
  fail_query(*query, why);
}

void AgentQueries::release(Lane &lane) {
  lane.given_up.reset();
  lane.held = {};
  if (std::exchange(lane.counted, false)) limit_.ended(lane.began, Clock::now());
}

}  // namespace aclk::external
