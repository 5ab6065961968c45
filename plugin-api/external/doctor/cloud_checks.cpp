// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/doctor/cloud_checks.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "aclk/cloud/login.h"
#include "aclk/loop/clock.h"
#include "aclk/loop/timer.h"
#include "aclk/session/clock_watch.h"
#include "aclk/transport/connection.h"
#include "aclk/transport/curl_easy.h"
#include "aclk/transport/dialer.h"
#include "aclk/transport/ws_link.h"
#include "claim/base/files.h"
#include "plugin-api/external/doctor/ladder.h"
#include "plugin-api/external/doctor/reach_host.h"

namespace aclk::doctor {
namespace {

using transport::Connection;
using transport::ConnectionEnd;

constexpr auto kUpgradeTime = std::chrono::seconds(30);
constexpr std::size_t kMaxPem = 64U << 10;

// What a whole login came to.
struct LoginTrace {
  std::string stage;  // the last that began
  std::optional<cloud::LoginFailure> failure;
  std::optional<cloud::Credentials> credentials;
  session::ClockWatch clock;
};

class Walk {
 public:
  Walk(const Patient &patient, Depth depth) : s_(patient.settings()), patient_(patient), depth_(depth) {}

  Findings run() {
    const auto url = parse_url(s_.cloud_url);
    if (!url) return {skipped("env", "the cloud's URL cannot be used")};
    const auto pem = read_file(s_.identity.private_key, kMaxPem);
    auto key = pem ? claim::PrivateKey::from_pem(*pem) : tl::unexpected<Error>(pem.error());
    if (!key) return {bad_from("key", key.error().what)};
    host("", *url);
    log_in(*url, *key);
    return std::move(findings_);
  }

 private:
  // Name and TCP of a host of the cloud, or of the proxy towards it.
  void host(const std::string &prefix, const Url &url) {
    const auto proxy = s_.reach.proxy.towards(url.host);
    const bool direct = proxy.kind == claim::ProxyKind::none;
    const auto &name = direct ? url.host : proxy.host;
    const auto port = direct ? url.port : proxy.port;
    add(judge_host(direct ? prefix : prefix + "proxy-", name, port, reach_host(loop_, name, port)));
  }

  void log_in(const Url &url, const claim::PrivateKey &key) {
    LoginTrace trace;
    {
      transport::CurlMulti multi(loop_.uv());
      cloud::HttpClient http(multi, s_.reach);
      const cloud::LoginRequest request{url, s_.identity.claim_id,
                                        patient_.env().version.empty() ? "v" ACLK_VERSION : patient_.env().version};
      auto login = std::make_unique<cloud::Login>(http, key, request);
      bool done = false;
      cloud::Login::Events e;
      e.stage = [&](const char *stage) {
        trace.stage = stage;
        // The challenge was decrypted when the password is about to be asked for; asking is what must not be.
        if (depth_ != Depth::challenge || trace.stage != "password") return;
        done = true;
        login.reset();
      };
      e.date = [&](std::int64_t s) { (void)trace.clock.heard(s, loop::wall_us()); };
      e.done = [&](tl::expected<cloud::Credentials, cloud::LoginFailure> r) {
        if (r)
          trace.credentials = std::move(*r);
        else
          trace.failure = std::move(r.error());
        done = true;
      };
      login->start(std::move(e));
      while (!done) uv_run(&loop_.uv(), UV_RUN_ONCE);
    }
    loop_.drain();
    judge_login(trace);
    if (trace.credentials) open_link(*trace.credentials);
  }

  void judge_login(const LoginTrace &t) {
    const auto tls = std::string(s_.reach.insecure ? "the cloud's certificate was NOT verified (insecure)"
                                                   : "the cloud's certificate was verified");
    std::vector<Rung> rungs{{"tls", tls}, {"env", "the cloud says how it wants to be reached"}};
    if (s_.reach.proxy.kind != claim::ProxyKind::none)
      rungs.insert(rungs.begin(),
                   Rung{"proxy", "a tunnel to the cloud through " + s_.reach.proxy.display() + proxy_certificate()});
    rungs.push_back({"challenge", "the cloud knows this node; its challenge was decrypted"});
    if (depth_ != Depth::challenge) rungs.push_back({"password", "the cloud takes the key, and gives credentials"});
    std::optional<Fall> fall;
    if (t.failure) fall = Fall{rung_of(*t.failure, t.stage), t.failure->error.what};
    add(climb(rungs, fall));
    if (const auto ms = t.clock.offset_ms()) judge_clock(*ms);
    if (depth_ == Depth::challenge && !t.failure)
      add({skipped("password", "the link is online: that is proof, and another login could disturb it")});
    if (t.failure || depth_ == Depth::challenge)
      for (const auto *check : {"websocket", "mqtt"})
        add({skipped(check, t.failure ? "not reached" : "the link is online: that is proof")});
  }

  std::string proxy_certificate() const {
    if (s_.reach.proxy.kind != claim::ProxyKind::https) return {};
    return s_.reach.insecure ? "; the proxy's certificate was NOT verified (insecure)"
                             : "; the proxy's certificate was verified";
  }

  static std::string_view rung_of(const cloud::LoginFailure &f, std::string_view stage) {
    if (f.http_status == 0) {
      if (f.error.code == Errc::tls) return "tls";
      if (f.error.code == Errc::proxy) return "proxy";
    }
    return stage == "env" ? "env" : stage == "challenge" ? "challenge" : "password";
  }

