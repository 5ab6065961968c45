// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "aclk/login/login.h"
#include "aclk/loop/clock.h"
#include "aclk/mqtt/connection.h"
#include "aclk/mqtt/ws_context.h"
#include "aclk/net/curl_easy.h"
#include "aclk/session/connection_history.h"
#include "claim/base/files.h"
#include "plugin-api/doctor/finding.h"
#include "plugin-api/doctor/reach_host.h"

namespace aclk::doctor {
namespace {

using mqtt::Connection;
using mqtt::ConnectionEnd;
using net::Cause;
using net::TlsTrust;

constexpr std::size_t kMaxPem = 64U << 10;

// The checks after the login, but for those of the broker's host.
constexpr std::array kLinkChecks{"broker", "broker-tls", "websocket", "mqtt", "subscribe"};

struct Trusts {
  TlsTrust cloud = TlsTrust::none;
  TlsTrust proxy = TlsTrust::none;
};

// What a whole login came to.
struct LoginTrace {
  std::string stage;         // the last that began
  std::optional<Url> login;  // where /env says that they are taken
  std::optional<login::LoginFailure> failure;
  std::optional<login::Credentials> credentials;
  session::ClockSkew clock;
  std::map<std::string, Trusts, std::less<>> trusts;  // by stage; of those that made a connection
};

// What was seen, not what was asked for. A connection that broke before its first answer tells nothing of the
// certificate; that it got so far means that TLS was set up.
Finding tls_finding(std::string check, const Url &to, TlsTrust trust) {
  const auto whom = net::host_port(to.host, to.port);
  if (trust == TlsTrust::none && to.encrypted())
    return good(std::move(check), whom + ": TLS was set up; no answer came by it");
  switch (trust) {
    case TlsTrust::verified:
      return good(std::move(check), whom + ": its certificate was verified");
    case TlsTrust::unverified:
      return good(std::move(check), whom + ": its certificate was NOT verified (insecure)");
    case TlsTrust::none:
      break;
  }
  return warning(std::move(check), whom + ": NOTHING is encrypted there, this node's password included",
                 "the cloud must name a wss:// endpoint; then remove `insecure` from cloud.conf");
}

std::string whom(const Url &url) { return net::host_port(url.host, url.port); }

bool has_bad(const Findings &findings) {
  return std::ranges::any_of(findings, [](const Finding &f) { return f.verdict == Verdict::bad; });
}

class Walk {
 public:
  Walk(const DoctorContext &context, Depth depth) : s_(context.settings()), context_(context), depth_(depth) {}

  Findings run() {
    const auto url = parse_url(s_.cloud_url);
    if (!url) return {skipped("env", "the cloud's URL cannot be used")};
    const auto pem = read_file(s_.identity.private_key, kMaxPem);
    auto key = pem ? claim::PrivateKey::from_pem(*pem) : tl::unexpected<Error>(pem.error());
    if (!key) return {bad_from("key", key.error().what)};
    cloud_ = *url;

    auto way = reach("", cloud_);
    const auto trace = has_bad(way) ? std::nullopt : std::optional(log_in(*key));
    add(way_checks(std::move(way), cloud_, "", trace ? trusts_of(*trace, "env") : Trusts{}));
    std::optional<FailedCheck> failed;
    if (trace && trace->failure && trace->stage == "env") failed = failed_check_of(*trace, "");
    go_on({good("env", "the cloud says how it wants to be reached")}, failed);
    judge_login(trace ? *trace : LoginTrace{});
    return std::move(findings_);
  }

 private:
  // ---- one check after the other; what comes after a failure is never taken for good

  void go_on(Findings checks, const std::optional<FailedCheck> &failed) {
    // A failure may be of a check that was passed before: the way worked, and then it did not.
    if (!failed_) {
      std::ranges::move(checks, std::back_inserter(findings_));
      findings_ = until_failure(std::move(findings_), failed);
    } else {
      for (auto &f : checks) findings_.push_back(not_reached(f.check));
    }
    failed_ = has_bad(findings_);
  }
  void add(Findings checks) { go_on(std::move(checks), std::nullopt); }

  // ---- the way to a host

  // Name and TCP of a host, or (once) of the proxy that leads to it.
  Findings reach(const std::string &prefix, const Url &url) {
    const auto proxy = s_.reach.proxy.towards(url.host);
    const bool direct = proxy.kind == claim::ProxyKind::none;
    if (!direct && std::exchange(proxy_judged_, true)) return {};
    const auto &name = direct ? url.host : proxy.host;
    const auto port = direct ? url.port : proxy.port;
    return judge_host(direct ? prefix : "proxy-", name, port, reach_host(loop_, name, port, context_.scale()));
  }

