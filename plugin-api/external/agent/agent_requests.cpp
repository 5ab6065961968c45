// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/agent_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "aclk/loop/loop.h"

namespace aclk::external {
namespace {

constexpr std::chrono::minutes kLongestWork{5};  // of the agent on a query that was given up
constexpr std::chrono::minutes kLongestSleep{10};

const Error kCancelled{Errc::cancelled, "the query was cancelled"};

}  // namespace

AgentRequests::AgentRequests(unsigned safe, unsigned most, Agent agent)
    : agent_(std::move(agent)), limit_(safe, most), multi_(2L * static_cast<long>(std::max(safe, most))) {}

AgentRequests::~AgentRequests() { stop(); }

void AgentRequests::ask(Asker asker, RequestTicket ticket, HttpRequest http, const AnswerBounds &bounds,
                        Answered answered) {
  auto request = std::make_unique<Request>(
      Request{asker, ticket, std::move(http), bounds, std::move(answered), Clock::now() + bounds.timeout});
  Error why = kCancelled;
  {
    const std::lock_guard lock(mutex_);
    try {
      if (!multi_.stands()) why = {Errc::unavailable, "there is no memory for requests to the agent"};
      if (multi_.stands() && !stop_ && !thread_.joinable()) thread_ = std::thread([this] { run(); });
    } catch (const std::system_error &) {
      why = {Errc::unavailable, "there is no thread to be had for requests to the agent"};
    }
    if (!stop_ && thread_.joinable()) {
      const bool first = asked_.empty() && cancelled_.empty();
      asked_.push_back(std::move(request));
      if (first) multi_.wake();
      return;
    }
  }
  fail_request(*request, why);
}

void AgentRequests::cancel(RequestTicket ticket) {
  const std::lock_guard lock(mutex_);
  if (stop_ || !thread_.joinable()) return;
  const bool first = asked_.empty() && cancelled_.empty();
  cancelled_.push_back(ticket);
  if (first) multi_.wake();
}

void AgentRequests::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    thread.swap(thread_);
    if (thread.joinable()) multi_.wake();
  }
  if (thread.joinable()) thread.join();
}

void AgentRequests::fail_request(const Request &request, const Error &why, bool asked) {
  request.answered(tl::unexpected<Error>(why), asked);
}

void AgentRequests::run() {
  loop::begin_own_thread("ACLK_AGENT");
  while (take_orders()) {
    expire();
    drop_given_up();
    start_waiting();
    multi_.turn(until_next(), [this](CURL *easy, CURLcode code) {
      const auto *const http = &HttpLane::of(easy);
      ended(**std::ranges::find(lanes_, http, [](const auto &lane) { return &lane->http; }), code);
    });
  }
  cancel_all();
}

// Those that the agent has begun to answer, or has ended.
void AgentRequests::drop_given_up() {
  for (const auto &lane : lanes_) {
    if (!lane->given_up || lane->http.at_work()) continue;
    lane->http.drop();
    release(*lane);
  }
}

// False: it is time to end.
bool AgentRequests::take_orders() {
  std::vector<RequestPtr> asked;
  std::vector<RequestTicket> cancelled;
  bool stop = false;
  {
    const std::lock_guard lock(mutex_);
    asked.swap(asked_);
    cancelled.swap(cancelled_);
    stop = stop_;
  }
  for (auto &r : asked) (r->asker == Asker::cloud ? of_cloud_ : of_link_).push_back(std::move(r));
  for (const auto ticket : cancelled) cancel_now(ticket);
  return !stop;
}

void AgentRequests::cancel_now(RequestTicket ticket) {
  for (auto *const waiting : {&of_cloud_, &of_link_}) {
    const auto it = std::ranges::find(*waiting, ticket, [](const RequestPtr &r) { return r->ticket; });
    if (it == waiting->end()) continue;
    const auto request = std::move(*it);
    waiting->erase(it);
    return fail_request(*request, kCancelled);
  }
  for (const auto &lane : lanes_)
    if (lane->request && lane->request->ticket == ticket) return give_up(*lane, kCancelled);
}

void AgentRequests::cancel_all() {
  fail_waiting(kCancelled);
  for (const auto &lane : lanes_)
    if (lane->request) give_up(*lane, kCancelled);
  lanes_.clear();
}

void AgentRequests::expire() {
  const auto now = Clock::now();
  const bool hogged = std::ranges::any_of(lanes_, [](const auto &lane) { return lane->given_up.has_value(); });
  for (auto *const waiting : {&of_cloud_, &of_link_})
    for (auto it = waiting->begin(); it != waiting->end();) {
      if ((*it)->deadline > now) {
        ++it;
        continue;
      }
      const auto request = std::move(*it);
      it = waiting->erase(it);
      fail_request(*request,
                   {Errc::timeout, fmt::format("the agent was busy with other queries until the deadline{}",
                                               hogged ? ", with such as were given up among them" : "")},
                   false);
    }
  for (const auto &lane : lanes_) {
    if (lane->request && lane->step_deadline <= now) {
      // It did not even say who it is.
      if (lane->step != Step::question && lane->step_deadline < lane->request->deadline) agent_.lost(lane->endpoint);
      give_up(*lane, {Errc::timeout, fmt::format("the agent at {} did not answer within {} ms",
                                                 lane->endpoint.describe(), lane->request->bounds.timeout.count())});
    } else if (lane->given_up && *lane->given_up <= now) {
      lane->http.drop();
      release(*lane);
    }
  }
}

