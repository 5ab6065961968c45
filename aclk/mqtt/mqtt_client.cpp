// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/mqtt_client.h"

#include <fmt/format.h>
#include <mosquitto.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <utility>

#include "aclk/mqtt/inbound_packets.h"
#include "aclk/mqtt/keepalive.h"
#include "aclk/mqtt/mqtt_packet_guard.h"
#include "aclk/mqtt/outgoing_frames.h"
#include "aclk/mqtt/private_unix_socket.h"
#include "claim/base/c_own.h"
#if LIBMOSQUITTO_VERSION_NUMBER < 2001000  // since then it is a part of mosquitto.h
#include <mqtt_protocol.h>
#endif

namespace aclk::mqtt {
namespace {

using namespace std::chrono_literals;
constexpr std::array<std::uint8_t, 2> kPingreq{0xc0, 0x00};
constexpr unsigned kAuth = 15;
constexpr MqttPacketGuard::Header kShortDisconnect{0xe0, 0};
using Mosquitto = COwn<mosquitto, mosquitto_destroy>;

// One query with its body is the largest thing a cloud sends.
constexpr std::size_t kMaxInboundPacket = 32U << 20;
// Messages whose acknowledgement the broker has not taken yet: the Receive Maximum that CONNECT tells it (MQTT 5,
// 3.3.4). libmosquitto keeps each of them, some hundred bytes, for as long as the broker does not read.
constexpr std::uint64_t kMaxOwed = 65'535;

void init_library_once() {
  static std::once_flag once;
  std::call_once(once, [] { mosquitto_lib_init(); });
}

struct Properties {
  mosquitto_property *list = nullptr;
  Properties() = default;
  Properties(const Properties &) = delete;
  Properties &operator=(const Properties &) = delete;
  ~Properties() { mosquitto_property_free_all(&list); }
};

MqttLimits read_limits(const mosquitto_property *props, std::chrono::seconds keepalive) {
  MqttLimits l;
  l.keepalive = keepalive;
  std::uint16_t u16 = 0;
  std::uint32_t u32 = 0;
  std::uint8_t u8 = 0;
  if (mosquitto_property_read_int16(props, MQTT_PROP_RECEIVE_MAXIMUM, &u16, false) != nullptr && u16 > 0)
    l.receive_max = u16;
  if (mosquitto_property_read_int16(props, MQTT_PROP_TOPIC_ALIAS_MAXIMUM, &u16, false) != nullptr) l.alias_max = u16;
  if (mosquitto_property_read_int16(props, MQTT_PROP_SERVER_KEEP_ALIVE, &u16, false) != nullptr)
    l.keepalive = std::chrono::seconds(u16);
  if (mosquitto_property_read_int32(props, MQTT_PROP_MAXIMUM_PACKET_SIZE, &u32, false) != nullptr && u32 > 0)
    l.max_packet = u32;
  if (mosquitto_property_read_byte(props, MQTT_PROP_MAXIMUM_QOS, &u8, false) != nullptr) l.max_qos = u8;
  return l;
}

// "a PUBLISH", of the first byte of a packet (MQTT 5, 2.1.2).
std::string_view packet_name(std::uint8_t type) {
  constexpr std::array<std::string_view, 16> kNames{"one of type 0", "a CONNECT",  "a CONNACK",      "a PUBLISH",
                                                    "a PUBACK",      "a PUBREC",   "a PUBREL",       "a PUBCOMP",
                                                    "a SUBSCRIBE",   "a SUBACK",   "an UNSUBSCRIBE", "an UNSUBACK",
                                                    "a PINGREQ",     "a PINGRESP", "a DISCONNECT",   "an AUTH"};
  return kNames[type >> 4U];
}

}  // namespace

struct MqttClient::Impl {
  Mosquitto m;
  Fd pipe;  // our end of libmosquitto's connection
  MqttEvents events;
  MqttPacketGuard meter{kMaxInboundPacket, 1};
  std::chrono::seconds keepalive{60};  // ours, in CONNECT
  KeepAlive alive{loop::now()};
  MqttPacketGuard said{SIZE_MAX};  // where packets end in what we send: a PINGREQ must not land inside one
  bool ping_wanted = false;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  InboundPackets inbound;
  std::string acknowledgements;  // PUBACKs of ours that wait
  PublishQueue publishes;
  std::vector<int> unacknowledged;  // packet ids of ours
  int last_id = 0;                  // of ours; before the first of libmosquitto's SUBSCRIBEs
  std::uint32_t max_packet = MqttLimits{}.max_packet;
  std::uint8_t max_qos = 2;
  bool connected = false;      // CONNACK accepted us
  bool pipe_is_empty = false;  // nobody has written to it since it was found empty
  bool ended = false;
  bool disconnecting = false;
  int inside = 0;  // libmosquitto's callbacks