  // What reach() found, then proxy and TLS.
  Findings way_checks(Findings way, const Url &to, const std::string &prefix, Trusts trusts) {
    const bool open = !has_bad(way);
    const auto check = [&](Finding done) {
      way.push_back(open ? std::move(done) : not_reached(std::move(done.check)));
    };
    const auto proxy = s_.reach.proxy.towards(to.host);
    if (proxy.kind != claim::ProxyKind::none)
      check(good(prefix + "proxy", fmt::format("a tunnel to {} through {}{}", whom(to), proxy.display(),
                                               proxy_certificate(proxy, trusts.proxy))));
    check(tls_finding(prefix + "tls", to, trusts.cloud));
    return way;
  }

  static std::string proxy_certificate(const claim::Proxy &proxy, TlsTrust trust) {
    if (proxy.kind != claim::ProxyKind::https) return {};
    return trust == TlsTrust::verified ? "; the proxy's certificate was verified"
                                       : "; the proxy's certificate was NOT verified (insecure)";
  }
  static Trusts trusts_of(const LoginTrace &t, std::string_view stage) {
    const auto it = t.trusts.find(stage);
    return it == t.trusts.end() ? Trusts{} : it->second;
  }

  // ---- the login

  LoginTrace log_in(const claim::PrivateKey &key) {
    LoginTrace trace;
    {
      net::CurlMulti multi(loop_.uv());
      net::HttpClient http(multi, s_.reach);
      const login::LoginRequest request{cloud_, s_.identity.claim_id,
                                        context_.env().version.empty() ? "v" ACLK_VERSION : context_.env().version,
                                        context_.scale()};
      auto login = std::make_unique<login::Login>(http, key, request);
      bool done = false;
      login::Login::LoginEvents e;
      e.agreed = [&](const login::Agreement &a) { trace.login = a.auth; };
      e.stage = [&](const char *stage) {
        trace.stage = stage;
        // The challenge was decrypted when the password is about to be asked for; asking is what must not be.
        if (depth_ != Depth::challenge || trace.stage != "password") return;
        done = true;
        login.reset();
      };
      e.trust = [&](TlsTrust cloud, TlsTrust proxy) { trace.trusts[trace.stage] = {cloud, proxy}; };
      e.date = [&](std::int64_t s) { (void)trace.clock.heard(s, loop::wall_us()); };
      e.done = [&](tl::expected<login::Credentials, login::LoginFailure> r) {
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
    return trace;
  }

  void judge_login(const LoginTrace &t) {
    const bool elsewhere = t.login && whom(*t.login) != whom(cloud_);
    if (elsewhere && !failed_)
      add(way_checks(reach("login-", *t.login), *t.login, "login-", trusts_of(t, "challenge")));
    Findings checks{good("challenge", "the cloud knows this node; its challenge was decrypted")};
    if (depth_ != Depth::challenge)
      checks.push_back(good("password", "the cloud takes the key, and gives credentials"));
    std::optional<FailedCheck> failed;
    if (t.failure && !failed_)
      failed = failed_check_of(t, elsewhere && t.stage == "challenge" ? std::optional("login-") : std::nullopt);
    go_on(std::move(checks), failed);
    if (const auto ms = t.clock.offset_ms()) judge_clock(*ms);
    if (failed_ || !t.credentials) {
      constexpr auto kProof = "the link is online: that is proof";
      if (!failed_)
        findings_.push_back(skipped("password", kProof + std::string(", and another login could disturb it")));
      for (const auto *check : kLinkChecks) findings_.push_back(failed_ ? not_reached(check) : skipped(check, kProof));
      return;
    }
    open_link(*t.credentials);
  }

  // The check that broke. way: what the names of the checks on the way there begin with; nullopt = there are none of
  // its own, the connection was to be used again.
  [[nodiscard]] FailedCheck failed_check_of(const LoginTrace &t, std::optional<std::string_view> way) const {
    const auto &f = *t.failure;
    const auto &host = t.stage == "env" ? cloud_.host : t.login->host;
    const bool proxied = s_.reach.proxy.towards(host).kind != claim::ProxyKind::none;
    const auto check = way && f.http_status == 0 ? way_check(f, proxied) : std::string_view();
    return {check.empty() ? t.stage : std::string(*way).append(check), f.error.what};
  }

  // Of getting there; empty when it was not that. What happens before a tunnel is there is the proxy's.
  static std::string_view way_check(const login::LoginFailure &f, bool proxied) {
    switch (f.cause) {
      case Cause::dns:
        return proxied ? "proxy" : "dns";
      case Cause::refused:
      case Cause::unreachable:
      case Cause::no_socket:
      case Cause::timeout:
        return proxied ? "proxy" : "tcp";
      case Cause::proxy:
        return "proxy";
      case Cause::trust_store:
      case Cause::handshake:
      case Cause::no_handshake:
      case Cause::certificate:
        return "tls";
      case Cause::no_memory:
      case Cause::write_failed:
      case Cause::other:
        break;
    }
    if (f.error.code == Errc::tcp) return proxied ? "proxy" : "tcp";
    return "";
  }

  void judge_clock(std::int64_t ms) {
    const auto text = fmt::format("this machine's clock is {:.1f} s {} the cloud's",
                                  static_cast<double>(ms < 0 ? -ms : ms) / 1000, ms < 0 ? "behind" : "ahead of");
    if (ms > session::ClockSkew::kWarnAboveMs || ms < -session::ClockSkew::kWarnAboveMs)
      findings_.push_back(warning("clock", text, "set it, and let NTP keep it: timedatectl set-ntp true"));
    else
      findings_.push_back(good("clock", text));
  }

  // ---- the link

  void open_link(const login::Credentials &c) {
    if (whom(cloud_) != whom(c.endpoint)) add(reach("broker-", c.endpoint));
    std::optional<FailedCheck> failed;
    auto trust = TlsTrust::none;
    if (!failed_) {
      auto ws = mqtt::WsContext::make(loop_.uv(), {s_.reach.trust_file, s_.reach.insecure});
      if (ws)
        failed = connect(**ws, c, trust);
      else
        failed = FailedCheck{"broker-tls", ws.error().what};
      loop_.drain();
    }
    Findings checks{good("broker", "connected to " + whom(c.endpoint)), tls_finding("broker-tls", c.endpoint, trust),
                    good("websocket", "the upgrade was granted")};
    if (depth_ == Depth::connect) {
      checks.push_back(good("mqtt", "CONNECT was accepted"));
      checks.push_back(good("subscribe", "the subscriptions were granted"));
    }
    go_on(std::move(checks), failed);
    if (depth_ == Depth::connect) return;
    constexpr auto kWhy = "aclk.plugin is running: a second CONNECT would end its session";
    for (const auto *check : {"mqtt", "subscribe"})
      findings_.push_back(failed_ ? not_reached(check) : skipped(check, kWhy));
  }

  [[nodiscard]] mqtt::ConnectionPlan plan_of(const login::Credentials &c) const {
    mqtt::ConnectionPlan p;
    p.endpoint = c.endpoint;
    p.proxy = s_.reach.proxy.towards(c.endpoint.host);
    p.scratch = context_.env().cloud_dir();
    p.dial_timeout /= context_.scale().deadlines;
    p.setup_timeout /= context_.scale().deadlines;
    p.ack_timeout /= context_.scale().deadlines;
    return p;
  }

  // No will: nothing is said in this node's name.
  [[nodiscard]] mqtt::MqttSession session_of(const login::Credentials &c) const {
    mqtt::MqttSession s;
    s.connect.scale = context_.scale();
    s.connect.client_id = c.client_id;
    s.connect.username = c.username;
    s.connect.password = c.password;
    s.subscriptions = {c.topics[proto::Topic::inbox_cmd], c.topics[proto::Topic::inbox_cmd_v1]};
    return s;
  }

  // Until the broker listens to us, or, where a link runs, until the WebSocket is open.
  // `trust`: what became of TLS with it.
  std::optional<FailedCheck> connect(mqtt::WsContext &ws, const login::Credentials &c, TlsTrust &trust) {
    std::optional<ConnectionEnd> end;
    std::string check;
    bool there = false;
    net::CurlMulti multi(loop_.uv());
    std::unique_ptr<Connection> link;
    const auto arrive = [&] {
      there = true;
      link->close();
    };
    Connection::ConnectionEvents e;
    e.stage = [&](mqtt::Stage stage) {
      check = kLinkChecks.at(static_cast<std::size_t>(stage));
      if (stage == mqtt::Stage::websocket) trust = link->trust();
      if (stage == mqtt::Stage::connect && depth_ == Depth::upgrade) arrive();
    };
    e.up = [&](const mqtt::MqttLimits &, const std::string &) { check = "subscribe"; };
    e.subscribed = arrive;
    e.ended = [&](const ConnectionEnd &x) { end = x; };
    link = std::make_unique<Connection>(loop_.uv(), multi, ws, plan_of(c), std::move(e));
    link->start();
    link->go_on(session_of(c));
    while (!end) uv_run(&loop_.uv(), UV_RUN_ONCE);
    link.reset();
    if (there) return std::nullopt;
    return FailedCheck{check, end->error.what};
  }

  const module::Settings &s_;
  const DoctorContext &context_;
  const Depth depth_;
  Url cloud_;
  loop::Loop loop_;
  Findings findings_;
  bool failed_ = false;
  bool proxy_judged_ = false;
};

}  // namespace

Findings check_cloud(const DoctorContext &context, Depth depth) { return Walk(context, depth).run(); }

}  // namespace aclk::doctor
