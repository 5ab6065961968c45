// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aclk/query/access_log.h"
#include "claim/base/text.h"
#include "claim/base/uuid.h"

namespace aclk::query {

using namespace std::chrono;

namespace {

milliseconds to_ms(loop::Instant::duration d) { return duration_cast<milliseconds>(d); }

std::string random_transaction() {
  auto t = random_uuid();
  t.erase(std::remove(t.begin(), t.end(), '-'), t.end());
  return t;
}

// The last path element as asked for, for the statistics of what was never forwarded.
std::string_view last_element(std::string_view target) {
  target = target.substr(0, target.find('?'));
  return target.substr(target.rfind('/') + 1);
}

}  // namespace

Service::Service(uv_loop_t &loop, const host::Host &host, loop::WorkerPool &pool, loop::Inbox::Post post,
                 const NodeIndex &nodes, ServiceOptions options, ServiceEvents events)
    : host_(host),
      pool_(pool),
      post_(std::move(post)),
      nodes_(nodes),
      options_(std::move(options)),
      events_(std::make_shared<const ServiceEvents>(std::move(events))),
      admission_(options_.limits),
      timer_(loop) {
  places_.resize(std::max(options_.limits.running, 1U));
  counters_.per_thread.resize(places_.size());
}

Service::~Service() {
  for (const auto &[id, q] : jobs_) {
    q->interrupted = true;
    host_.cancel_query(q->asked);
    (void)host_.requests().give_up(q->asked);
  }
}

void Service::on_cmd(std::string_view payload, std::int64_t received_us, loop::Instant now) {
  if (!accepting_) {
    ++counters_.discarded;
    return;
  }
  auto cmd = parse_cmd(payload);
  if (auto *const dropped = std::get_if<Dropped>(&cmd)) return on_dropped(*dropped, now);
  if (auto *const bad = std::get_if<BadRequest>(&cmd)) return on_bad_request(std::move(*bad), received_us, now);
  on_request(std::move(std::get<CmdRequest>(cmd)), payload.size(), received_us, now);
}

void Service::on_dropped(const Dropped &dropped, loop::Instant now) {
  ++counters_.malformed;
  if (!malformed_log_.allow(now)) return;
  if (const auto silent = malformed_log_.take_silent(); silent > 0)
    log(NACLK_LOG_DAEMON, NACLK_LOG_ERROR, fmt::format("ACLK: {} more malformed queries were not logged", silent));
  for (const auto &line : dropped.lines) log(NACLK_LOG_DAEMON, NACLK_LOG_ERROR, line);
}

void Service::on_bad_request(BadRequest bad, std::int64_t received_us, loop::Instant now) {
  ++counters_.malformed;
  if (malformed_log_.allow(now)) {
    log(NACLK_LOG_ACCESS, NACLK_LOG_ERROR, "ACLK received request is not valid, code 400");
    log(NACLK_LOG_DAEMON, NACLK_LOG_DEBUG, "ACLK: " + bad.why);
  }
  auto asker = make_asker(received_us);
  asker.msg_id = std::move(bad.msg_id);
  asker.topic = std::move(bad.callback_topic);
  auto out = frame_bad_request(asker, loop::wall_us());
  if (const auto sent = publish(std::move(asker.topic), std::move(out.payload)))
    ++(*sent ? counters_.replies : counters_.unsent);
}

void Service::on_request(CmdRequest cmd, std::size_t bytes, std::int64_t received_us, loop::Instant now) {
  ++counters_.received;
  auto q = std::make_shared<Job>();
  q->asker = make_asker(received_us);
  q->asker.msg_id = cmd.msg_id;
  q->asker.topic = std::move(cmd.callback_topic);
  q->asker.transaction = cmd.transaction.empty() ? random_transaction() : std::move(cmd.transaction);
  q->asker.accept_gzip = cmd.accept_gzip;
  q->connection = connection_;
  q->arrival = now;
  q->request = std::move(cmd.http);
  q->identity = take_identity(q->request, q->asker.transaction);

  auto checked = CheckedTarget::check(q->request.method, q->request.target, nodes_, options_.scope, options_.functions);
  if (auto *const refusal = std::get_if<HttpResponse>(&checked)) {
    counters_.types.count(last_element(q->request.target));
    ++counters_.answered_here;
    return answer(q, std::move(*refusal));
  }
  const auto &target = q->target.emplace(std::move(std::get<CheckedTarget>(checked)));
  counters_.types.count(target.endpoint());

  Actions actions;
  const auto id =
      admission_.arrived({.msg_id = std::move(cmd.msg_id), .bytes = bytes, .timeout = cmd.timeout}, now, actions);
  q->deadline = admission_.deadline(id).value_or(now);
  jobs_.emplace(id, std::move(q));
  perform(actions);
}

void Service::on_cancel(std::string_view request_id, std::string_view trace_id, loop::Instant now) {
  constexpr std::size_t kQuotedBytes = 200;
  ++counters_.cancel_requests;
  const auto shown = excerpt(request_id, kQuotedBytes);
  Actions actions;
  const bool known = admission_.cancel(request_id, now, actions);
  const bool told = known || no_such_log_.allow(now);
  if (told)
    log(NACLK_LOG_ACCESS, NACLK_LOG_NOTICE,
        fmt::format("ACLK CancelPendingRequest REQ: {}, cloud trace-id: {}", shown, excerpt(trace_id, kQuotedBytes)));
  if (told && !known) {
    if (const auto silent = no_such_log_.take_silent(); silent > 0)
      log(NACLK_LOG_DAEMON, NACLK_LOG_ERROR,
          fmt::format("ACLK: {} more cancellations of what is not pending were not logged", silent));
    log(NACLK_LOG_DAEMON, NACLK_LOG_ERROR,
        fmt::format("CancelPending Request for {} failed. No such pending request.", shown));
  }
  perform(actions);
}

void Service::connection_up(std::int64_t session_us, std::uint32_t max_packet) {
  if (up_) connection_down();
  up_ = true;
  accepting_ = true;
  ++connection_;
  session_us_ = session_us;
  max_packet_ = max_packet;
  admission_.link_up();
}

void Service::connection_down() {
  up_ = false;
  accepting_ = false;
  Actions actions;
  admission_.link_lost(actions);
  perform(actions);
}

void Service::shutdown() {
  accepting_ = false;
  Actions actions;
  admission_.shutdown(actions);
  perform(actions);
}

std::uint64_t Service::take_slowest_us() { return std::exchange(slowest_us_, 0); }

Asker Service::make_asker(std::int64_t received_us) const {
  Asker a;
  a.agent_version = options_.agent_version;
  a.session_us = session_us_;
  a.received_us = received_us;
  a.max_packet = max_packet_;
  a.max_body_bytes = options_.max_body_bytes;
  return a;
}

void Service::perform(const Actions &actions) {
  const std::weak_ptr<char> alive = alive_;
  for (const auto &a : actions) {
    one(a);
    if (alive.expired()) return;
  }
  plan_tick();
}

void Service::one(const Action &action) {
  const auto it = jobs_.find(action.id);
  if (it == jobs_.end()) return;
  const JobPtr q = it->second;
  if (action.what == Do::start) return start(action.id, q);
  if (action.what == Do::interrupt) {
    q->interrupted = true;
    return host_.cancel_query(q->asked);
  }
  if (action.what == Do::give_up) return give_up(action.id, q);
  jobs_.erase(it);
  switch (action.what) {
    case Do::deliver:
      if (q->expired) ++counters_.timed_out;
      return send(q, std::move(q->out));
    case Do::answer_timeout:
      return answer_timeout(q);
    case Do::answer_cancelled:
      ++counters_.cancelled;
      return answer(q, interrupted_answer());
    case Do::answer_busy:
      ++counters_.busy;
      return answer(q, text_response(503, "Too many queries are waiting for this agent. Ask again in a moment."));
    case Do::discard:
      ++counters_.discarded;
      return;
    case Do::start:
    case Do::interrupt:
    case Do::give_up:
      return;
  }
}

void Service::start(QueryId id, const JobPtr &q) {
  ++counters_.forwarded;
  q->place = take_place();
  ++counters_.per_thread[q->place];
  const auto alive = std::weak_ptr<char>(alive_);
  q->asked =
      host_.requests().open([this, id, q, post = post_, alive](Result<host::Answer> answer, host::HostWork work) {
        q->finish(std::move(answer), work);
        post([this, id, alive] {
          if (!alive.expired()) on_done(id);
        });
      });
  if (host_.query_never_blocks()) {
    q->run(host_);
    return on_returned(id);
  }
  pool_.run([this, id, q, &host = host_, alive]() -> loop::WorkerPool::Done {
    q->run(host);
    if (!host.requests().is_open(q->asked)) return {};
    return [this, id, alive] {
      if (!alive.expired()) on_returned(id);
    };
  });
}

// The answer is to come later.
void Service::on_returned(QueryId id) {
  admission_.returned(id);
  plan_tick();
}

void Service::give_up(QueryId id, const JobPtr &q) {
  places_[q->place] = false;
  q->given_up = true;
  host_.cancel_query(q->asked);
  if (!host_.requests().give_up(q->asked)) return;  // on_done() is on its way
  jobs_.erase(id);
  ++counters_.unanswered;
  const auto now = loop::now();
  log(NACLK_LOG_ACCESS, NACLK_LOG_WARNING, run_time_line(to_ms(now - q->arrival), to_ms(q->deadline - q->arrival)));
  if (overdue_log_.allow(now)) {
    if (const auto silent = overdue_log_.take_silent(); silent > 0)
      log(NACLK_LOG_DAEMON, NACLK_LOG_ERROR, fmt::format("ACLK: {} more unanswered queries were not logged", silent));
    log(NACLK_LOG_DAEMON, NACLK_LOG_ERROR,
        fmt::format("ACLK: the agent's database has not answered the query {} in {} ms, and is waited for no more",
                    q->asker.transaction, to_ms(now - q->arrival).count()));
  }
  answer(q, failed_answer({Errc::timeout, {}}, {}));
}

void Service::on_done(QueryId id) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  const JobPtr q = it->second;
  if (!q->given_up) places_[q->place] = false;
  const auto took = static_cast<std::uint64_t>(q->host_time.count());
  counters_.host_us += took;
  slowest_us_ = std::max(slowest_us_, took);
  const auto now = loop::now();
  if (q->expired)
    log(NACLK_LOG_ACCESS, NACLK_LOG_WARNING, queue_time_line(to_ms(now - q->arrival), to_ms(q->deadline - q->arrival)));
  if (q->overran)
    log(NACLK_LOG_ACCESS, NACLK_LOG_WARNING, run_time_line(to_ms(now - q->arrival), to_ms(q->deadline - q->arrival)));
  Actions actions;
  if (q->given_up)
    actions.push_back({Do::deliver, id});
  else
    admission_.finished(id, now, actions);
  perform(actions);
}