  // While libmosquitto calls us it holds a lock that its own writing takes after each message of QoS 0.
  class Inside {
   public:
    explicit Inside(Impl &i) : impl(i) { ++impl.inside; }
    ~Inside() { --impl.inside; }
    Inside(const Inside &) = delete;
    Inside &operator=(const Inside &) = delete;
    Impl &impl;
  };

  static Impl &of(void *user) { return *static_cast<Impl *>(user); }

  void end(MqttEnd how, std::string why, int reason = 0) {
    if (std::exchange(ended, true)) return;
    pipe_is_empty = false;  // its last words, a DISCONNECT perhaps
    if (events.ended) events.ended(how, reason, std::move(why));
  }

  // Why the meter did not let it pass.
  [[nodiscard]] std::string refusal() const {
    if (meter.trouble() == MqttPacketGuard::Trouble::qos)
      return "the broker sent a message of QoS 2, although QoS 1 was subscribed to";
    if (meter.trouble() == MqttPacketGuard::Trouble::role)
      return fmt::format("the broker sent {}, which no message of this connection asks for",
                         packet_name(meter.newest().type));
    if (meter.trouble() == MqttPacketGuard::Trouble::type_0)
      return "what the broker says is no valid MQTT 5: its last packet is one of type 0, which does not exist";
    if (meter.trouble() == MqttPacketGuard::Trouble::property)
      return fmt::format(
          "what the broker says is no valid MQTT 5, in its last packet, {}: a property that does not exist, "
          "or that is too long",
          packet_name(meter.newest().type));
    return fmt::format("the broker sent a malformed packet, or one larger than {} bytes", kMaxInboundPacket);
  }

  void end_by_us() { end(MqttEnd::by_us, "disconnected"); }

  void end_by_broker(int reason) {
    end(MqttEnd::disconnect,
        fmt::format("the broker disconnected us: {} (reason {})", mosquitto_reason_string(reason), reason), reason);
  }

  void end_by_rc(int rc) {
    // A DISCONNECT without a reason code means 0 (MQTT 5, 3.14.2.1). libmosquitto takes it for an error: 2.0.11 of the
    // protocol, later ones of the packet.
    if ((rc == MOSQ_ERR_PROTOCOL || rc == MOSQ_ERR_MALFORMED_PACKET) && meter.newest() == kShortDisconnect)
      return end_by_broker(0);
    std::string words = mosquitto_strerror(rc);
    if (words.ends_with('.')) words.pop_back();
    // libmosquitto calls this "out of memory".
    if (meter.newest().type >> 4U == kAuth) words = "nobody agreed on an authentication";
    if (meter.packets() == 0) return end(MqttEnd::protocol, fmt::format("libmosquitto: {}", words));
    end(MqttEnd::protocol, fmt::format("what the broker says is no valid MQTT 5, up to its last packet, {}: {}",
                                       packet_name(meter.newest().type), words));
  }

