// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/mqtt/ws_link.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/mqtt/outgoing_frames.h"
#include "aclk/mqtt/private_unix_socket.h"
#include "aclk/mqtt/reasons.h"
#include "aclk/mqtt/ws_context.h"
#include "aclk/mqtt/ws_internal.h"
#include "aclk/net/curl_easy.h"
#include "aclk/net/fault.h"
#include "claim/base/text.h"

namespace aclk::mqtt {

// Lives until libwebsockets has said WSI_DESTROY, however early the WsLink goes.
struct WsLink::State : std::enable_shared_from_this<WsLink::State> {
  WsContext *context = nullptr;
  WsEvents events;
  Url endpoint;
  std::string whom;
  Fd dialed;  // until it takes the place of the unix socket
  lws *wsi = nullptr;
  std::shared_ptr<State> held_by_lws;
  std::string tls_trouble;  // from the certificate check
  std::optional<int> close_code;
  std::string close_text;
  bool close_seen = false;
  std::string trouble;         // what was wrong with a frame, if we know
  bool opening = false;        // inside lws_client_connect_via_info
  bool created = false;        // lws has said WSI_CREATE: WSI_DESTROY follows, whatever becomes of it
  std::optional<WsEnd> early;  // it ended in there
  bool secured = false;        // TLS is done
  net::TlsTrust trust = net::TlsTrust::none;
  bool open = false;
  bool closing = false;
  bool close_sent = false;
  bool ended = false;
  bool orphan = false;  // the WsLink is gone
  WsFrameWriter frames;
  // What pull() gave: kHeadRoom bytes, then payload, of which libwebsockets has all before `sent`.
  std::unique_ptr<std::uint8_t[]> buffer;
  std::size_t capacity = 0;  // of the buffer
  std::size_t filled = 0;
  std::size_t sent = 0;
  std::size_t frames_at_once = 1;
  bool asked_to_write = false;  // lws will call: to ask again costs two system calls
  bool broken = false;          // a write outside of lws's callbacks has failed; the next one says so
  std::optional<loop::BeforeWait> writing;

  static State *of(lws *w) { return static_cast<State *>(lws_get_opaque_user_data(w)); }

  void end(WsEnd e) {
    if (std::exchange(ended, true) || orphan) return;
    if (opening) {  // told by open()
      early = std::move(e);
      return;
    }
    const auto tell = std::move(events.ended);
    if (tell) tell(std::move(e));
  }

