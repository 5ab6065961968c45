// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aclk/loop/loop.h"
#include "aclk/mqtt/reasons.h"
#include "aclk/mqtt/ws_link.h"
#include "aclk/net/curl_easy.h"
#include "aclk/net/dialer.h"
#include "aclk/net/reach_memory.h"

namespace aclk::mqtt {

using Kind = ConnectionEnd::Kind;
using namespace std::chrono_literals;

namespace {

// The answer to a query is mostly ready by then, and takes its acknowledgement along: a record, a packet of TCP and a
// wake-up of the broker less. A broker that waits for it before it goes on loses no more than this.
constexpr std::chrono::milliseconds kAcknowledgeWithin{5};

const char *stage_name(Stage s) {
  switch (s) {
    case Stage::dialing:
      return "dialing";
    case Stage::tls:
      return "TLS";
    case Stage::websocket:
      return "WebSocket";
    case Stage::connect:
      break;
  }
  return "CONNECT";
}

}  // namespace

// Callbacks of three libraries meet here, and each may lead to the end. The end is therefore only noted (finish) and
// told from a timer on the next turn of the loop, when no library is on the stack.
struct Connection::Impl : std::enable_shared_from_this<Connection::Impl> {
  Impl(uv_loop_t &loop, net::CurlMulti &multi, WsContext &context, ConnectionPlan p, ConnectionEvents e)
      : ws_context(context),
        plan(std::move(p)),
        events(std::move(e)),
        outbox(plan.outbox),
        dialer(std::in_place, multi, context.policy()),
        deadline(loop),
        watch(loop),
        epilogue(loop),
        acknowledging(loop) {}

  WsContext &ws_context;
  ConnectionPlan plan;
  ConnectionEvents events;
  Outbox outbox;
  std::optional<net::Dialer> dialer;
  std::unique_ptr<net::ProxyTlsBridge> bridge;  // through an HTTPS proxy; the link's bytes go over it
  std::unique_ptr<WsLink> link;
  std::unique_ptr<MqttClient> mqtt;
  loop::Timer deadline;  // of the stage that runs
  loop::Timer watch;     // keep-alive and late PUBACKs, while up
  loop::Timer epilogue;
  loop::Timer acknowledging;
  std::vector<int> pending_subscriptions;
  loop::Instant subscribed_at;
  std::string address;
  std::optional<ConnectionEnd> ending;
  bool answered = false;  // by a CONNACK
  bool up = false;
  bool was_up = false;
  bool closing = false;
  bool flushing = false;
  loop::Instant watch_due;
  bool dead = false;  // the Connection object is gone

  void finish(ConnectionEnd end) {
    if (ending || dead) return;
    ending = std::move(end);
    if (mqtt) {
      ending->silence = mqtt->silence(loop::now());
      ending->survived = mqtt->survived_silence();
    }
    if (!was_up) remember(false);
    up = false;
    deadline.stop();
    watch.stop();
    acknowledging.stop();
    epilogue.start(0ms, [self = shared_from_this()] { self->tell_end(); });
  }

  void tell_end() {
    if (dead) return;
    take_down();
    if (!session) return;  // told by go_on()
    outbox.lost();
    const auto tell = std::move(events.ended);
    if (tell) tell(*ending);
  }

  // The address is a good one when the broker has accepted us there. It is looked for when a connection is made: what
  // ends one that was up says nothing against it.
  void remember(bool good) {
    const auto &memory = ws_context.policy().memory;
    if (!memory) return;
    const auto whom_tcp = net::connected_to(net::host_port(plan.endpoint.host, plan.endpoint.port), plan.proxy);
    if (good)
      memory->addresses().worked(whom_tcp, address);
    else
      memory->addresses().failed(whom_tcp);
  }

  void take_down() {
    link.reset();
    bridge.reset();
    mqtt.reset();
    dialer->cancel();
  }

  // Told in order, none left out: a listener may count on it.
  void stage(Stage to) {
    reached = to;
    tell_stages();
  }
  void tell_stages() {
    while (session && (!told || *told < reached)) {
      told = told ? static_cast<Stage>(static_cast<int>(*told) + 1) : Stage::dialing;
      if (events.stage) events.stage(*told);
    }
  }
  std::optional<Stage> told;
  Stage reached = Stage::dialing;
  std::optional<MqttSession> session;  // of go_on()
  bool opened = false;                 // the WebSocket