  // One call of libmosquitto's writing. errno is EAGAIN when the pipe is full.
  int write_some() {
    errno = 0;
    const int rc = mosquitto_loop_write(m.get(), 1);
    if (rc != MOSQ_ERR_SUCCESS || !disconnecting || ended) return rc;
    // When its DISCONNECT is written 2.0 closes its socket and says that it is disconnected. 2.1 shuts down its half,
    // would do so again each time, and waits for the broker to close.
    const int full = errno;
    pollfd other{pipe.get(), POLLRDHUP, 0};
    if (::poll(&other, 1, 0) > 0 && (other.revents & POLLRDHUP) != 0) end_by_us();
    errno = full;
    return rc;
  }

  // libmosquitto's own output, after every call that may have made some. From within a callback that waits for feed(),
  // which does it at its end, or pull().
  void pump() {
    pipe_is_empty = false;
    while (!ended && inside == 0 && mosquitto_want_write(m.get())) {
      const int rc = write_some();
      if (rc != MOSQ_ERR_SUCCESS) return end_by_rc(rc);
      if (errno == EAGAIN) break;  // the pipe is full: pull() makes room
    }
    if (events.output) events.output();
  }

  // The acknowledgements of what we published: libmosquitto has not heard of it, and passes over them.
  void tell_pubacks() {
    for (const auto &ack : meter.take_pubacks()) {
      if (ended) return;
      std::erase(unacknowledged, ack.packet_id);
      if (events.puback) events.puback(ack.packet_id, ack.reason);
    }
  }

  // The next one that no message in flight has.
  int next_id() {
    do last_id = last_id % 65'535 + 1;
    while (std::ranges::find(unacknowledged, last_id) != unacknowledged.end());
    return last_id;
  }

  // What libmosquitto has written.
  std::size_t read_pipe(std::span<std::uint8_t> into) {
    while (!pipe_is_empty) {
      const auto n = ::read(pipe.get(), into.data(), into.size());
      if (n > 0) {
        pipe_is_empty = static_cast<std::size_t>(n) < into.size() && !mosquitto_want_write(m.get());
        return static_cast<std::size_t>(n);
      }
      if (n < 0 && errno == EINTR) continue;
      // If libmosquitto has more that did not fit the pipe before, it fits now.
      pipe_is_empty = ended || !mosquitto_want_write(m.get());
      if (pipe_is_empty) break;
      if (const int rc = write_some(); rc != MOSQ_ERR_SUCCESS) {
        pipe_is_empty = true;
        end_by_rc(rc);
      }
    }
    return 0;
  }

  // What we read ourselves. libmosquitto has passed over what it has not sent, or not subscribed to, in the same way.
  void take_in(const InboundPackets::Piece &packet) {
    constexpr std::uint8_t kPublish = 3;
    if (packet.first() >> 4U != kPublish)  // told by tell_pubacks()
      return is_plain_puback(packet.body()) ? void() : give_to_libmosquitto(packet.bytes);
    const auto p = parse_publish(packet.first(), packet.body());
    if (!p)
      return end(
          MqttEnd::protocol,
          fmt::format("what the broker says is no valid MQTT 5, up to its last packet, a PUBLISH: {}", p.error()));
    if (const unsigned id = p->packet_id; id != 0)
      for (const unsigned b : {0x40U, 2U, id >> 8U, id & 0xffU}) acknowledgements += static_cast<char>(b);
    if (events.message) events.message(std::string(p->topic), std::string(p->payload), p->packet_id != 0 ? 1 : 0);
  }

  void give_to_libmosquitto(std::span<const std::uint8_t> bytes) {
    pipe_is_empty = false;
    while (!bytes.empty() && !ended) {
      const auto n = ::write(pipe.get(), bytes.data(), bytes.size());
      if (n > 0)
        bytes = bytes.subspan(static_cast<std::size_t>(n));
      else if (n < 0 && errno == EINTR)
        continue;
      else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        return end(MqttEnd::protocol, "libmosquitto closed the connection");
      read_all();
    }
  }