  void judge_clock(std::int64_t ms) {
    const auto text = fmt::format("this machine's clock is {:.1f} s {} the cloud's",
                                  static_cast<double>(ms < 0 ? -ms : ms) / 1000, ms < 0 ? "behind" : "ahead of");
    if (ms > session::ClockWatch::kWarnAboveMs || ms < -session::ClockWatch::kWarnAboveMs)
      add({warning("clock", text, "set it, and let NTP keep it: timedatectl set-ntp true")});
    else
      add({good("clock", text)});
  }

  void open_link(const cloud::Credentials &c) {
    const auto cloud_url = parse_url(s_.cloud_url);
    if (cloud_url && (cloud_url->host != c.endpoint.host || cloud_url->port != c.endpoint.port))
      host("broker-", c.endpoint);
    auto ws = transport::WsContext::make(loop_.uv(), {s_.reach.trust_file, s_.reach.insecure});
    if (!ws) return add({bad_from("websocket", ws.error().what)});
    if (depth_ == Depth::connect)
      connect(**ws, c);
    else
      upgrade(**ws, c);
    loop_.drain();
  }

  static std::vector<Rung> link_rungs(const cloud::Credentials &c) {
    const auto whom = transport::host_port(c.endpoint.host, c.endpoint.port);
    return {{"broker", "connected to " + whom},
            {"broker-tls", "its certificate was taken"},
            {"websocket", "the upgrade was granted"},
            {"mqtt", "CONNECT and subscriptions were accepted"}};
  }

  void connect(transport::WsContext &ws, const cloud::Credentials &c) {
    transport::ConnectionPlan p;
    p.endpoint = c.endpoint;
    p.proxy = s_.reach.proxy.towards(c.endpoint.host);
    p.scratch = patient_.env().cloud_dir();
    p.setup_timeout = kUpgradeTime;
    // No will: nothing is said in this node's name.
    p.mqtt.client_id = c.client_id;
    p.mqtt.username = c.username;
    p.mqtt.password = c.password;
    p.subscriptions = {c.topics[cloud::Topic::inbox_cmd], c.topics[cloud::Topic::inbox_cmd_v1]};
    std::optional<ConnectionEnd> end;
    bool up = false;
    transport::CurlMulti multi(loop_.uv());
    loop::Timer settle(loop_.uv());
    std::unique_ptr<Connection> link;
    Connection::Events e;
    e.up = [&](const transport::MqttLimits &, const std::string &) {
      up = true;
      settle.start(std::chrono::milliseconds(500), [&] { link->close(); });  // a refused SUBSCRIBE comes after it
    };
    e.ended = [&](const ConnectionEnd &x) { end = x; };
    link = std::make_unique<Connection>(loop_.uv(), multi, ws, std::move(p), std::move(e));
    link->start();
    while (!end) uv_run(&loop_.uv(), UV_RUN_ONCE);
    settle.stop();
    std::optional<Fall> fall;
    if (!up || end->kind != ConnectionEnd::Kind::by_us) fall = Fall{rung_of(*end), end->error.what};
    add(climb(link_rungs(c), fall));
    link.reset();
  }

  static std::string_view rung_of(const ConnectionEnd &end) {
    using Kind = ConnectionEnd::Kind;
    switch (end.kind) {
      case Kind::dial:
        return "broker";
      case Kind::tls:
        return "broker-tls";
      case Kind::upgrade:
      case Kind::ws_protocol:
        return "websocket";
      default:
        return "mqtt";
    }
  }

  // As far as the WebSocket is open, and no further.
  void upgrade(transport::WsContext &ws, const cloud::Credentials &c) {
    const auto whom = transport::host_port(c.endpoint.host, c.endpoint.port);
    auto rungs = link_rungs(c);
    rungs.pop_back();
    std::string_view rung = "broker";
    std::optional<Fall> fall;
    bool done = false;
    const auto end = [&](std::string_view at, std::string why) {
      if (!done) fall = Fall{at, std::move(why)};
      done = true;
    };
    transport::CurlMulti multi(loop_.uv());
    transport::Dialer dialer(multi, ws.policy());
    std::unique_ptr<transport::Bridge> bridge;
    transport::WsLink::Events e;
    e.secured = [&] { rung = "websocket"; };
    e.opened = [&] { done = true; };
    e.bytes = [](auto) {};
    e.pull = [](auto) -> std::size_t { return 0; };
    e.ended = [&](const transport::WsEnd &x) { end(rung, x.why); };
    transport::WsLink link(ws, std::move(e));
    loop::Timer deadline(loop_.uv());
    deadline.start(std::chrono::milliseconds(kUpgradeTime),
                   [&] { end(rung, whom + ": no answer within 30 s; is it the cloud's broker?"); });
    const auto proxy = s_.reach.proxy.towards(c.endpoint.host);
    dialer.dial(c.endpoint.host, c.endpoint.port, proxy, std::chrono::seconds(10),
                [&](transport::Reached<transport::Dialed> d) {
                  if (!d) return end("broker", d.error().what);
                  rung = "broker-tls";
                  bridge = std::move(d->bridge);
                  const auto r = link.open(std::move(d->socket), c.endpoint, transport::where(whom, d->address, proxy),
                                           patient_.env().cloud_dir());
                  if (!r) end(rung, r.error().why);
                });
    while (!done) uv_run(&loop_.uv(), UV_RUN_ONCE);
    deadline.stop();
    add(climb(rungs, fall));
    add({skipped("mqtt", "aclk.plugin is running: a second CONNECT would end its session")});
  }

  void add(Findings more) {
    for (auto &f : more) findings_.push_back(std::move(f));
  }

  const link::Settings &s_;
  const Patient &patient_;
  const Depth depth_;
  loop::Loop loop_;
  Findings findings_;
};

}  // namespace

Findings check_cloud(const Patient &patient, Depth depth) { return Walk(patient, depth).run(); }

}  // namespace aclk::doctor