  void start() {
    opened = false;
    stage(Stage::dialing);
    dialer->dial(plan.endpoint.host, plan.endpoint.port, plan.proxy, plan.dial_timeout,
                 [this](net::Reached<net::Dialed> r) { on_dialed(std::move(r)); });
  }

  void go_on(MqttSession s) {
    if (dead || session) return;
    session = std::move(s);
    if (ending && opened) {
      ending.reset();
      take_down();
      return start();
    }
    tell_stages();
    if (ending) {
      epilogue.start(0ms, [self = shared_from_this()] { self->tell_end(); });
      return;
    }
    if (opened) connect();
  }

  // Whom we talk to, for sentences.
  [[nodiscard]] std::string whom() const {
    return net::where(net::host_port(plan.endpoint.host, plan.endpoint.port), address, plan.proxy);
  }

  void on_dialed(net::Reached<net::Dialed> dialed) {
    if (!dialed) return finish({.kind = Kind::dial, .error = dialed.error().error(), .cause = dialed.error().cause});
    address = dialed->address;
    bridge = std::move(dialed->bridge);
    stage(Stage::tls);
    deadline.start(plan.setup_timeout, [this] {
      finish({.kind = Kind::setup_timeout,
              .error = {
                  Errc::timeout,
                  fmt::format(
                      "{}: connected, but silent at the stage {} until {:g} s were over; is it the cloud's broker, and "
                      "does nothing on the way hold it back?",
                      whom(), stage_name(reached), std::chrono::duration<double>(plan.setup_timeout).count())}});
    });
    link = std::make_unique<WsLink>(ws_context, WsLink::WsEvents{
                                                    [this] { stage(Stage::websocket); },
                                                    [this] { on_open(); },
                                                    [this](std::span<const std::uint8_t> b) { feed(b); },
                                                    [this](std::span<std::uint8_t> b) { return pull(b); },
                                                    [this](WsEnd e) { on_link_ended(std::move(e)); },
                                                });
    if (auto r = link->open(std::move(dialed->socket), plan.endpoint, whom(), plan.proxy, plan.scratch); !r)
      on_link_ended(std::move(r.error()));
  }

  void feed(std::span<const std::uint8_t> bytes) {
    if (ending) return;
    if (mqtt) return mqtt->feed(bytes);
    finish(
        {.kind = Kind::mqtt_protocol,
         .error = {Errc::mqtt, fmt::format("{}: the server spoke before CONNECT; is it an MQTT 5 broker?", whom())}});
  }

  std::size_t pull(std::span<std::uint8_t> buffer) {
    std::size_t got = 0;
    while (mqtt && got < buffer.size()) {
      const auto n = mqtt->pull(buffer.subspan(got));
      if (n == 0) break;
      got += n;
      acknowledging.stop();  // they go first
      outbox.sent(mqtt->publishes_out(), loop::now());
      flush();  // what waited for this
    }
    return got;
  }

  void on_open() {
    opened = true;
    if (session) connect();
  }

  // The keep-alive clock and the broker's patience begin with CONNECT: not before the WebSocket is open.
  void connect() {
    stage(Stage::connect);
    if (ending) return;  // this was as far as it was to go
    MqttClient::MqttEvents e;
    e.connack = [this](int reason, const MqttLimits &l) { on_connack(reason, l); };
    e.suback = [this](int mid, const std::vector<int> &reasons) { on_suback(mid, reasons); };
    e.puback = [this](int mid, int reason) { on_puback(mid, reason); };
    e.message = [this](std::string topic, std::string payload, int qos) {
      if (!ending && events.message) events.message(std::move(topic), std::move(payload), qos);
    };
    e.ended = [this](MqttEnd how, int reason, std::string why) { on_mqtt_ended(how, reason, std::move(why)); };
    e.output = [this] {
      if (link) link->want_write();
    };
    e.owed = [this] {
      if (acknowledging.running()) return;
      acknowledging.start(kAcknowledgeWithin, [this] {
        if (link) link->want_write();
      });
    };
    auto made = MqttClient::make(session->connect, std::move(e), plan.scratch);
    if (!made) return finish({.kind = Kind::internal, .error = made.error()});
    mqtt = std::move(*made);
    link->want_write();
  }

