// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/login.h"

#include <fmt/format.h>

#include <utility>

#include "aclk/login/challenge.h"
#include "aclk/login/cloud_answer.h"
#include "aclk/login/env.h"
#include "aclk/login/status.h"
#include "aclk/net/curl_easy.h"
#include "claim/base/text.h"

namespace aclk::login {
namespace {

// aclk/session/README.md, "HTTPS requests" asks for at least 1 MiB.
constexpr std::size_t kMaxBody = 2U << 20;

// Each state waits for one answer, for the request's timeout at most; leaves for the next one, or for `over`.
enum class Stage : std::uint8_t { env, challenge, password, over };

std::string url_of(const Url &host, const std::string &target) {
  return Url{.scheme = "https", .host = host.host, .port = host.port, .path = target}.str();
}

std::string connecting(const Url &to, const claim::Proxy &proxy) {
  const auto where = net::host_port(to.host, to.port);
  if (proxy.kind == claim::ProxyKind::none) return fmt::format("ACLK: connecting to {} (no proxy)", where);
  return fmt::format("ACLK: connecting to {} via proxy {} ({} credentials)", where, proxy.curl_url(),
                     proxy.has_credentials() ? "with" : "without");
}

// The line about /env that the reference logs for a status (aclk/report/README.md, "Log lines"; aclk/session/README.md,
// "Env"); empty if there is none.
std::string env_line(Status status, int http_status) {
  constexpr auto kFailed = "ACLK: failed to get ACLK environment ({})";
  switch (status) {
    case Status::env_not_200:
      return fmt::format(kFailed, "ENV response code is not 200") + fmt::format(" (got {})", http_status);
    case Status::env_empty:
      return fmt::format(kFailed, "ENV response is empty");
    case Status::env_not_json:
      return fmt::format(kFailed, "ENV response is not JSON");
    case Status::no_old_protocol:
      return "ACLK: this agent can only use the new cloud protocol but cloud requested old one.";
    case Status::no_protocol_capability:
      return R"(ACLK: can't use encoding=proto without at least "proto" capability.)";
    case Status::invalid_env_transport_idx:
      return "ACLK: cloud /env endpoint didn't return any transport usable by this agent.";
    case Status::invalid_env_auth_url:
    case Status::invalid_env_transport_url:
      return {};
    default:
      return fmt::format(kFailed, "cannot contact ENV endpoint");
  }
}

// Statuses that mean "not now": with them Retry-After is an order. 409: this node is just being dealt with.
bool may_say_when(int status) { return status == 409 || status == 425 || status == 429 || status == 503; }

// The first line of a body that has something to read; of HTML, too, it says who is talking.
std::string first_line(std::string_view body) {
  body = trimmed_start(body);
  return excerpt(body.substr(0, body.find_first_of("\r\n")), 120);
}

std::string next_step(int status, bool non_retryable) {
  if (non_retryable) return "it wants no further attempts: claim this node anew, or ask its support";
  if (status == 401 || status == 403 || status == 404)
    return "it does not know this node: if it stays so, claim it anew, and check the cloud's URL";
  if (status / 100 == 3) return "redirects are not followed: correct the cloud's URL";
  if (status == 407 || status == 511) return "a proxy or portal on the way wants a login";
  if (status == 409 || status == 425 || status == 429 || status / 100 == 5)
    return "the cloud is busy or restarting: it is tried again with growing pauses";
  return "is that the cloud? Check its URL and what is on the way";
}

// What to do about an answer that came and cannot be used: the parsers' sentences say what is wrong with it. Empty
// where they say this, too.
std::string_view remedy(Status status) {
  switch (status) {
    case Status::env_empty:
    case Status::env_not_json:
      return "is that the cloud? Check its URL and what is on the way";
    case Status::otp_challenge_invalid:
    case Status::otp_password_empty:
    case Status::otp_password_not_json:
      return "it is tried again; if it stays so, check the cloud's URL and what is on the way";
    case Status::otp_challenge_decryption_failed:
      return "private.pem is not the key that this node was claimed with: claim it anew";
    case Status::invalid_env_auth_url:
    case Status::invalid_env_transport_url:
    case Status::no_lwt_topic:
      return "it is tried again; if it stays so, ask the cloud's support";
    default:
      return {};
  }
}

}  // namespace

struct Login::Impl : std::enable_shared_from_this<Impl> {
  Impl(net::HttpClient &h, const claim::PrivateKey &k, LoginRequest r) : http(h), key(k), request(std::move(r)) {}

  // ---- what is said; each returns false when the listener has destroyed the Login
  template <class Fn, class... Args>
  bool tell(const Fn &fn, Args &&...args) {
    if (fn) fn(std::forward<Args>(args)...);
    return stage != Stage::over;
  }
  bool complain(const std::vector<std::string> &lines) {
    for (const auto &line : lines)
      if (!tell(events.note_error, line)) return false;
    return true;
  }

