// SPDX-License-Identifier: GPL-3.0-or-later
//
// Answers the cloud's questions: parses, decides, asks the host, frames and publishes the replies. The parts that
// decide are pure and have their own files; this ties them to the loop, the worker pool and the host.
//
// Loop thread only. Holds no thread and no handle but one timer, which runs only while a question waits or its answer
// is to come later.
#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <netdata-aclk/plugin.h>

#include "aclk/host/host.h"
#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/loop/worker_pool.h"
#include "aclk/query/access_log.h"
#include "aclk/query/admission.h"
#include "aclk/query/cmd_request.h"
#include "aclk/query/job.h"
#include "aclk/query/reply.h"
#include "aclk/query/target.h"
#include "claim/base/log_budget.h"

namespace aclk::query {

struct ServiceOptions {
  AdmissionLimits limits;     // .running = [cloud] query threads; of a host that blocks not more than the pool has
  std::string agent_version;  // with the leading v
  Scope scope = Scope::full;
  Functions functions = Functions::refused;
  // A larger body is not asked for and not sent (error 4). The reference cannot send more than 25 MiB either
  // (proto/README.md, "PUBLISH").
  std::size_t max_body_bytes = 24U << 20;
};

struct ServiceEvents {
  // Puts a reply into the link's queue. False: there is no room or no link; the reply is lost and counted. May call
  // connection_down() and may destroy the Service.
  std::function<bool(std::string topic, Bytes payload)> publish;
  // One line, printable ASCII. Texts are those of aclk/query/README.md, "Malformed requests"; aclk/report/README.md,
  // "Log lines"; a prefix such as "ACLK: " is the logger's.
  std::function<void(naclk_log_source, naclk_log_level, std::string_view)> log;
};

class Service {
 public:
  // All references must outlive the Service; `host` and its hooks also every piece of work in the pool. A host whose
  // hook blocks is asked on the pool. Answers come back by `post`.
  Service(uv_loop_t &loop, const host::Host &host, loop::WorkerPool &pool, loop::Inbox::Post post,
          const NodeIndex &nodes, ServiceOptions options, ServiceEvents events);
  // Running questions are interrupted and their replies forgotten.
  ~Service();
  Service(const Service &) = delete;
  Service &operator=(const Service &) = delete;

  // The payload of a `cmd` message. Any bytes; a bad one never does more than count and log.
  void on_cmd(std::string_view payload, std::int64_t received_us, loop::Instant now);
  // CancelPendingRequest (aclk/query/README.md, "Cancelling").
  void on_cancel(std::string_view request_id, std::string_view trace_id, loop::Instant now);

  // Online: the session id of this connection and the server's Maximum Packet Size (0 = none).
  void connection_up(std::int64_t session_us, std::uint32_t max_packet);
  // What waits is forgotten, what runs is interrupted and forgotten.
  void connection_down();
  // The link is about to be closed in good order: what waits is answered 499, what runs is interrupted; questions that
  // still come are ignored. Ends with the next connection_up().
  void shutdown();

  [[nodiscard]] const Counters &counters() const { return counters_; }
  // The longest time one query spent in the host since this was last asked, µs.
  [[nodiscard]] std::uint64_t take_slowest_us();
  [[nodiscard]] std::size_t running() const { return admission_.running(); }
  [[nodiscard]] std::size_t waiting() const { return admission_.waiting(); }

 private:
  using JobPtr = std::shared_ptr<Job>;

  // What the connection and the options say of an asker.
  [[nodiscard]] Asker make_asker(std::int64_t received_us) const;
  void on_dropped(const Dropped &dropped, loop::Instant now);
  void on_bad_request(BadRequest bad, std::int64_t received_us, loop::Instant now);
  void on_request(CmdRequest cmd, std::size_t bytes, std::int64_t received_us, loop::Instant now);
  void perform(const Actions &actions);
  void one(const Action &action);
  void start(QueryId id, const JobPtr &q);
  void on_returned(QueryId id);
  void on_done(QueryId id);
  void give_up(QueryId id, const JobPtr &q);
  void answer(const JobPtr &q, HttpResponse response);
  void answer_timeout(const JobPtr &q);
  void send(const JobPtr &q, FramedReply out);
  // nullopt: the Service is gone, touch nothing.
  [[nodiscard]] std::optional<bool> publish(std::string topic, Bytes payload);
  void plan_tick();
  void log(naclk_log_source source, naclk_log_level level, std::string_view line) const;
  [[nodiscard]] std::size_t take_place();

  const host::Host &host_;
  loop::WorkerPool &pool_;
  const loop::Inbox::Post post_;
  const NodeIndex &nodes_;
  ServiceOptions options_;
  // Shared with the calls in progress: a publish may destroy the Service, and with it the function that runs.
  std::shared_ptr<const ServiceEvents> events_;
  Admission admission_;
  std::map<QueryId, JobPtr> jobs_;  // waiting, running, and those whose end is being performed
  LogBudget malformed_log_{20, std::chrono::seconds(10)};
  LogBudget no_such_log_{20, std::chrono::seconds(10)};  // cancellations of what is not pending
  LogBudget refused_log_{20, std::chrono::seconds(10)};  // queries that are answered here, without the host
  LogBudget lost_log_{20, std::chrono::seconds(10)};     // replies that there was no room for
  LogBudget overdue_log_{20, std::chrono::seconds(10)};  // questions that the host never answered
  Counters counters_;
  std::uint64_t slowest_us_ = 0;
  std::vector<bool> places_;  // which of the `running` places are taken
  std::int64_t session_us_ = 0;
  std::uint32_t max_packet_ = 0;
  std::uint64_t connection_ = 0;  // counts connections
  bool up_ = false;
  bool accepting_ = false;  // up, and not about to go down
  loop::Timer timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // what comes back late finds out through a weak_ptr
};

}  // namespace aclk::query
