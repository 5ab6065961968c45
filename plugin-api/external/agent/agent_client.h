// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent beside this plugin, as something that can be asked. Finds it, makes sure that it is the right one, asks it
// over a few connections (agent_requests.h), and survives its restarts.
//
// Nothing an agent says is passed on before /api/v1/info over the same connection has given the machine GUID expected;
// a connection that had to be replaced is checked again before the answer that came over it is believed.
//
// Thread: any. Errors of all calls: unavailable (away, or somebody else answers; ask again), denied (the agent wants
// bearer tokens), timeout, cancelled, too_big, parse, not_found (the agent does not know that node).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugin-api/external/agent/agent_facts.h"
#include "plugin-api/external/agent/agent_requests.h"
#include "plugin-api/external/agent/endpoint.h"
#include "plugin-api/external/agent/http_connection.h"

namespace aclk::external {

// How many requests the agent may work on at once (in_flight_limit.h).
struct QueryLimit {
  unsigned safe = 1;
  unsigned most = 1;
};

class AgentClient {
 public:
  using Candidates = std::function<Result<std::vector<Candidate>>()>;

  // machine_guid: who the agent must be.
  AgentClient(std::string machine_guid, QueryLimit limit, Candidates candidates);

  // Finds the agent if need be, over a connection of its own. What it said of itself the last time it was checked.
  [[nodiscard]] Result<AgentFacts> locate(const Interrupted &interrupted);

  // GET for metadata: at most 10 s and 16 MiB (charts 32, info 8), not compressed. `node`: machine GUID; empty or the
  // agent's own = the local node. A status other than 200 is an error; the empty body that stands for "nothing" is not.
  [[nodiscard]] Result<std::string> get(std::string_view node, std::string_view target,
                                        const Interrupted &interrupted = nullptr);
  // The same, as JSON (lenient_json.h).
  [[nodiscard]] Result<nlohmann::json> get_json(std::string_view node, std::string_view target,
                                                const Interrupted &interrupted = nullptr);

  // The same of many, side by side. `take` is called by this thread with the place of each in `wanted` and its answer,
  // as they come; false: the others are not wanted any more. Its own error: cancelled.
  struct Wanted {
    std::string node;
    std::string target;
  };
  [[nodiscard]] Result<void> get_each(const std::vector<Wanted> &wanted, const Interrupted &interrupted,
                                      const std::function<bool(std::size_t, Result<nlohmann::json>)> &take);

  // The same, as text: for whoever may have read the very same before. json() makes a document of one.
  [[nodiscard]] Result<void> get_each_text(const std::vector<Wanted> &wanted, const Interrupted &interrupted,
                                           const std::function<bool(std::size_t, Result<std::string>)> &take);
  [[nodiscard]] Result<nlohmann::json> json(const Wanted &asked, const std::string &text);

  // Whom to tell, in one sentence and once, of an element of a document that could not be read. Called by any thread
  // that asks; it must not ask itself.
  void on_lost(std::function<void(const std::string &)> tell);

  // One of the cloud's queries, named by the caller; any status is an answer. See AgentRequests::ask.
  void query(RequestTicket ticket, std::string_view node, HttpRequest request, const AnswerBounds &bounds,
             AgentRequests::Answered answered);
  void cancel_query(RequestTicket ticket) { requests_.cancel(ticket); }
  // See AgentRequests::stop: it is asked nothing any more.
  void stop() { requests_.stop(); }

  // Where it was found, for people; empty while it is away.
  [[nodiscard]] std::string place() const;
  // While it is away: why it is not found, one sentence.
  [[nodiscard]] std::string trouble() const;
  // Did the kernel show that the server is root's or our own user's process? A stranger's is never taken.
  [[nodiscard]] bool owner_known() const;
  // Of the last check; empty uid before the first.
  [[nodiscard]] AgentFacts facts() const;
  // Counts how often the agent was found, or a connection that had just been used had to be replaced: a change means
  // that it was away or started anew.
  [[nodiscard]] unsigned epoch() const;
  // When that count changed last; the beginning of the clock before it was found.
  [[nodiscard]] std::chrono::steady_clock::time_point since() const;
  [[nodiscard]] const std::string &machine_guid() const { return machine_guid_; }

 private:
  using Clock = std::chrono::steady_clock;

  Result<Endpoint> search(const Interrupted &interrupted);
  Result<Endpoint> try_places(HttpConnection &connection, Clock::time_point deadline, const Interrupted &interrupted);
  enum class Miss : std::uint8_t;
  Result<void> check(HttpConnection &connection, const Endpoint &endpoint, Clock::time_point deadline,
                     const Interrupted &interrupted, Miss *miss);
  Result<void> judge(const Endpoint &endpoint, const HttpLane &lane, const Result<HttpResponse> &answer, Miss *miss);
  static std::string explain(const Candidate &c, const std::string &seen, Miss miss);
  struct Inbox;
  [[nodiscard]] Result<HttpResponse> wait_for(std::string_view node, std::string_view target,
                                              const Interrupted &interrupted);
  RequestTicket ask(const std::shared_ptr<Inbox> &inbox, std::size_t number, const Wanted &wanted);
  [[nodiscard]] Result<std::string> body_of(std::string_view node, std::string_view target,
                                            Result<HttpResponse> answer) const;
  [[nodiscard]] Result<nlohmann::json> json_of(std::string_view node, std::string_view target,
                                               Result<HttpResponse> answer);
  void lost(const Endpoint &endpoint);
  void replaced(Clock::time_point last_used);
  void report_lost(const std::string &document, const std::string &element);
  void begin_epoch();  // with mutex_ held
  [[nodiscard]] std::string path_of(std::string_view node, std::string_view target) const;

  const std::string machine_guid_;
  const Candidates candidates_;

  std::mutex lost_mutex_;
  std::function<void(const std::string &)> tell_lost_;
  std::set<std::string> lost_;  // logged already

  std::mutex searching_;      // one search at a time
  mutable std::mutex mutex_;  // for all below; never held while waiting for the network
  std::optional<Endpoint> endpoint_;
  AgentFacts facts_;
  bool owner_known_ = true;
  Clock::time_point last_search_{};
  Error last_error_{Errc::unavailable, "the agent has not been looked for yet"};
  unsigned epoch_ = 0;
  Clock::time_point since_{};

  std::atomic<RequestTicket> tickets_{0};  // of our own
  AgentRequests requests_;                 // its thread asks all of the above
};

}  // namespace aclk::external