  // Whole ones.
  std::size_t take_acknowledgements(std::span<std::uint8_t> into) {
    const auto n = std::min(acknowledgements.size(), into.size() / 4 * 4);
    std::memcpy(into.data(), acknowledgements.data(), n);
    acknowledgements.erase(0, n);
    return n;
  }

  // A packet that has begun goes on. Between packets what is short goes first, acknowledgements and what libmosquitto
  // says; but its DISCONNECT goes last.
  std::size_t take(std::span<std::uint8_t> into) {
    if (publishes.begun()) return publishes.take(into);
    if (!said.between()) return read_pipe(into);
    if (disconnecting)
      if (const auto n = publishes.take(into); n > 0) return n;
    if (const auto n = take_acknowledgements(into); n > 0) return n;
    if (const auto n = read_pipe(into); n > 0) return n;
    return publishes.take(into);
  }

  // Everything that is in the pipe. errno does not tell when that is empty: what libmosquitto and our callbacks write
  // on the way sets it, too.
  void read_all() {
    for (int before = -1;;) {
      const int rc = mosquitto_loop_read(m.get(), 1);
      if (rc != MOSQ_ERR_SUCCESS) return ended ? void() : end_by_rc(rc);
      if (ended || mosquitto_socket(m.get()) < 0) return;
      int left = 0;
      if (::ioctl(mosquitto_socket(m.get()), FIONREAD, &left) != 0 || left == 0 || left == before) return;
      before = left;
    }
  }

