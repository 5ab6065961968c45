// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/agent_client.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <sstream>
#include <utility>

#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {
namespace {

constexpr std::chrono::milliseconds kMetadataTimeout{10'000};
constexpr std::chrono::milliseconds kSearchPause{500};    // between two searches, however many ask
constexpr std::size_t kMaxNamed = 500;                    // elements that could not be read
constexpr std::size_t kAsked = 32;                        // of many documents, at once
constexpr std::chrono::milliseconds kInterruptTick{100};  // how late an interruption may be noticed
// An agent closes a connection that was idle for a minute: that one is replaced means nothing then.
constexpr std::chrono::seconds kKeptAlive{30};
constexpr RequestTicket kLinkTickets = RequestTicket{1} << 63;  // tickets of our own, apart from the cloud's

// What a document may have: some ten times the largest that are known.
std::uint64_t max_bytes(std::string_view path) {
  if (path == "/api/v1/info") return kMaxInfo;
  if (path == "/api/v1/charts") return 32ULL << 20;  // 30 000 charts of one node
  if (path == "/api/v2/versions") return 64ULL << 10;
  return 16ULL << 20;
}

std::string_view path_part(std::string_view target) { return target.substr(0, target.find('?')); }

tl::unexpected<Error> again(Error e) { return tl::unexpected<Error>(std::move(e)); }

// Did the server at the other end not answer properly?
bool is_away(Errc code) { return code == Errc::unavailable || code == Errc::timeout; }

constexpr const char *kLooksElsewhere = "; if it listens elsewhere, set agent url in [plugin:aclk] of netdata.conf";

// Is this machine among those of an `allow ... from`? The agent calls a client from a loopback address, or over a unix
// socket, localhost.
bool lets_localhost_in(const std::string &patterns) {
  std::istringstream words(patterns);
  for (std::string word; words >> word;)
    if (word.front() != '!' && ::fnmatch(word.c_str(), "localhost", 0) == 0) return true;
  return false;
}

std::string setting(std::string_view key, const std::string &value) {
  return fmt::format("[web] {}{}{} in netdata.conf", key, value.empty() ? "" : " = ", value);
}

constexpr const char *kAddLocalhost = "add localhost to it and restart the agent";

}  // namespace

// Why a place is not where the agent is, by what it explains: when the agent is nowhere, the highest is told.
enum class AgentClient::Miss : std::uint8_t { another, no_answer, hung_up, refused };

AgentClient::AgentClient(std::string machine_guid, QueryLimit limit, Candidates candidates)
    : machine_guid_(std::move(machine_guid)),
      candidates_(std::move(candidates)),
      requests_(limit.safe, limit.most,
                {.place = [this]() -> std::optional<Endpoint> {
                   const std::lock_guard lock(mutex_);
                   return endpoint_;
                 },
                 .find = [this](const Interrupted &interrupted) -> Result<void> {
                   return locate(interrupted).map([](const AgentFacts &) {});
                 },
                 .judge = [this](const Endpoint &endpoint, const HttpLane &lane,
                                 const Result<HttpResponse> &answer) { return judge(endpoint, lane, answer, nullptr); },
                 .lost = [this](const Endpoint &endpoint) { lost(endpoint); },
                 .replaced = [this](Clock::time_point last_used) { replaced(last_used); }}) {}

AgentFacts AgentClient::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

std::string AgentClient::place() const {
  const std::lock_guard lock(mutex_);
  return endpoint_ ? endpoint_->describe() : std::string();
}

std::string AgentClient::trouble() const {
  const std::lock_guard lock(mutex_);
  return endpoint_ ? std::string() : last_error_.what;
}

bool AgentClient::owner_known() const {
  const std::lock_guard lock(mutex_);
  return owner_known_;
}

unsigned AgentClient::epoch() const {
  const std::lock_guard lock(mutex_);
  return epoch_;
}

std::chrono::steady_clock::time_point AgentClient::since() const {
  const std::lock_guard lock(mutex_);
  return since_;
}

void AgentClient::begin_epoch() {
  ++epoch_;
  since_ = Clock::now();
}

std::string AgentClient::path_of(std::string_view node, std::string_view target) const {
  if (node.empty() || node == machine_guid_) return std::string(target);
  return fmt::format("/host/{}{}", node, target);
}

void AgentClient::lost(const Endpoint &endpoint) {
  const std::lock_guard lock(mutex_);
  if (endpoint_ != endpoint) return;
  endpoint_.reset();
  last_error_ = {Errc::unavailable, fmt::format("{} answers no more; it is looked for again", endpoint.describe())};
}

void AgentClient::replaced(Clock::time_point last_used) {
  const std::lock_guard lock(mutex_);
  // Of all that a restart closes the first one tells of it.
  if (last_used >= since_ && Clock::now() - last_used < kKeptAlive) begin_epoch();
}

// Asks the server over this connection who it is.
Result<void> AgentClient::check(HttpConnection &connection, const Endpoint &endpoint, Clock::time_point deadline,
                                const Interrupted &interrupted, Miss *miss) {
  HttpRequest request;
  request.target = "/api/v1/info";
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  const auto answer = connection.perform(
      endpoint, std::move(request),
      {.max_bytes = kMaxInfo, .timeout = std::clamp(left, std::chrono::milliseconds(1), kCheckTimeout)}, interrupted);
  return judge(endpoint, connection.lane(), answer, miss);
}

// What it has said of itself.
Result<void> AgentClient::judge(const Endpoint &endpoint, const HttpLane &lane, const Result<HttpResponse> &answer,
                                Miss *miss) {
  const auto note = [miss](Miss m) {
    if (miss != nullptr) *miss = m;
  };
  note(Miss::no_answer);
  if (!answer) {
    if (lane.hung_up()) note(Miss::hung_up);
    return again(answer.error());
  }
  const auto where = endpoint.describe();
  if (answer->status == 412 || answer->status == 401)
    return fail(Errc::denied,
                fmt::format("the agent at {} is protected by bearer tokens, which it gives only to its own link; set "
                            "[web] bearer token protection = no in netdata.conf",
                            where));
  if (answer->status == 301 && answer->location.substr(0, 6) == "https:")
    return fail(Errc::unsupported, fmt::format("the agent at {} answers only over TLS", where));
  if (answer->status == 403) {
    note(Miss::refused);
    return fail(Errc::unavailable, fmt::format("the agent at {} refuses this machine with status 403", where));
  }
  if (answer->status != 200)
    return fail(Errc::unavailable, fmt::format("{} answered /api/v1/info with status {}", where, answer->status));
  const auto facts = read_facts_of_text(answer->body);
  if (facts.uid.empty()) return fail(Errc::unavailable, fmt::format("{} is not an agent's web server", where));
  if (facts.uid != machine_guid_) {
    note(Miss::another);
    return fail(Errc::unavailable, fmt::format("the agent at {} is another one: its machine GUID is {}, not {}", where,
                                               facts.uid, machine_guid_));
  }
  const std::lock_guard lock(mutex_);
  facts_ = facts;
  owner_known_ = lane.owner() == Owner::ours;
  return {};
}

// What was seen at a place, with its cause in the agent's configuration and the next step.
std::string AgentClient::explain(const Candidate &c, const std::string &seen, Miss miss) {
  if (miss == Miss::refused && !lets_localhost_in(c.allow_dashboard))
    return fmt::format("{}: {} {} localhost; {}", seen, setting("allow dashboard from", c.allow_dashboard),
                       c.allow_dashboard.empty() ? "may leave out" : "leaves out", kAddLocalhost);
  if (miss == Miss::refused)
    return seen + ": [web] bind to in netdata.conf gives that port no dashboard; add a place with =dashboard to it";
  if (miss == Miss::hung_up && !lets_localhost_in(c.allow_connections))
    return fmt::format("the agent at {} ends each connection without a word: {} {} localhost; {}",
                       c.endpoint.describe(), setting("allow connections from", c.allow_connections),
                       c.allow_connections.empty() ? "may leave out" : "leaves out", kAddLocalhost);
  return seen.find("nothing it says is believed") == std::string::npos ? seen + kLooksElsewhere : seen;
}

Result<Endpoint> AgentClient::try_places(HttpConnection &connection, Clock::time_point deadline,
                                         const Interrupted &interrupted) {
  auto candidates = candidates_();
  if (!candidates) return again(candidates.error());
  Error told{Errc::unavailable, std::string("no place is known where the agent could be") + kLooksElsewhere};
  std::optional<std::pair<bool, Miss>> weight;  // of what is told
  for (auto &c : *candidates) {
    auto miss = Miss::no_answer;
    auto r = check(connection, c.endpoint, deadline, interrupted, &miss);
    // It answers only over TLS; or ^SSL=force stands there, and the agent has no certificate.
    const bool only_tls = !r && r.error().code == Errc::unsupported && !c.endpoint.tls;
    const bool no_tls = !r && is_away(r.error().code) && c.endpoint.tls && miss != Miss::another;
    if (only_tls || no_tls) {
      connection.close();
      c.endpoint.tls = only_tls;
      r = check(connection, c.endpoint, deadline, interrupted, &miss);
    }
    if (r) {
      const std::lock_guard lock(mutex_);
      endpoint_ = c.endpoint;
      begin_epoch();
      return c.endpoint;
    }
    if (r.error().code == Errc::cancelled || r.error().code == Errc::denied) return again(r.error());
    // Nothing is kept open to somebody else. It would also compete for the one place in libcurl's cache, where of two
    // connections of the same millisecond the newer may be the one to go.
    connection.close();
    const auto heavy = std::pair(!c.guess, miss);
    if (weight && *weight >= heavy) continue;
    weight = heavy;
    told.what = explain(c, r.error().what, miss);
  }
  return again(std::move(told));
}

Result<Endpoint> AgentClient::search(const Interrupted &interrupted) {
  const auto known = [&]() -> std::optional<Endpoint> {
    const std::lock_guard lock(mutex_);
    return endpoint_;
  };
  if (auto e = known()) return *e;
  const std::unique_lock one(searching_, std::try_to_lock);
  if (auto e = known()) return *e;
  {
    const std::lock_guard lock(mutex_);
    if (!one || Clock::now() - last_search_ < kSearchPause) return again(last_error_);
  }
  HttpConnection connection;
  auto found = try_places(connection, Clock::now() + kMetadataTimeout, interrupted);
  const std::lock_guard lock(mutex_);
  last_search_ = Clock::now();
  if (!found && found.error().code != Errc::cancelled) last_error_ = found.error();
  return found;
}

Result<AgentFacts> AgentClient::locate(const Interrupted &interrupted) {
  const auto endpoint = search(interrupted);
  if (!endpoint) return again(endpoint.error());
  return facts();
}

// Answers on their way from the thread of the requests to one that waits for them.
struct AgentClient::Inbox {
  std::mutex mutex;
  std::condition_variable came;
  std::deque<std::pair<std::size_t, Result<HttpResponse>>> answers;

