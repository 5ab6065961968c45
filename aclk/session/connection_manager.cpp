// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/session/connection_manager.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "aclk/loop/loop.h"
#include "aclk/net/curl_easy.h"
#include "aclk/net/reach_memory.h"
#include "aclk/session/connection_history.h"
#include "aclk/session/session_log.h"
#include "proto/node.h"

namespace aclk::session {

using mqtt::Connection;
using mqtt::ConnectionEnd;
using proto::MessageType;
using proto::Topic;
using namespace std::chrono_literals;

namespace {

// Where a broker allows few topic aliases, the hello and the goodbye must not take one.
constexpr bool worth_an_alias(MessageType type) { return type != MessageType::update_agent_connection; }

// Nobody said why: what something on the way does.
bool is_without_a_word(const ConnectionEnd &end) {
  using Kind = ConnectionEnd::Kind;
  return end.kind == Kind::closed_by_remote || end.kind == Kind::socket || end.kind == Kind::tls ||
         end.kind == Kind::ping_timeout;
}

// Of one link, so of one identity: a new one trusts, and is trusted, anew.
Plan with_memory(Plan plan) {
  plan.reach.memory = std::make_shared<net::ReachMemory>();
  return plan;
}

double random_unit() {
  std::uint32_t r = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char *>(&r), sizeof r) != 1) return 0.5;
  return r / 4294967296.0;
}

}  // namespace

struct ConnectionManager::Impl {
  Impl(uv_loop_t &l, Plan p, const host::Log &g, SessionEvents e)
      : loop(l),
        plan(with_memory(std::move(p))),
        log(g),
        events(std::move(e)),
        machine(random_unit, plan.scale),
        timer(l),
        later(l),
        drops(plan.drops ? plan.drops : std::make_shared<Drops>(plan.scale)) {}

  // What the HTTPS half of an attempt needs and nothing after it: its connections end with it.
  struct HttpsHalf {
    HttpsHalf(uv_loop_t &loop, const Plan &plan, std::optional<Url> login_ahead)
        : multi(loop),
          http(multi, plan.reach),
          login(http, *plan.key,
                {plan.cloud_url, plan.claim_id, plan.agent_version, plan.scale, std::move(login_ahead)}) {}
    net::CurlMulti multi;
    net::HttpClient http;
    login::Login login;
  };

  uv_loop_t &loop;
  const Plan plan;
  const host::Log &log;
  SessionEvents events;
  ConnectionStateMachine machine;
  loop::Timer timer;  // of the wait, else of the state's deadline
  loop::Timer later;  // ends things when their callbacks are off the stack
  std::unique_ptr<HttpsHalf> attempt;
  std::unique_ptr<net::CurlMulti> dialing;
  std::unique_ptr<mqtt::WsContext> ws;
  std::unique_ptr<Connection> connection;
  std::optional<login::Credentials> credentials;
  std::function<void()> stopped;
  Report numbers;
  std::chrono::microseconds slowest_ack{0};
  Attempts attempts;
  HeadStart head_start;
  const std::shared_ptr<Drops> drops;
  loop::Instant online_since{};
  OutageLog troubles{log};
  PeerLog peer_log{log};
  ClockSkew clock_skew;
  std::int64_t session_us = 0;
  bool announced = false;  // between online() and offline()

  // Every state that has a deadline gets a timer of its own; whatever comes first re-arms it.
  void arm() {
    if (machine.state() == armed_for) return;
    armed_for = machine.state();
    const auto deadline = info(armed_for).deadline;
    if (deadline > 0ms)
      timer.start(deadline, [this] { on_overdue(); });
    else
      timer.stop();
  }
  ConnectionState armed_for = ConnectionState::stopped;

  void reached(Event stage) {
    machine.reached(stage);
    arm();
  }

  void on_overdue() {
    const auto late = machine.state();
    if (late == ConnectionState::draining) log.warning("Wasn't able to gracefully shutdown ACLK in time!");
    const auto step = machine.overdue(loop::now());
    if (late != ConnectionState::draining) {
      const auto why = machine.why();
      const auto tell = announced ? troubles.lost(machine.status(), why, {{NACLK_LOG_ERROR, why}})
                                  : troubles.failed(machine.status(), why, {{NACLK_LOG_ERROR, why}});
      attempts.ended(late, machine.status(), why, loop::now());
      if (!announced) forget();
      attempt.reset();
      drop_connection();
      troubles.conclude(tell, why, machine.status(), step);
    }
    act(step);
  }