  // ---- asking
  // False: the listener has destroyed the Login.
  bool enter(Stage next, const char *name, const Url &to) {
    stage = next;
    http_status = 0;
    whom.clear();
    return tell(events.stage, name) && tell(events.note, connecting(to, http.reach().proxy.towards(to.host)));
  }
  [[nodiscard]] net::HttpsRequest request_to(const Url &to, const std::string &target, std::string method,
                                             std::string body) const {
    net::HttpsRequest r;
    r.method = std::move(method);
    r.url = url_of(to, target);
    r.body = std::move(body);
    r.max_body = kMaxBody;
    r.connect_timeout /= request.scale.deadlines;
    r.timeout /= request.scale.deadlines;
    return r;
  }
  void ask(Stage next, const char *name, const Url &to, const std::string &target, std::string method,
           std::string body = {}) {
    if (!enter(next, name, to)) return;
    // Weak: a Login that is gone has cancelled the request, and is not kept by it.
    pending = http.start(request_to(to, target, std::move(method), std::move(body)),
                         [weak = weak_from_this(), host = to.host](net::Reached<net::HttpsResponse> answer) {
                           if (const auto self = weak.lock()) self->on_answer(host, std::move(answer));
                         });
  }

  // ---- the challenge that is asked for beside /env
  void ask_ahead(const Url &to) {
    ahead = http.start(request_to(to, node_path(to) + "/challenge", "GET", {}),
                       [weak = weak_from_this()](net::Reached<net::HttpsResponse> answer) {
                         if (const auto self = weak.lock()) self->on_ahead(std::move(answer));
                       });
  }
  void on_ahead(net::Reached<net::HttpsResponse> answer) {
    ahead = 0;
    if (stage == Stage::env) {
      answer_ahead = std::move(answer);
      return;
    }
    take_ahead(std::move(answer));
  }
  // Its turn has come. What did not get there is asked for again: that was not the attempt's only connection.
  void take_ahead(net::Reached<net::HttpsResponse> answer) {
    if (!answer) return ask_challenge();
    on_answer(agreement.auth.host, std::move(answer));
  }
  void drop_ahead() {
    if (ahead != 0) http.cancel(std::exchange(ahead, 0));
    answer_ahead.reset();
  }
  // False: there is none, or it was asked for in the wrong place.
  bool go_on_with_ahead() {
    if (!request.login_ahead || request.login_ahead->str() != agreement.auth.str() || (ahead == 0 && !answer_ahead)) {
      drop_ahead();
      return false;
    }
    if (!enter(Stage::challenge, "challenge", agreement.auth)) return true;
    if (answer_ahead) {
      auto answer = std::move(*answer_ahead);
      answer_ahead.reset();
      take_ahead(std::move(answer));
    }
    return true;
  }
  void ask_env() {
    ask(Stage::env, "env", request.cloud_url, env_target(request.agent_version, request.claim_id), "GET");
  }
  void ask_challenge() {
    ask(Stage::challenge, "challenge", agreement.auth, node_path(agreement.auth) + "/challenge", "GET");
  }
  void ask_password(const std::string &plain) {
    ask(Stage::password, "password", agreement.auth, node_path(agreement.auth) + "/password", "POST",
        challenge_answer(request.agent_version, plain));
  }
  [[nodiscard]] std::string node_path(const Url &auth) const {
    return fmt::format("{}/node/{}", auth.path, percent_encode(request.claim_id));
  }

  // ---- answers
  void on_answer(const std::string &host, net::Reached<net::HttpsResponse> answer) {
    pending = 0;
    if (!answer) {
      orders.cause = answer.error().cause;
      return fail({status_of(answer.error()), answer.error().error()});
    }
    http_status = answer->status;
    whom = net::where(host, answer->address, http.reach().proxy.towards(host));
    const char *const method = stage == Stage::password ? "POST" : "GET";
    if (!tell(events.note, fmt::format("ACLK: HTTPS \"{}\" request to \"{}\" finished with HTTP code: {}", method, host,
                                       http_status)))
      return;
    if (answer->trust != net::TlsTrust::none && !tell(events.trust, answer->trust, answer->proxy_trust)) return;
    if (const auto date = parse_date(answer->date); date && !tell(events.date, *date)) return;
    if (http_status != (stage == Stage::password ? 201 : 200)) return on_refusal(*answer);
    if (stage == Stage::env) return on_env(answer->body);
    if (stage == Stage::challenge) return on_challenge(answer->body);
    on_password(answer->body);
  }

  void on_env(const std::string &body) {
    auto env = parse_env(body);
    if (!env) {
      // There are no secrets in it, and its first line tells a captive portal from a broken cloud.
      if (const auto line = first_line(body); !line.empty())
        env.error().error.what += fmt::format("; it begins with \"{}\"", line);
      return fail(env.error());
    }
    if (!complain(env->notes) || !tell(events.limits, env->backoff)) return;
    auto agreed = agree(*env, http.reach().insecure ? PlainText::allowed : PlainText::refused);
    if (!agreed) return fail(agreed.error());
    agreement = std::move(*agreed);
    if (!tell(events.agreed, agreement)) return;
    if (!tell(events.note_debug,
              std::string("ACLK: new ACLK protobuf protocol negotiated successfully (/env response).")))
      return;
    if (!go_on_with_ahead()) ask_challenge();
  }