  void put(std::size_t number, Result<HttpResponse> answer) {
    const std::lock_guard lock(mutex);
    answers.emplace_back(number, std::move(answer));
    came.notify_one();
  }
  // nullopt: none has come within a tick.
  std::optional<std::pair<std::size_t, Result<HttpResponse>>> take() {
    std::unique_lock lock(mutex);
    if (!came.wait_for(lock, kInterruptTick, [this] { return !answers.empty(); })) return std::nullopt;
    auto first = std::move(answers.front());
    answers.pop_front();
    return first;
  }
};

RequestTicket AgentClient::ask(const std::shared_ptr<Inbox> &inbox, std::size_t number, const Wanted &wanted) {
  const auto ticket = kLinkTickets | ++tickets_;
  requests_.ask(
      Asker::link, ticket, {.target = path_of(wanted.node, wanted.target)},
      {.max_bytes = max_bytes(path_part(wanted.target)), .timeout = kMetadataTimeout},
      [inbox, number](Result<HttpResponse> answer, bool /*asked*/) { inbox->put(number, std::move(answer)); });
  return ticket;
}

Result<std::string> AgentClient::body_of(std::string_view node, std::string_view target,
                                         Result<HttpResponse> answer) const {
  const auto path = path_part(target);
  if (!answer && answer.error().code == Errc::too_big)
    return fail(Errc::too_big, fmt::format("the agent's {} is larger than {} bytes, so it is not read",
                                           path_of(node, path), max_bytes(path)));
  if (!answer) return again(answer.error());
  if (answer->status == 404) return fail(Errc::not_found, fmt::format("the agent has no {}", path_of(node, target)));
  if (answer->status == 412)
    return fail(Errc::denied, fmt::format("the agent refuses {} without a bearer token", target));
  if (answer->status != 200)
    return fail(Errc::unavailable, fmt::format("the agent answered {} with status {}", target, answer->status));
  return std::move(answer->body);
}

Result<nlohmann::json> AgentClient::json_of(std::string_view node, std::string_view target,
                                            Result<HttpResponse> answer) {
  auto body = body_of(node, target, std::move(answer));
  if (!body) return again(body.error());
  return json({std::string(node), std::string(target)}, *body);
}

Result<nlohmann::json> AgentClient::json(const Wanted &asked, const std::string &text) {
  std::vector<std::string> lost;
  const auto name = path_of(asked.node, path_part(asked.target));
  auto document = parse_agent_json(text, name, &lost);
  for (const auto &element : lost) report_lost(name, element);
  return document;
}

Result<HttpResponse> AgentClient::wait_for(std::string_view node, std::string_view target,
                                           const Interrupted &interrupted) {
  const auto inbox = std::make_shared<Inbox>();
  const auto ticket = ask(inbox, 0, {std::string(node), std::string(target)});
  bool cancelled = false;
  for (;;) {
    if (auto came = inbox->take()) return std::move(came->second);
    if (!cancelled && interrupted && interrupted()) {
      cancelled = true;
      requests_.cancel(ticket);
    }
  }
}

Result<std::string> AgentClient::get(std::string_view node, std::string_view target, const Interrupted &interrupted) {
  return body_of(node, target, wait_for(node, target, interrupted));
}

Result<nlohmann::json> AgentClient::get_json(std::string_view node, std::string_view target,
                                             const Interrupted &interrupted) {
  return json_of(node, target, wait_for(node, target, interrupted));
}

Result<void> AgentClient::get_each(const std::vector<Wanted> &wanted, const Interrupted &interrupted,
                                   const std::function<bool(std::size_t, Result<nlohmann::json>)> &take) {
  return get_each_text(wanted, interrupted, [&](std::size_t i, const Result<std::string> &text) {
    return take(i, text ? json(wanted[i], *text) : again(text.error()));
  });
}

Result<void> AgentClient::get_each_text(const std::vector<Wanted> &wanted, const Interrupted &interrupted,
                                        const std::function<bool(std::size_t, Result<std::string>)> &take) {
  const auto inbox = std::make_shared<Inbox>();
  std::map<std::size_t, RequestTicket> under_way;
  const auto leave = [&] {
    for (const auto &[number, ticket] : under_way) requests_.cancel(ticket);
  };
  std::size_t next = 0;
  while (next < wanted.size() || !under_way.empty()) {
    for (; next < wanted.size() && under_way.size() < kAsked; ++next)
      under_way.emplace(next, ask(inbox, next, wanted[next]));
    if (auto came = inbox->take()) {
      const auto &one = wanted[came->first];
      under_way.erase(came->first);
      if (take(came->first, body_of(one.node, one.target, std::move(came->second)))) continue;
      leave();
      return {};
    }
    if (interrupted && interrupted()) {
      leave();
      return fail(Errc::cancelled, "what the agent was asked is not wanted any more");
    }
  }
  return {};
}

void AgentClient::report_lost(const std::string &document, const std::string &element) {
  const std::lock_guard lock(lost_mutex_);
  if (!tell_lost_ || lost_.size() >= kMaxNamed || !lost_.insert(document + '\n' + element).second) return;
  tell_lost_(
      fmt::format("the agent's {} has an entry that cannot be read and is left out: {}; look for a text of yours "
                  "that is in it, and take quotes and commas out of it",
                  document, element));
}

void AgentClient::on_lost(std::function<void(const std::string &)> tell) {
  const std::lock_guard lock(lost_mutex_);
  tell_lost_ = std::move(tell);
}

void AgentClient::query(RequestTicket ticket, std::string_view node, HttpRequest request, const AnswerBounds &bounds,
                        AgentRequests::Answered answered) {
  request.target = path_of(node, request.target);
  requests_.ask(Asker::cloud, ticket, std::move(request), bounds, std::move(answered));
}

}  // namespace aclk::external