  void act(Step step) {
    arm();
    switch (step.act) {
      case Do::nothing:
        return;
      case Do::wait:
        return wait(step.wait);
      case Do::login:
        return login();
      case Do::dial:
        return connect();
      case Do::announce:
        return announce();
      case Do::goodbye:
        return goodbye();
      case Do::close:
        return connection->close();
      case Do::abort:
        attempt.reset();
        drop_connection();
        return finish();
      case Do::finished:
        return finish();
    }
  }

  void wait(std::chrono::milliseconds how_long) {
    if (how_long > 0ms)
      log.debug("Wait before attempting to reconnect in {:.3f} seconds", static_cast<double>(how_long.count()) / 1000);
    timer.start(how_long, [this] { act(machine.waited()); });
  }

  void login() {
    log.debug("ACLK: attempting to connect now");
    attempts.begin(loop::wall_us() / 1'000'000, loop::now());
    const auto known = head_start.begin();
    attempt = std::make_unique<HttpsHalf>(loop, plan, known ? known->login : std::nullopt);
    if (known) (void)dial(known->endpoint);
    login::Login::LoginEvents e;
    e.limits = [this](const login::BackoffLimits &l) { machine.limits(l); };
    e.stage = [this](std::string_view stage) {
      if (stage == "challenge") reached(Event::agreed);
      if (stage == "password") reached(Event::challenged);
    };
    e.agreed = [this](const login::Agreement &a) {
      if (head_start.agreed(a)) (void)dial(a.endpoint);
    };
    e.date = [this](std::int64_t cloud_s) {
      if (const auto warning = clock_skew.heard(cloud_s, loop::wall_us())) log.warning("ACLK: {}", *warning);
    };
    e.note = [this](const std::string &line) { troubles.note(line); };
    e.note_error = [this](const std::string &line) { troubles.note_error(line); };
    e.note_debug = [this](const std::string &line) { log.debug("{}", line); };
    e.done = [this](tl::expected<login::Credentials, login::LoginFailure> r) {
      // We are inside the Login: end it on the next turn.
      later.start(0ms, [this, r = std::move(r)]() mutable { on_login(std::move(r)); });
    };
    attempt->login.start(std::move(e));
  }

  void on_login(tl::expected<login::Credentials, login::LoginFailure> r) {
    attempt.reset();
    if (r) {
      credentials = std::move(*r);
      troubles.logged_in();
      return act(machine.logged_in());
    }
    drop_connection();
    forget();
    const auto &f = r.error();
    const auto tell = troubles.failed(f.status, f.error.what, {{NACLK_LOG_ERROR, f.error.what}});
    attempts.ended(machine.state(), f.status, f.error.what, loop::now());
    const auto step = machine.login_failed(f, loop::now());
    troubles.conclude(tell, f.error.what, machine.status(), step);
    if (machine.banned()) log.error("Cloud Banned This Agent!");
    act(step);
  }

  enum class Word : std::uint8_t { hello, goodbye, will };

  // We are here; we leave; we are gone, which the broker says in our place.
  std::string connection_message(Word word) const {
    const auto source = word == Word::will ? proto::UpdateSource::lwt : proto::UpdateSource::agent;
    proto::UpdateAgentConnection m;
    m.claim_id = plan.claim_id;
    m.reachable = word == Word::hello;
    m.session_id = session_us;
    m.update_source = source;
    // Never before the connection began, and so never before its will, also when the clock was set back.
    m.updated_at_us = source == proto::UpdateSource::lwt ? session_us : std::max(loop::wall_us(), session_us);
    if (source != proto::UpdateSource::lwt) m.capabilities = plan.capabilities;
    return proto::encode(m);
  }