  void install_callbacks() {
    mosquitto_connect_v5_callback_set(m.get(), [](mosquitto *, void *u, int rc, int, const mosquitto_property *props) {
      const Inside in(of(u));
      auto &i = in.impl;
      const auto limits = read_limits(props, i.keepalive);
      i.alive.granted(limits.keepalive);
      i.max_qos = limits.max_qos;
      i.max_packet = limits.max_packet;
      i.connected = rc == 0;
      if (i.events.connack) i.events.connack(rc, limits);
    });
    mosquitto_subscribe_v5_callback_set(
        m.get(), [](mosquitto *, void *u, int mid, int n, const int *granted, const mosquitto_property *) {
          const Inside in(of(u));
          if (of(u).events.suback) of(u).events.suback(mid, std::vector<int>(granted, granted + n));
        });
    mosquitto_message_v5_callback_set(
        m.get(), [](mosquitto *, void *u, const mosquitto_message *msg, const mosquitto_property *) {
          const Inside in(of(u));
          if (of(u).events.message)
            of(u).events.message(msg->topic,
                                 std::string(static_cast<const char *>(msg->payload),
                                             static_cast<std::size_t>(std::max(msg->payloadlen, 0))),
                                 msg->qos);
        });
    mosquitto_disconnect_v5_callback_set(m.get(), [](mosquitto *, void *u, int rc, const mosquitto_property *) {
      const Inside in(of(u));
      auto &i = in.impl;
      if (i.disconnecting && rc == 0)
        i.end_by_us();
      else if (rc == MQTT_RC_NORMAL_DISCONNECTION || rc >= MQTT_RC_UNSPECIFIED)
        i.end_by_broker(rc);
      else
        i.end_by_rc(rc);
    });
  }
};

MqttClient::MqttClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

MqttClient::~MqttClient() { impl_->ended = true; }

Result<std::unique_ptr<MqttClient>> MqttClient::make(const MqttConnect &c, MqttEvents events,
                                                     const std::filesystem::path &scratch) {
  init_library_once();
  auto impl = std::make_unique<Impl>();
  impl->keepalive = c.keepalive;
  impl->alive = KeepAlive(loop::now(), c.scale);
  if (c.silent_at_most) impl->alive.silent_at_most(*c.silent_at_most);
  impl->m.reset(mosquitto_new(c.client_id.c_str(), true, impl.get()));
  auto *m = impl->m.get();
  if (m == nullptr)
    return fail(Errc::mqtt, fmt::format("libmosquitto refuses the client id the cloud gave: {}", std::strerror(errno)));
  mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  // The queue in front of us never hands over more than the broker takes; libmosquitto's own window must not be
  // smaller.
  mosquitto_int_option(m, MOSQ_OPT_SEND_MAXIMUM, 65535);
  mosquitto_int_option(m, MOSQ_OPT_RECEIVE_MAXIMUM, 65535);
  int rc = mosquitto_username_pw_set(m, c.username.c_str(), c.password.c_str());
  if (rc == MOSQ_ERR_SUCCESS && !c.will_topic.empty())
    rc = mosquitto_will_set_v5(m, c.will_topic.c_str(), static_cast<int>(c.will_payload.size()), c.will_payload.data(),
                               2, false, nullptr);
  if (rc != MOSQ_ERR_SUCCESS)
    return fail(Errc::mqtt, fmt::format("libmosquitto refuses the credentials or the will topic \"{}\": {}",
                                        c.will_topic, mosquitto_strerror(rc)));
  impl->install_callbacks();

  auto meeting = PrivateUnixSocket::make(scratch);
  if (!meeting) return tl::unexpected<Error>(meeting.error());
  rc =
      mosquitto_connect_bind_v5(m, meeting->path().c_str(), 0, static_cast<int>(c.keepalive.count()), nullptr, nullptr);
  if (rc != MOSQ_ERR_SUCCESS)
    return fail(Errc::mqtt, fmt::format("libmosquitto cannot begin a connection: {}", mosquitto_strerror(rc)));
  auto end = meeting->accept();
  if (!end) return tl::unexpected<Error>(end.error());
  impl->pipe = std::move(*end);
  impl->events = std::move(events);
  auto client = std::unique_ptr<MqttClient>(new MqttClient(std::move(impl)));
  client->impl_->pump();
  return client;
}

void MqttClient::feed(std::span<const std::uint8_t> bytes) {
  auto &i = *impl_;
  if (i.ended) return;
  i.bytes_in += bytes.size();
  const auto packets = i.meter.packets();
  const bool sane = i.meter.pass(bytes);
  // A packet counts as a sign of life, as it does for libmosquitto; single bytes of one do not.
  if (i.meter.packets() != packets) i.alive.heard(loop::now());
  if (!sane) return i.end(MqttEnd::protocol, i.refusal());
  i.tell_pubacks();
  while (!i.ended) {
    const auto piece =
        i.inbound.next(bytes, i.connected ? InboundPackets::ReadBy::us : InboundPackets::ReadBy::libmosquitto);
    if (!piece) break;
    if (piece->ours)
      i.take_in(*piece);
    else
      i.give_to_libmosquitto(piece->bytes);
  }
  // A broker that reads at a trickle what we owe it, and goes on sending.
  if (!i.ended && i.meter.to_acknowledge() - i.said.acknowledgements() > kMaxOwed)
    return i.end(MqttEnd::protocol,
                 fmt::format("the broker sent more than {} messages without taking their acknowledgements", kMaxOwed));
  if (i.ended) return;
  if (!i.pipe_is_empty) return i.pump();
  if (!i.acknowledgements.empty() && i.events.owed) i.events.owed();
}

std::size_t MqttClient::pull(std::span<std::uint8_t> buffer) {
  auto &i = *impl_;
  std::size_t got = 0;
  bool pinged = false;
  while (got < buffer.size()) {
    if (i.ping_wanted && i.said.between() && buffer.size() - got >= kPingreq.size()) {
      i.ping_wanted = false;
      std::copy(kPingreq.begin(), kPingreq.end(), buffer.begin() + static_cast<std::ptrdiff_t>(got));
      got += kPingreq.size();
      pinged = true;
      continue;
    }
    const auto n = i.take(buffer.subspan(got));
    if (n == 0) break;
    (void)i.said.pass(buffer.subspan(got, n));
    got += n;
  }
  if (got > 0) {
    i.bytes_out += got;
    i.alive.said(loop::now());
    if (pinged) i.alive.pinged(loop::now());
  }
  return got;
}

Result<int> MqttClient::subscribe(const std::string &topic) {
  auto &i = *impl_;
  if (i.ended) return fail(Errc::mqtt, "the connection is over");
  int mid = 0;
  const int rc = mosquitto_subscribe_v5(i.m.get(), &mid, topic.c_str(), 1, MQTT_SUB_OPT_RETAIN_AS_PUBLISHED, nullptr);
  if (rc != MOSQ_ERR_SUCCESS)
    return fail(Errc::mqtt, fmt::format("cannot subscribe to \"{}\": {}", topic, mosquitto_strerror(rc)));
  i.last_id = std::max(i.last_id, mid);
  i.pump();
  return mid;
}

Result<int> MqttClient::publish(const std::string &topic, std::uint16_t alias, Bytes payload) {
  auto &i = *impl_;
  if (i.ended || i.disconnecting || !i.connected) return fail(Errc::mqtt, "the connection is over, or not yet there");
  // No topic at all, because its alias is known, is one to libmosquitto 2.0.11 and none to newer ones.
  const bool known = topic.empty() && alias != 0;
  if (!known && (topic.empty() || mosquitto_pub_topic_check2(topic.c_str(), topic.size()) != MOSQ_ERR_SUCCESS ||
                 mosquitto_validate_utf8(topic.c_str(), static_cast<int>(topic.size())) != MOSQ_ERR_SUCCESS))
    return fail(Errc::mqtt, fmt::format("cannot publish on \"{}\": it is no topic of MQTT", topic));
  const int id = i.max_qos == 0 ? 0 : i.next_id();
  auto head =
      publish_head({.topic = topic, .alias = alias, .packet_id = static_cast<std::uint16_t>(id)}, payload.size());
  if (head.size() + payload.size() > i.max_packet)
    return fail(Errc::too_big, fmt::format("{} bytes are more than the broker takes", payload.size()));
  if (id != 0) i.unacknowledged.push_back(id);
  i.publishes.push(std::move(head), std::move(payload));
  if (i.events.output) i.events.output();
  return id;
}

void MqttClient::disconnect() {
  auto &i = *impl_;
  if (i.ended) return;
  i.disconnecting = true;
  mosquitto_disconnect_v5(i.m.get(), MQTT_RC_NORMAL_DISCONNECTION, nullptr);
  if (!i.ended) i.pump();
  if (i.events.output) i.events.output();
}

// Ours and not mosquitto_loop_misc(), which asks later, and which our own traffic can put off.
void MqttClient::tick(loop::Instant now) {
  auto &i = *impl_;
  if (i.ended) return;
  switch (i.alive.due(now)) {
    case KeepAlive::Todo::nothing:
      return;
    case KeepAlive::Todo::ping:
      i.ping_wanted = true;
      if (i.events.output) i.events.output();
      return;
    case KeepAlive::Todo::dead:
      return i.end(MqttEnd::ping_timeout, fmt::format("no answer to a ping within {:g} s",
                                                      std::chrono::duration<double>(i.alive.answer_within()).count()));
  }
}

void MqttClient::doubt() { impl_->alive.doubt(); }

loop::Instant MqttClient::next_tick() const { return impl_->alive.next(); }

std::chrono::milliseconds MqttClient::silence(loop::Instant now) const { return impl_->alive.silence(now); }
std::chrono::milliseconds MqttClient::survived_silence() const { return impl_->alive.survived(); }

std::uint64_t MqttClient::bytes_in() const { return impl_->bytes_in; }
std::uint64_t MqttClient::bytes_out() const { return impl_->bytes_out; }
std::uint64_t MqttClient::publishes_out() const { return impl_->said.publishes(); }

}  // namespace aclk::mqtt