  void on_connack(int reason, const MqttLimits &limits) {
    if (std::exchange(answered, true))
      return finish({.kind = Kind::mqtt_protocol,
                     .error = {Errc::mqtt,
                               fmt::format("{}: the broker sent a second CONNACK; is it an MQTT 5 broker?", whom())}});
    if (reason != 0)
      return finish({.kind = Kind::connack,
                     .error = {Errc::mqtt, fmt::format("{}: the broker refused the connection: {}", whom(),
                                                       mqtt_reason_text(reason))},
                     .mqtt_reason = reason});
    deadline.stop();
    outbox.open(limits);
    // Called from inside libmosquitto: subscribe and announce on the next turn, when its packets go out in our order.
    epilogue.start(0ms, [self = shared_from_this(), limits] { self->go_up(limits); });
  }

  void go_up(const MqttLimits &limits) {
    if (ending || dead) return;
    for (const auto &topic : session->subscriptions) {
      const auto mid = mqtt->subscribe(topic);
      if (!mid) return finish({.kind = Kind::subscribe, .error = mid.error()});
      pending_subscriptions.push_back(*mid);
    }
    subscribed_at = loop::now();
    up = was_up = true;
    remember(true);
    if (events.up) events.up(limits, address);
    flush();
    rearm();
  }

  void on_suback(int mid, const std::vector<int> &reasons) {
    const bool known = std::erase(pending_subscriptions, mid) != 0;
    for (const int r : reasons)
      if (r >= 0x80)
        return finish({.kind = Kind::subscribe,
                       .error = {Errc::mqtt,
                                 fmt::format("{}: the broker refused a subscription: {}", whom(), mqtt_reason_text(r))},
                       .mqtt_reason = r});
    if (!known || !pending_subscriptions.empty() || ending || !events.subscribed) return;
    // Called from inside libmosquitto, which a listener that closes would lock up.
    epilogue.start(0ms, [self = shared_from_this()] {
      if (!self->ending && !self->dead) self->events.subscribed();
    });
  }

  void on_puback(int mid, int reason) {
    if (ending) return;
    std::chrono::microseconds latency{};
    if (!outbox.puback(mid, reason, loop::now(), &latency)) return;
    if (events.puback) events.puback(latency);
    flush();
  }

  void on_mqtt_ended(MqttEnd how, int reason, std::string why) {
    if (how == MqttEnd::by_us) {  // our DISCONNECT is written: now the WebSocket
      if (link) link->close();
      return;
    }
    if (how == MqttEnd::disconnect)
      return finish(
          {.kind = Kind::by_server,
           .error = {Errc::mqtt, fmt::format("{}: the broker disconnected us: {}", whom(), mqtt_reason_text(reason))},
           .mqtt_reason = reason});
    if (how == MqttEnd::ping_timeout)
      return finish({.kind = Kind::ping_timeout,
                     .error = {Errc::timeout, fmt::format("{}: {}; the connection is dead, or something on the "
                                                          "way drops it silently",
                                                          whom(), why)}});
    finish({.kind = Kind::mqtt_protocol,
            .error = {Errc::mqtt, fmt::format("{}: {}; is it an MQTT 5 broker?", whom(), why)}});
  }

  void on_link_ended(WsEnd e) {
    if (closing)
      return finish({.kind = Kind::by_us, .error = {Errc::cancelled, "disconnected"}, .ws_code = e.close_code});
    switch (e.kind) {
      case WsEnd::Kind::tls:
        return finish({.kind = Kind::tls, .error = {Errc::tls, std::move(e.why)}, .cause = e.cause});
      case WsEnd::Kind::upgrade:
        return finish({.kind = Kind::upgrade,
                       .error = {Errc::websocket, std::move(e.why)},
                       .http_status = e.http_status,
                       .http_reason = std::move(e.http_reason)});
      case WsEnd::Kind::protocol:
        return finish({.kind = Kind::ws_protocol, .error = {Errc::websocket, std::move(e.why)}});
      case WsEnd::Kind::closed:
        return finish(
            {.kind = Kind::closed_by_remote, .error = {Errc::websocket, std::move(e.why)}, .ws_code = e.close_code});
      case WsEnd::Kind::internal:
        return finish({.kind = Kind::internal, .error = {Errc::websocket, std::move(e.why)}});
      case WsEnd::Kind::socket:
      case WsEnd::Kind::by_us:
        return finish({.kind = Kind::socket, .error = {Errc::tcp, std::move(e.why)}});
    }
  }