  // As far as it goes without credentials; a failure that is not the connection's own is returned.
  Result<void> dial(const Url &endpoint) {
    drop_connection();
    if (!ws) {
      auto made = mqtt::WsContext::make(loop, {plan.reach.trust_file, plan.reach.insecure, plan.reach.memory});
      if (!made) return tl::unexpected<Error>(made.error());
      ws = std::move(*made);
    }
    mqtt::ConnectionPlan p;
    p.endpoint = endpoint;
    p.proxy = plan.reach.proxy.towards(p.endpoint.host);
    p.scratch = plan.scratch;
    p.dial_timeout /= plan.scale.deadlines;
    p.setup_timeout /= plan.scale.deadlines;
    p.ack_timeout /= plan.scale.deadlines;
    Connection::ConnectionEvents e;
    e.stage = [this](mqtt::Stage stage) {
      if (stage == mqtt::Stage::tls) reached(Event::dialed);
      if (stage == mqtt::Stage::websocket) reached(Event::secured);
      if (stage == mqtt::Stage::connect) reached(Event::upgraded);
    };
    e.up = [this](const mqtt::MqttLimits &l, const std::string &address) { on_up(l, address); };
    e.message = [this](const std::string &topic, const std::string &payload, int qos) {
      on_message(topic, payload, qos);
    };
    e.puback = [this](std::chrono::microseconds latency) { on_puback(latency); };
    e.ended = [this](const ConnectionEnd &end) { on_connection_end(end); };
    dialing = std::make_unique<net::CurlMulti>(loop);
    connection = std::make_unique<Connection>(loop, *dialing, *ws, std::move(p), std::move(e));
    connection->start();
    return {};
  }

  void connect() {
    if (!connection)
      if (const auto begun = dial(credentials->endpoint); !begun)
        return on_connection_end({.kind = ConnectionEnd::Kind::internal, .error = begun.error()});
    session_us = events.session_id(loop::wall_us());
    mqtt::MqttSession s;
    s.connect.client_id = credentials->client_id;
    s.connect.username = credentials->username;
    s.connect.password = credentials->password;
    s.connect.will_topic = credentials->topics[Topic::agent_connection];
    s.connect.will_payload = connection_message(Word::will);
    s.connect.scale = plan.scale;
    s.connect.silent_at_most = drops->quiet();
    s.subscriptions = {credentials->topics[Topic::inbox_cmd], credentials->topics[Topic::inbox_cmd_v1]};
    numbers.received = numbers.pubacks = 0;
    connection->go_on(std::move(s));
  }

  mqtt::MqttLimits limits;

  void on_up(const mqtt::MqttLimits &l, const std::string &address) {
    limits = l;
    log.info("ACLK: Websocket Connection Accepted By Server");
    log.info("ACLK: MQTT Connection Accepted By Server");
    const auto &to = credentials->endpoint;
    const auto whom = net::where(net::host_port(to.host, to.port), address, plan.reach.proxy.towards(to.host));
    log.debug("ACLK: connected to {}", whom);
    attempts.online("connected to " + whom, loop::now());
    if (l.max_packet < mqtt::MqttLimits{}.max_packet)
      log.info("ACLK: MQTT server limits message size to {}", l.max_packet);
    act(machine.connected(loop::now()));
  }

  void announce() {
    log.info("ACLK: connection successfully established");
    troubles.connected();
    troubles.status(machine.status());
    log.access(NACLK_LOG_INFO, "ACLK CONNECTED");
    ++numbers.connects;
    numbers.last_connect_s = loop::wall_us() / 1'000'000;
    announced = true;
    online_since = loop::now();
    publish(MessageType::update_agent_connection, connection_message(Word::hello), mqtt::Priority::control, {});
    if (events.online) events.online({session_us, limits});
  }

  void goodbye() {
    publish(MessageType::update_agent_connection, connection_message(Word::goodbye), mqtt::Priority::control,
            [this](mqtt::Delivery how, int) {
              if (how == mqtt::Delivery::lost) return;  // the end of the connection is told separately
              // Inside the connection's own callback: go on when it is off the stack.
              later.start(0ms, [this] { act(machine.goodbye_over()); });
            });
  }

  void on_message(const std::string &topic, const std::string &payload, int qos) {
    log.debug("Got Message From Broker Topic \"{}\" QOS {}", std::string_view(topic).substr(0, 256), qos);
    if (machine.state() != ConnectionState::online) {
      peer_log.shutting_down(loop::now());
      return;
    }
    ++numbers.received;
    const auto slash = topic.rfind('/');
    if (slash == std::string::npos || slash + 1 == topic.size()) {
      peer_log.no_type(topic, loop::now());
      return;
    }
    if (events.message) events.message(std::string_view(topic).substr(slash + 1), payload);
  }