std::chrono::milliseconds AgentRequests::until_next() const {
  const auto now = Clock::now();
  auto next = now + kLongestSleep;
  for (const auto *const waiting : {&of_cloud_, &of_link_})
    for (const auto &request : *waiting) next = std::min(next, request->deadline);
  for (const auto &lane : lanes_) {
    if (lane->request) next = std::min(next, lane->step_deadline);
    if (lane->given_up) next = std::min(next, *lane->given_up);
  }
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(next - now, Clock::duration::zero()));
}

// Is there something that cannot wait until the agent is found?
bool AgentRequests::wants_search_ended() {
  const auto now = Clock::now();
  for (const auto *const waiting : {&of_cloud_, &of_link_})
    if (std::ranges::any_of(*waiting, [now](const RequestPtr &r) { return r->deadline <= now; })) return true;
  const std::lock_guard lock(mutex_);
  return stop_ || !cancelled_.empty();
}

void AgentRequests::fail_waiting(const Error &why) {
  for (auto *const waiting : {&of_cloud_, &of_link_})
    for (const auto &request : std::exchange(*waiting, {})) fail_request(*request, why);
}

// Those of which the first may begin; nullptr: nobody waits, or there is no room.
std::deque<AgentRequests::RequestPtr> *AgentRequests::next_waiting() {
  const auto now = Clock::now();
  const bool room = limit_.has_room(now);
  const auto own =
      std::ranges::count_if(lanes_, [](const auto &l) { return l->request && l->request->asker == Asker::link; });
  // One that was given up keeps its place.
  const bool none_of_cloud = std::ranges::none_of(
      lanes_, [](const auto &l) { return l->given_up || (l->request && l->request->asker == Asker::cloud); });
  const bool shared = own >= std::max(1L, static_cast<long>(limit_.allowed(now) / 2)) && !of_cloud_.empty();
  if (!of_link_.empty() && (own == 0 || (room && !shared))) return &of_link_;
  return !of_cloud_.empty() && (room || none_of_cloud) ? &of_cloud_ : nullptr;
}

void AgentRequests::start_waiting() {
  while (auto *const waiting = next_waiting()) {
    auto place = agent_.place();
    if (!place) {
      // Nothing else can be done meanwhile: where it was, it is not.
      const auto found = agent_.find([this] { return wants_search_ended(); });
      if (!found && found.error().code == Errc::cancelled) return;
      place = agent_.place();
      if (!place)
        return fail_waiting(found ? Error{Errc::unavailable, "the agent was found, and is away again"} : found.error());
    }
    auto request = std::move(waiting->front());
    waiting->pop_front();
    begin(free_lane(), std::move(request), *place);
  }
}

// The first: its socket is warm.
AgentRequests::Lane &AgentRequests::free_lane() {
  const auto it = std::ranges::find_if(lanes_, [](const auto &lane) { return !lane->request && !lane->given_up; });
  if (it != lanes_.end()) return **it;
  return *lanes_.emplace_back(std::make_unique<Lane>(fmt::format("agent-{}", lanes_.size())));
}

void AgentRequests::begin(Lane &lane, RequestPtr request, const Endpoint &endpoint) {
  lane.request = std::move(request);
  lane.endpoint = endpoint;
  lane.began = Clock::now();
  limit_.began(lane.began);
  lane.counted = true;
  step(lane, lane.confirmed == endpoint ? Step::question : Step::check);
}

void AgentRequests::step(Lane &lane, Step step) {
  auto &request = *lane.request;
  lane.step = step;
  HttpRequest http;
  AnswerBounds bounds{.max_bytes = kMaxInfo};
  if (step == Step::question) {
    http = std::move(request.http);
    bounds = request.bounds;
    lane.step_deadline = request.deadline;
  } else {
    http.target = "/api/v1/info";
    lane.step_deadline = Clock::now() + kCheckTimeout;
    if (step == Step::check) lane.step_deadline = std::min(lane.step_deadline, request.deadline);
  }
  if (auto begun = lane.http.begin(multi_, lane.endpoint, std::move(http), bounds); !begun)
    answer(lane, tl::unexpected<Error>(begun.error()));
}

// The request of a lane is over.
void AgentRequests::ended(Lane &lane, CURLcode code) {
  auto came = lane.http.end(code);
  if (!lane.request) return release(lane);  // nobody waits for it
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
  agent_.replaced(lane.answered);
  answer(lane, std::move(lane.held));
}

void AgentRequests::answer(Lane &lane, Result<HttpResponse> answer) {
  const auto request = std::exchange(lane.request, nullptr);
  if (answer) lane.answered = Clock::now();
  release(lane);
  request->answered(std::move(answer), true);
}

void AgentRequests::give_up(Lane &lane, const Error &why) {
  const auto request = std::exchange(lane.request, nullptr);
  lane.confirmed = {};
  if (request->asker == Asker::cloud && lane.http.at_work()) {
    lane.given_up = Clock::now() + kLongestWork;
  } else {
    lane.http.drop();
    release(lane);
  }
  fail_request(*request, why);
}

void AgentRequests::release(Lane &lane) {
  lane.given_up.reset();
  lane.held = {};
  if (std::exchange(lane.counted, false)) limit_.ended(lane.began, Clock::now());
}

}  // namespace aclk::external