  // Publishes what may be in flight now.
  void flush() {
    if (!up || closing || ending || std::exchange(flushing, true)) return;
    while (!ending) {
      auto p = outbox.next();
      if (!p) break;
      const auto mid = mqtt->publish(p->topic, p->alias, std::move(p->payload));
      if (mid)
        outbox.published(p->ticket, *mid, loop::now());
      else
        outbox.failed(p->ticket, mid.error().code == Errc::too_big ? Delivery::too_big : Delivery::lost);
    }
    flushing = false;
    // Something waits for its PUBACK now: the watch may be set for later than that one's deadline.
    if (outbox.in_flight() > 0 && watch_due > loop::now() + plan.ack_timeout) rearm();
  }

  // One timer for keep-alive and late PUBACKs: the earlier of the two. Traffic only moves it later, so it is looked at
  // again when it fires, not at each packet.
  void rearm() {
    if (!up || ending) return;
    watch_due = mqtt->next_tick();
    if (const auto late = outbox.ack_deadline(plan.ack_timeout)) watch_due = std::min(watch_due, *late);
    if (!pending_subscriptions.empty()) watch_due = std::min(watch_due, subscribed_at + plan.ack_timeout);
    watch.start(std::chrono::ceil<std::chrono::milliseconds>(watch_due - loop::now()), [this] { look(); });
  }

  void look() {
    const auto now = loop::now();
    if (const auto late = outbox.ack_deadline(plan.ack_timeout); late && now >= *late)
      return finish(
          {.kind = Kind::ping_timeout,
           .error = {
               Errc::timeout,
               fmt::format("{}: the broker did not acknowledge a message within {:g} s; the connection is half dead, "
                           "or the broker overloaded",
                           whom(), std::chrono::duration<double>(plan.ack_timeout).count())}});
    if (!pending_subscriptions.empty() && now >= subscribed_at + plan.ack_timeout)
      return finish(
          {.kind = Kind::ping_timeout,
           .error = {Errc::timeout,
                     fmt::format("{}: the broker did not acknowledge a subscription within {:g} s; the link would be "
                                 "deaf: it is set up again",
                                 whom(), std::chrono::duration<double>(plan.ack_timeout).count())}});
    mqtt->tick(now);
    rearm();
  }

  void close() {
    if (ending || closing) return;
    closing = true;
    watch.stop();
    if (!mqtt || !link) return finish({.kind = Kind::by_us, .error = {Errc::cancelled, "given up"}});
    deadline.start(plan.close_timeout, [this] {
      finish({.kind = Kind::by_us, .error = {Errc::cancelled, "closed by force"}});
    });
    mqtt->disconnect();
  }
};

Connection::Connection(uv_loop_t &loop, net::CurlMulti &multi, WsContext &ws, ConnectionPlan plan,
                       ConnectionEvents events)
    : impl_(std::make_shared<Impl>(loop, multi, ws, std::move(plan), std::move(events))) {}

Connection::~Connection() {
  auto &i = *impl_;
  i.dead = true;
  i.dialer.reset();  // before the CurlMulti it uses, which may go next
  i.link.reset();
  i.bridge.reset();
  i.mqtt.reset();
  i.deadline.stop();
  i.watch.stop();
  i.epilogue.stop();
  i.acknowledging.stop();
}

void Connection::start() { impl_->start(); }

void Connection::go_on(MqttSession session) { impl_->go_on(std::move(session)); }

void Connection::doubt() {
  if (!impl_->up || impl_->ending) return;
  impl_->mqtt->doubt();
  impl_->look();
}

bool Connection::publish(Outgoing message) {
  if (impl_->ending) {
    if (message.done) message.done(Delivery::lost, 0);
    return false;
  }
  const bool taken = impl_->outbox.push(std::move(message));
  if (taken) impl_->flush();
  return taken;
}

void Connection::close() { impl_->close(); }

net::TlsTrust Connection::trust() const { return impl_->link ? impl_->link->trust() : net::TlsTrust::none; }

const Outbox &Connection::outbox() const { return impl_->outbox; }
std::uint64_t Connection::bytes_in() const { return impl_->mqtt ? impl_->mqtt->bytes_in() : 0; }
std::uint64_t Connection::bytes_out() const { return impl_->mqtt ? impl_->mqtt->bytes_out() : 0; }

}  // namespace aclk::mqtt