void Service::answer(const JobPtr &q, HttpResponse response) {
  send(q, frame(q->asker, std::move(response), {.exec_us = 0, .now_us = loop::wall_us()}));
}

void Service::answer_timeout(const JobPtr &q) {
  ++counters_.timed_out;
  log(NACLK_LOG_ACCESS, NACLK_LOG_WARNING,
      queue_time_line(to_ms(loop::now() - q->arrival), to_ms(q->deadline - q->arrival)));
  send(q, frame_error(q->asker, ErrorReply::timeout, loop::wall_us()));
}

void Service::send(const JobPtr &q, FramedReply out) {
  // A publish earlier in this turn may have ended the connection that this question came on.
  if (!up_ || q->connection != connection_) {
    ++counters_.discarded;
    return;
  }
  if (out.error == ErrorReply::too_big) ++counters_.too_big;
  const auto ready = loop::now();
  const auto sent = publish(std::move(q->asker.topic), std::move(out.payload));
  if (!sent) return;
  const auto done = loop::now();
  ++(*sent ? counters_.replies : counters_.unsent);
  if (!*sent && lost_log_.allow(done)) {
    if (const auto silent = lost_log_.take_silent(); silent > 0)
      log(NACLK_LOG_DAEMON, NACLK_LOG_ERROR, fmt::format("ACLK: {} more lost replies were not logged", silent));
    log(NACLK_LOG_DAEMON, NACLK_LOG_ERROR,
        fmt::format("ACLK: the reply {} to a query could not be queued for sending and is lost", q->asker.transaction));
  }
  // What never reached the host costs its asker nothing, and is to cost our disk little.
  const bool refused = !q->target;
  if (refused && !refused_log_.allow(done)) return;
  if (const auto silent = refused ? refused_log_.take_silent() : 0; silent > 0)
    log(NACLK_LOG_ACCESS, NACLK_LOG_INFO, fmt::format("ACLK: {} more refused queries were not logged", silent));
  AccessEntry e;
  e.role = q->identity.role;
  e.permissions = q->identity.permissions;
  e.method = method_name(q->request.method);
  e.status = out.status;
  e.transaction = q->asker.transaction;
  e.sent_bytes = out.sent_bytes;
  e.size_bytes = out.size_bytes;
  e.prep_us = duration_cast<microseconds>(ready - q->arrival).count();
  e.sent_us = duration_cast<microseconds>(done - ready).count();
  e.total_us = e.prep_us + e.sent_us;
  e.request = q->request.target;
  log(NACLK_LOG_ACCESS, NACLK_LOG_INFO, access_line(e));
}

std::optional<bool> Service::publish(std::string topic, Bytes payload) {
  if (payload.empty()) return false;
  const auto events = events_;
  const std::weak_ptr<char> alive = alive_;
  const bool sent = events->publish(std::move(topic), std::move(payload));
  if (alive.expired()) return std::nullopt;
  return sent;
}

void Service::plan_tick() {
  const auto due = admission_.next_due();
  if (!due) {
    if (timer_.running()) timer_.stop();
    return;
  }
  timer_.start(ceil<milliseconds>(*due - loop::now()), [this] {
    Actions actions;
    admission_.tick(loop::now(), actions);
    perform(actions);
  });
}

void Service::log(naclk_log_source source, naclk_log_level level, std::string_view line) const {
  if (events_->log) events_->log(source, level, line);
}

std::size_t Service::take_place() {
  const auto it = std::find(places_.begin(), places_.end(), false);
  // Admission never starts more than there are places.
  const auto place = it == places_.end() ? 0 : static_cast<std::size_t>(it - places_.begin());
  places_[place] = true;
  return place;
}

}  // namespace aclk::query