  void on_challenge(const std::string &body) {
    const auto cipher = parse_challenge(body);
    if (!cipher) return fail(cipher.error());
    const auto plain = key.decrypt_challenge(*cipher);
    if (!plain) {
      if (!tell(events.note_error, fmt::format("ACLK: Decryption of the challenge failed: {}", plain.error().what)))
        return;
      return fail({Status::otp_challenge_decryption_failed, plain.error()});
    }
    ask_password(*plain);
  }

  void on_password(const std::string &body) {
    auto p = parse_password(body, request.claim_id);
    if (!p) return fail(p.error());
    if (!complain(p->notes)) return;
    finish(Credentials{agreement.endpoint, std::move(p->client_id), std::move(p->username), std::move(p->password),
                       std::move(p->topics)});
  }

  // Another status than the one wanted: the body may have orders.
  void on_refusal(const net::HttpsResponse &answer) {
    const auto said = parse_cloud_error(answer.body);
    orders.non_retryable = said.non_retryable;
    orders.retry_after_s = said.retry_after_s;
    if (!orders.retry_after_s && may_say_when(answer.status))
      orders.retry_after_s = parse_retry_after(answer.retry_after, answer.date);
    if (!complain(said.log)) return;
    const char *const what = stage == Stage::env ? "/api/v1/env" : stage == Stage::challenge ? "challenge" : "password";
    const auto status = stage == Stage::env         ? Status::env_not_200
                        : stage == Stage::challenge ? Status::otp_challenge_not_200
                                                    : Status::otp_password_not_201;
    std::string sentence = fmt::format("{}: {} answered with HTTP status {}", what, whom, answer.status);
    if (!said.message.empty() || !said.message_key.empty())
      sentence += fmt::format(": {} ({})", said.message, said.message_key);
    else if (const auto line = first_line(answer.body); !line.empty() && answer.status / 100 != 2)
      sentence += fmt::format(": \"{}\"", line);  // of a success it might be the password
    sentence += "; " + next_step(answer.status, said.non_retryable);
    if (!said.non_retryable && orders.retry_after_s)
      sentence += fmt::format(", not before {} s are over as it asks", *orders.retry_after_s);
    fail({status, {Errc::http_status, std::move(sentence)}});
  }

  // ---- ends
  void fail(LoginError r) {
    if (!log_failure(r.status)) return;
    if (!whom.empty() && r.error.what.find(whom) == std::string::npos) r.error.what = whom + ": " + r.error.what;
    if (const auto text = remedy(r.status); !text.empty()) r.error.what += fmt::format("; {}", text);
    LoginFailure f = std::move(orders);
    f.status = r.status;
    f.error = std::move(r.error);
    f.http_status = http_status;
    finish(tl::unexpected<LoginFailure>(std::move(f)));
  }

  bool log_failure(Status status) {
    if (stage == Stage::env) {
      const auto line = env_line(status, http_status);
      return line.empty() || tell(events.note_error, line);
    }
    std::vector<std::string> lines;
    if (status == Status::otp_challenge_not_200)
      lines.push_back(fmt::format("ACLK: OTP Challenge HTTP code not 200 OK (got {})", http_status));
    if (status == Status::otp_password_not_201)
      lines.push_back(fmt::format("ACLK: OTP Password HTTP code not 201 Created (got {})", http_status));
    if (status != Status::otp_challenge_decryption_failed)
      lines.emplace_back(stage == Stage::challenge ? "ACLK: error getting challenge" : "ACLK: Error getting response");
    lines.emplace_back("ACLK: error passing Challenge/Response to get OTP");
    return complain(lines);
  }

  void finish(tl::expected<Credentials, LoginFailure> result) {
    stage = Stage::over;
    drop_ahead();
    http.close_idle();
    if (events.done) events.done(std::move(result));
  }

  net::HttpClient &http;
  const claim::PrivateKey &key;
  const LoginRequest request;
  LoginEvents events;
  Stage stage = Stage::over;
  net::HttpClient::Id pending = 0;
  net::HttpClient::Id ahead = 0;  // the challenge, asked for beside /env
  std::optional<net::Reached<net::HttpsResponse>> answer_ahead;
  int http_status = 0;  // of the last answer of the stage
  std::string whom;     // it came from
  Agreement agreement;
  LoginFailure orders;  // what the cloud ordered, and the cause; the rest is added at the end
};

Login::Login(net::HttpClient &http, const claim::PrivateKey &key, LoginRequest request)
    : impl_(std::make_shared<Impl>(http, key, std::move(request))) {}

Login::~Login() {
  if (impl_->pending != 0) impl_->http.cancel(impl_->pending);
  impl_->drop_ahead();
  impl_->stage = Stage::over;
}

void Login::start(LoginEvents events) {
  const auto self = impl_;
  self->events = std::move(events);
  self->ask_env();
  if (self->stage == Stage::env && self->request.login_ahead) self->ask_ahead(*self->request.login_ahead);
}

}  // namespace aclk::login