  void on_puback(std::chrono::microseconds latency) {
    ++numbers.pubacks;
    numbers.publish_latency = latency;
    slowest_ack = std::max(slowest_ack, latency);
    auto &t = numbers.totals;
    ++t.pubacks;
    t.latency_us += static_cast<std::uint64_t>(latency.count());
    const auto place = std::ranges::find_if(kLatencyLimitsMs, [&](int ms) { return latency < 1ms * ms; });
    ++t.latency.at(static_cast<std::size_t>(place - kLatencyLimitsMs.begin()));
    if (!machine.acknowledged()) return;
    head_start.stable();
    numbers.last_stable_s = loop::wall_us() / 1'000'000;
  }

  void on_connection_end(const ConnectionEnd &end) {
    const auto lines = lines_of(end, credentials->endpoint, announced ? Ended::connection : Ended::attempt);
    const auto status = status_of(end);
    const bool leaving = machine.state() == ConnectionState::draining || machine.state() == ConnectionState::closing;
    const auto tell = announced || leaving ? troubles.lost(status, end.error.what, lines)
                                           : troubles.failed(status, end.error.what, lines);
    attempts.ended(machine.state(), leaving ? machine.status() : status,
                   leaving ? "left in order: " + machine.why() : end.error.what, loop::now());
    if (announced && !leaving && end.kind != ConnectionEnd::Kind::by_us) note_drop(end);
    if (!announced) forget();
    // The machine first: whoever hears that we are offline may ask for the report.
    const auto step = machine.ended(end, loop::now());
    drop_connection();
    troubles.conclude(tell, end.error.what, machine.status(), step);
    act(step);
  }

  // An attempt has failed: the next is made with whole handshakes, as if it were the first.
  void forget() { plan.reach.memory->sessions().clear(); }

  void note_drop(const ConnectionEnd &end) {
    const auto now = loop::now();
    drops->dropped({now, std::chrono::duration_cast<std::chrono::milliseconds>(now - online_since),
                    is_without_a_word(end), end.silence, end.survived});
    if (const auto news = drops->take_news()) log.warning("{}", *news);
  }

  void drop_connection() {
    if (connection) {
      numbers.totals.bytes_in += connection->bytes_in();
      numbers.totals.bytes_out += connection->bytes_out();
    }
    connection.reset();
    dialing.reset();
    if (!std::exchange(announced, false)) return;
    head_start.ended(std::chrono::duration_cast<std::chrono::milliseconds>(loop::now() - online_since));
    numbers.last_disconnect_s = loop::wall_us() / 1'000'000;
    log.warning("ACLK link is down");
    log.access(NACLK_LOG_WARNING, "ACLK DISCONNECTED");
    if (events.offline) events.offline();
  }

  void finish() {
    timer.stop();
    later.start(0ms, [this] {
      if (const auto tell = std::exchange(stopped, nullptr)) tell();
    });
  }

  bool publish(MessageType type, std::string payload, mqtt::Priority priority,
               std::function<void(mqtt::Delivery, int)> done) {
    if (!connection || !announced) {
      if (done) done(mqtt::Delivery::lost, 0);
      return false;
    }
    if (events.sending) events.sending(type, payload);
    return connection->publish({.topic = credentials->topics[*proto::row_of(type).topic],
                                .payload = std::move(payload),
                                .priority = priority,
                                .alias = worth_an_alias(type) ? mqtt::Alias::wanted : mqtt::Alias::none,
                                .done = watched(type, std::move(done))});
  }

  // A message that the broker will never take is a fact for the log, whoever sent it.
  std::function<void(mqtt::Delivery, int)> watched(MessageType type, std::function<void(mqtt::Delivery, int)> done) {
    return [this, type, done = std::move(done)](mqtt::Delivery how, int reason) {
      const auto topic = proto::row_of(type).topic;
      const auto what = topic ? proto::topic_name(*topic) : std::string_view("a reply");
      if (events.delivered) events.delivered(type, how);
      if (how == mqtt::Delivery::refused)
        peer_log.refused(what, reason, loop::now());
      else if (how == mqtt::Delivery::too_big)
        peer_log.too_big(what, loop::now());
      if (done) done(how, reason);
    };
  }
};