  void adopt_socket(lws *w);
  int check_certificate(X509_STORE_CTX *store, bool chain_ok);
  void take_up_trust(lws *w);
  std::string reason_phrase() const;
  WsEnd failure(const char *lws_text) const;
  WsEnd ending(lws *w) const;
  void ask_to_write(lws *w) {
    if (!std::exchange(asked_to_write, true)) lws_callback_on_writable(w);
  }
  // At the end of this turn, all that has come together by then. To have lws ask the kernel first would be four changes
  // of its poll set and a turn of the loop for each.
  void plan_write() {
    if (!asked_to_write) writing->plan();
  }
  void write_now() {
    if (wsi == nullptr || asked_to_write || orphan || ended) return;
    // What the line does not take yet has to be overtaken here, not in the kernel.
    if (lws_send_pipe_choked(wsi) != 0) return ask_to_write(wsi);
    const auto keep = shared_from_this();
    if (write(wsi) == 0) return;
    broken = true;
    if (wsi != nullptr) ask_to_write(wsi);
  }
  [[nodiscard]] bool has_more();
  int write(lws *w);
  bool receive(lws *w, void *in, std::size_t len);  // false: not to be borne
};

namespace {

// Not in the public enum, but what lws itself sends close frames with.
constexpr auto kWriteClose = static_cast<lws_write_protocol>(4);

// Before the first payload: what a header may take, and where libwebsockets would write its own if it made one.
constexpr std::size_t kHeadRoom = LWS_PRE > kMaxFrameHead ? LWS_PRE : kMaxFrameHead;
constexpr std::size_t kFramePayload = kRecordBytes - 8;  // bytes; with so many the header has 8 (frame_head_bytes())
// At a time; one on a line that takes less than it is given: what is in frames cannot be overtaken.
constexpr std::size_t kMostFrames = 4;

// A frame may be as large as the largest packet that is taken (mqtt_client.cpp), and some more.
constexpr std::size_t kMaxFrameBytes = 64U << 20;

// How the kernel sees a connection that has just ended.
enum class Ended : std::uint8_t { by_peer, reset, by_us };
Ended how_ended(lws *w) {
  // TLS says goodbye a moment before TCP does.
  const auto *const ssl = lws_get_ssl(w);
  if (ssl != nullptr && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0) return Ended::by_peer;
  tcp_info i{};
  socklen_t len = sizeof i;
  if (::getsockopt(lws_get_socket_fd(w), IPPROTO_TCP, TCP_INFO, &i, &len) != 0) {  // a bridge's
    char c = 0;
    const auto n = ::recv(lws_get_socket_fd(w), &c, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 ? Ended::by_peer : n > 0 || errno == EAGAIN ? Ended::by_us : Ended::reset;
  }
  switch (i.tcpi_state) {
    case TCP_CLOSE:  // reset, or nobody has acknowledged our bytes for too long
      return Ended::reset;
    case TCP_ESTABLISHED:  // the peer has not closed: libwebsockets gave up on what it sent
    case TCP_FIN_WAIT1:
    case TCP_FIN_WAIT2:
      return Ended::by_us;
    default:
      return Ended::by_peer;
  }
}

}  // namespace

// lws has just connected a unix socket and not yet put it into its poll set: the dialed connection takes its place,
// with TLS, SNI and host check as usual (aclk/net/README.md, "Proxies").
void WsLink::State::adopt_socket(lws *w) {
  const int s = lws_get_socket_fd(w);
  if (s < 0 || !dialed) return;
  ::dup2(dialed.get(), s);
  dialed.reset();
  ::fcntl(s, F_SETFD, FD_CLOEXEC);
  ::fcntl(s, F_SETFL, ::fcntl(s, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  ::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // lws skips it for unix sockets
}

// OpenSSL asks for each certificate of the chain. The host name is checked here too: lws does not do it for IPv6
// literals (aclk/mqtt/README.md, "TLS"). Returns 0 to go on.
int WsLink::State::check_certificate(X509_STORE_CTX *store, bool chain_ok) {
  trust = net::TlsTrust::unverified;
  if (context->policy().insecure) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 0;
  }
  const auto judge = [&] {
    tls_trouble =
        net::explain(net::outcome_of(store, endpoint.host), endpoint.host, loop::wall_us() / 1'000'000).sentence;
    return 1;
  };
  if (!chain_ok) return judge();
  auto *const cert = X509_STORE_CTX_get_current_cert(store);
  if (X509_STORE_CTX_get_error_depth(store) == 0 && cert != nullptr && !net::is_for_host(cert, endpoint.host)) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
    return judge();
  }
  if (X509_STORE_CTX_get_error_depth(store) == 0) trust = net::TlsTrust::verified;  // the last that is asked for
  return 0;
}

// A session that was taken up again brings no certificate: what was verified when it was made still is.
void WsLink::State::take_up_trust(lws *w) {
  const auto *const ssl = lws_get_ssl(w);
  if (ssl != nullptr && SSL_session_reused(ssl) == 1)
    trust = context->policy().insecure ? net::TlsTrust::unverified : net::TlsTrust::verified;
}

// Behind the status: libwebsockets keeps "503 Service Unavailable" for as long as it keeps the headers.
std::string WsLink::State::reason_phrase() const {
  std::array<char, 256> line{};
  if (lws_hdr_copy(wsi, line.data(), static_cast<int>(line.size()), WSI_TOKEN_HTTP) <= 0) return {};
  const std::string_view text = line.data();
  const auto space = text.find(' ');
  return space == std::string_view::npos ? std::string() : printable(text.substr(space + 1));
}

WsEnd WsLink::State::failure(const char *lws_text) const {
  const std::string_view text = lws_text == nullptr ? "" : lws_text;
  WsEnd e;
  if (wsi != nullptr) e.http_status = static_cast<int>(lws_http_client_http_response(wsi));
  if (e.http_status != 0) e.http_reason = reason_phrase();
  if (!tls_trouble.empty()) {
    e.kind = WsEnd::Kind::tls;
    e.cause = net::Cause::certificate;
    e.why = fmt::format("{}: TLS failed: {}", whom, tls_trouble);
  } else if (endpoint.encrypted() && !secured) {
    e.kind = WsEnd::Kind::tls;
    e.cause = net::Cause::handshake;
    e.why = fmt::format("{}: TLS failed: {}", whom, net::explain_handshake(context->handshake().reason()));
  } else if (text.find("HS:") != std::string_view::npos || text.find("header") != std::string_view::npos ||
             e.http_status != 0) {
    e.kind = WsEnd::Kind::upgrade;
    e.why =
        e.http_status != 0 && e.http_status != 101
            ? fmt::format("{} answered the WebSocket upgrade of {} with HTTP {} instead of 101; {}", whom,
                          endpoint.path, e.http_status,
                          e.http_status >= 500 ? "the cloud is overloaded or restarting"
                                               : "is that the broker, and does a proxy on the way let WebSocket pass?")
            : fmt::format(
                  "{} answered the WebSocket upgrade of {} wrongly: {}; something on the way may not "
                  "understand WebSocket",
                  whom, endpoint.path, text);
  } else {
    e.kind = WsEnd::Kind::socket;
    e.why = fmt::format(
        "{}: the connection ended during the WebSocket upgrade: {}; a firewall or proxy on the "
        "way may cut it",
        whom, text);
  }
  return e;
}

WsEnd WsLink::State::ending(lws *w) const {
  WsEnd e;
  e.close_code = close_code;
  if (closing) {
    e.kind = WsEnd::Kind::by_us;
    e.why = "closed";
    return e;
  }
  e.kind = WsEnd::Kind::closed;
  if (close_code) {
    // The words that users of the reference search for, then what they mean.
    const auto name = ws_close_name(*close_code);
    e.why = fmt::format(
        "{}: WebSocket server closed the connection with EC={}{}{}; it is set up again", whom, *close_code,
        close_text.empty() ? std::string(". Without message.") : fmt::format(" and reason \"{}\"", close_text),
        name.empty() ? "" : fmt::format(" ({})", name));
    return e;
  }
  if (close_seen) {
    e.why =
        fmt::format("{}: WebSocket server closed the connection without a code or message; it is set up again", whom);
    return e;
  }
  switch (how_ended(w)) {
    case Ended::reset:
      e.kind = WsEnd::Kind::socket;
      e.why = fmt::format("{}: the connection was reset; it is set up again", whom);
      break;
    case Ended::by_us:
      e.kind = WsEnd::Kind::protocol;
      e.why = fmt::format(
          "{}: the server sent what is no WebSocket frame to be understood{}{}; it is tried again, but a "
          "proxy on the way may be the cause",
          whom, trouble.empty() ? "" : ": ", trouble);
      break;
    case Ended::by_peer:
      e.why = fmt::format("{}: the server ended the connection without giving reason; it is set up again", whom);
      break;
  }
  return e;
}

// Fills the buffer when all of it was sent.
bool WsLink::State::has_more() {
  if (sent < filled) return true;
  if (const auto wanted = kHeadRoom + frames_at_once * kFramePayload; capacity < wanted) {
    buffer.reset(new std::uint8_t[wanted]);  // not zeroed: it is about to be filled
    capacity = wanted;
  }
  const std::span all(buffer.get(), kHeadRoom + frames_at_once * kFramePayload);
  frames_at_once = std::min(2 * frames_at_once, kMostFrames);
  sent = kHeadRoom;
  filled = kHeadRoom + (!orphan && events.pull ? events.pull(all.subspan(kHeadRoom)) : 0);
  return sent < filled;
}

int WsLink::State::write(lws *w) {
  while (has_more()) {
    const auto payload = std::min(filled - sent, kFramePayload);
    sent += payload;
    // The header overwrites the end of what libwebsockets already has.
    const auto frame = frames.binary(std::span(buffer.get(), sent), payload);
    if (!frame) return -1;
    // Untouched: to libwebsockets this is no WebSocket payload that it would have to frame.
    if (lws_write(w, frame->data(), frame->size(), LWS_WRITE_HTTP) < 0) return -1;
    // Was that all there is? Then nobody need ask the kernel whether it takes more.
    const bool all = sent == filled && filled < kHeadRoom + kFramePayload;
    if (!all && lws_send_pipe_choked(w) != 0) {
      frames_at_once = 1;
      ask_to_write(w);
      return 0;
    }
  }
  std::array<std::uint8_t, LWS_PRE + 2> close_frame{};
  const auto room = std::span(close_frame).subspan(LWS_PRE);
  if (closing && !std::exchange(close_sent, true)) {
    // By hand: Debian's build of lws is a debug build, which after lws_close_reason() and -1 closes a second time at
    // once on libuv ("uv repeat test"), so that no frame goes out. The server's close frame, or the owner's deadline,
    // is the end.
    room[0] = LWS_CLOSE_STATUS_NORMAL >> 8;
    room[1] = LWS_CLOSE_STATUS_NORMAL & 0xff;
    if (lws_write(w, room.data(), 2, kWriteClose) < 0) return -1;
  }
  if (capacity > kHeadRoom + kFramePayload) {  // an idle link keeps that of one frame
    buffer.reset();
    capacity = 0;
  }
  frames_at_once = 1;
  sent = filled = 0;
  return 0;
}

bool WsLink::State::receive(lws *w, void *in, std::size_t len) {
  if (orphan || ended) return true;
  // All that comes later would be its content.
  if (const std::size_t rest = lws_remaining_packet_payload(w); rest > kMaxFrameBytes) {
    trouble = fmt::format("a frame of which {} bytes are still to come", rest);
    return false;
  }
  if (lws_frame_is_binary(w) == 0) return true;  // text is skipped (proto/README.md, "WebSocket frames")
  if (events.bytes) events.bytes({static_cast<const std::uint8_t *>(in), len});
  return true;
}

int on_websocket(lws *wsi, lws_callback_reasons reason, void *user, void *in, std::size_t len) {
  if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS) {
    auto *const ctx = static_cast<SSL_CTX *>(user);
    auto *const owner = static_cast<WsContext *>(lws_context_user(lws_get_context(wsi)));
    return owner->prepare(ctx) ? 0 : 1;
  }
  auto *const raw = wsi == nullptr ? nullptr : WsLink::State::of(wsi);
  if (raw == nullptr) {
    // Not one of our links. A certificate nobody can judge is not accepted.
    return reason == LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION ? 1 : 0;
  }
  const auto s = raw->shared_from_this();
  switch (reason) {
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
      return s->check_certificate(static_cast<X509_STORE_CTX *>(user), len != 0);
    case LWS_CALLBACK_WSI_CREATE:
      s->wsi = wsi;
      s->created = true;
      s->adopt_socket(wsi);
      return 0;
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
      s->secured = true;
      s->take_up_trust(wsi);
      if (!s->orphan && s->events.secured) s->events.secured();
      return s->orphan ? -1 : 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
      s->open = true;
      if (!s->orphan && s->events.opened) s->events.opened();
      return s->orphan ? -1 : 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
      return s->receive(wsi, in, len) && !s->orphan ? 0 : -1;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
      s->asked_to_write = false;
      return s->orphan || s->broken ? -1 : s->write(wsi);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      if (len >= 2) {
        const auto *p = static_cast<const unsigned char *>(in);
        s->close_code = p[0] << 8 | p[1];
        s->close_text = printable({reinterpret_cast<const char *>(p + 2), len - 2});
      }
      s->close_seen = true;
      // 0: lws answers it. What answers ours needs no answer, and to one without a code lws would send none, nor end.
      return s->close_sent || len < 2 ? -1 : 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
      s->wsi = wsi;
      s->end(s->failure(static_cast<const char *>(in)));
      s->wsi = nullptr;
      return 0;
    case LWS_CALLBACK_CLIENT_CLOSED: {
      auto e = s->ending(wsi);
      s->wsi = nullptr;
      s->end(std::move(e));
      return 0;
    }
    case LWS_CALLBACK_WSI_DESTROY:
      s->wsi = nullptr;
      // Whatever ended it without one of the callbacks above.
      s->end({WsEnd::Kind::socket, s->whom + ": the connection ended", 0, s->close_code, net::Cause::other});
      s->held_by_lws.reset();
      return 0;
    default:
      return 0;
  }
}

WsLink::WsLink(WsContext &context, WsEvents events) : s_(std::make_shared<State>()) {
  s_->context = &context;
  s_->events = std::move(events);
  s_->writing.emplace(context.loop(), [s = s_.get()] { s->write_now(); });
}

WsLink::~WsLink() {
  auto &s = *s_;
  s.orphan = true;
  s.writing.reset();
  s.events = {};
  if (s.wsi != nullptr && !s.opening) {
    // Ends on the next turn; lws would otherwise wait for its own timer (aclk/mqtt/README.md, "Timers do not run
    // by themselves").
    lws_set_timeout(s.wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    lws_cancel_service(s.context->lws());
  }
}

tl::expected<void, WsEnd> WsLink::open(Fd socket, const Url &endpoint, std::string whom, const claim::Proxy &via,
                                       const std::filesystem::path &scratch) {
  const auto failed = [](WsEnd::Kind kind, std::string why) {
    WsEnd e;
    e.kind = kind;
    e.why = std::move(why);
    return tl::unexpected<WsEnd>(std::move(e));
  };
  auto &s = *s_;
  s.whom = std::move(whom);
  s.endpoint = endpoint;
  s.dialed = std::move(socket);
  auto meeting = PrivateUnixSocket::make(scratch);
  if (!meeting) return failed(WsEnd::Kind::internal, meeting.error().what);
  const auto address = "+" + meeting->path();
  const auto host = endpoint.host_in_url();

  lws_client_connect_info i{};
  i.context = s.context->lws();
  i.address = address.c_str();
  i.port = endpoint.port;
  i.path = endpoint.path.c_str();
  i.host = host.c_str();
  i.protocol = kWsProtocol;
  i.local_protocol_name = kWsProtocol;
  i.alpn = "http/1.1";
  i.pwsi = &s.wsi;
  i.opaque_user_data = s_.get();
  // Where to, the cloud says in /env and nowhere else; a redirected connection would also leave its dialed socket.
  i.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT;
  if (s.endpoint.encrypted()) {
    i.ssl_connection |= LCCSCF_USE_SSL;
    // lws would compare the bracketed text; our own check in check_certificate() knows addresses.
    if (is_ip_literal(endpoint.host)) i.ssl_connection |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    if (s.context->policy().insecure)
      i.ssl_connection |= LCCSCF_ALLOW_SELFSIGNED | LCCSCF_ALLOW_INSECURE | LCCSCF_ALLOW_EXPIRED |
                          LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
  }
  s.context->handshake().forget();
  s.context->next_peer("wss " +
                       net::session_peer(net::host_port(endpoint.host, endpoint.port), s.context->policy(), via));
  s.held_by_lws = s_;
  s.opening = true;
  const auto *const wsi = lws_client_connect_via_info(&i);
  s.opening = false;
  if (wsi == nullptr || s.ended) {
    // What fails after WSI_CREATE is closed on a later turn of the loop, and its WSI_DESTROY comes then.
    if (wsi == nullptr && !s.created) s.held_by_lws.reset();
    s.ended = true;
    if (s.early) return tl::unexpected<WsEnd>(std::move(*s.early));
    // It may fail at once without a word: the server was faster than we.
    if (s.endpoint.encrypted() && s.context->handshake().begun()) return tl::unexpected<WsEnd>(s.failure(nullptr));
    return failed(WsEnd::Kind::internal, fmt::format("libwebsockets cannot begin a connection to {}; look at this "
                                                     "machine's memory and limits on open files",
                                                     endpoint.origin()));
  }
  lws_cancel_service(s.context->lws());
  return {};
}

net::TlsTrust WsLink::trust() const { return s_->trust; }

void WsLink::want_write() {
  if (s_->wsi != nullptr && s_->open && !s_->ended) s_->plan_write();
}

void WsLink::close() {
  s_->closing = true;
  want_write();
}

}  // namespace aclk::mqtt