ConnectionManager::ConnectionManager(uv_loop_t &loop, Plan plan, const host::Log &log, SessionEvents events)
    : impl_(std::make_unique<Impl>(loop, std::move(plan), log, std::move(events))) {}

ConnectionManager::~ConnectionManager() = default;

void ConnectionManager::start() { impl_->act(impl_->machine.start(loop::now())); }

void ConnectionManager::stop(Stop kind, std::function<void()> done) {
  auto &i = *impl_;
  i.stopped = std::move(done);
  if (kind == Stop::to_reload && i.announced) {
    i.log.info("CLAIM: agent was already connected to NC - forcing reconnection under new credentials");
    i.log.notice("Going to restart connection due to \"reclaim\"");
  }
  i.act(i.machine.stop(kind));
}

void ConnectionManager::resumed() {
  impl_->log.notice("ACLK: the machine has slept; {}",
                    impl_->announced ? "asking the broker whether it is still there" : "trying again");
  if (impl_->announced && impl_->connection) impl_->connection->doubt();
  impl_->act(impl_->machine.resumed(loop::now()));
}

void ConnectionManager::obey(const proto::DisconnectReq &order) {
  auto &i = *impl_;
  const auto step = i.machine.ordered_to_leave(order, loop::now());
  if (step.act == Do::nothing) return;
  i.log.notice("Cloud requested disconnect (EC={}, \"{}\")", order.error_code, order.error_description);
  if (order.permaban) i.log.error("Cloud Banned This Agent!");
  if (order.reconnect_after_seconds > 0)
    i.log.notice("Cloud asks not to reconnect for {} seconds. We shall honor that request",
                 order.reconnect_after_seconds);
  i.log.notice("Going to restart connection due to \"cloud request\"");
  i.act(step);
}

bool ConnectionManager::publish(MessageType type, std::string payload, mqtt::Priority priority,
                                std::function<void(mqtt::Delivery, int)> done) {
  return impl_->publish(type, std::move(payload), priority, std::move(done));
}

bool ConnectionManager::reply(const std::string &topic, Bytes payload, std::function<void(mqtt::Delivery, int)> done) {
  auto &i = *impl_;
  if (!i.connection || i.machine.state() != ConnectionState::online) {
    if (done) done(mqtt::Delivery::lost, 0);
    return false;
  }
  if (i.events.sending) i.events.sending(MessageType::query_reply, payload.view());
  return i.connection->publish({.topic = topic,
                                .payload = std::move(payload),
                                .priority = mqtt::Priority::reply,
                                .alias = mqtt::Alias::none,
                                .done = i.watched(MessageType::query_reply, std::move(done))});
}

Report ConnectionManager::report() const {
  const auto &i = *impl_;
  Report r = i.numbers;
  r.state = i.machine.state();
  r.status = i.machine.status();
  r.why = i.machine.why();
  r.online = r.state == ConnectionState::online;
  r.banned = i.machine.banned();
  r.last_backoff = i.machine.last_backoff();
  if (const auto at = i.machine.next_attempt())
    r.next_attempt_s =
        loop::wall_us() / 1'000'000 + std::chrono::duration_cast<std::chrono::seconds>(*at - loop::now()).count();
  r.clock_offset_ms = i.clock_skew.offset_ms();
  r.attempts.assign(i.attempts.list().begin(), i.attempts.list().end());
  r.drops = i.drops->count(loop::now());
  r.drops_finding = i.drops->finding(loop::now());
  r.asks_every = i.drops->quiet().value_or(std::chrono::milliseconds(0));
  if (i.connection) {
    r.pending_pubacks = i.connection->outbox().in_flight();
    r.bytes_in = i.connection->bytes_in();
    r.bytes_out = i.connection->bytes_out();
    r.queued = i.connection->outbox().waiting();
    r.queued_bytes = i.connection->outbox().waiting_bytes();
    r.totals.bytes_in += r.bytes_in;
    r.totals.bytes_out += r.bytes_out;
  }
  return r;
}

std::chrono::microseconds ConnectionManager::take_slowest_ack() {
  return std::exchange(impl_->slowest_ack, std::chrono::microseconds(0));
}

}  // namespace aclk::session
