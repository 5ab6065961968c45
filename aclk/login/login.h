// SPDX-License-Identifier: GPL-3.0-or-later
//
// env -> challenge -> password: the HTTPS conversation that every connection begins with (aclk/session/README.md, "Env"
// to "Errors of the cloud"), over one kept-alive TLS connection.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aclk/login/challenge.h"
#include "aclk/login/env.h"
#include "aclk/login/status.h"
#include "aclk/loop/clock.h"
#include "aclk/net/fault.h"
#include "aclk/net/http_client.h"
#include "claim/base/url.h"
#include "claim/key.h"

namespace aclk::login {

struct LoginRequest {
  Url cloud_url;  // its path is ignored; TLS whatever its scheme
  std::string claim_id;
  std::string agent_version;  // with the leading v
  loop::TimeScale scale{};    // of the deadlines of requests
  // Where the cloud is believed to take logins (Agreement::auth): the challenge is asked for there at once, beside /env
  // and over a connection of its own. It counts if /env then says the same; else it is asked for where that says.
  std::optional<Url> login_ahead{};
};

// All that is needed to open the link.
struct Credentials {
  Url endpoint;  // wss://host:port/path of the first MQTTv5 transport; ws:// only with an insecure Reach
  std::string client_id;
  std::string username;
  std::string password;  // secret
  Topics topics;
};

// Why it did not work, and what the cloud asked for (aclk/session/README.md, "Errors of the cloud").
struct LoginFailure {
  Status status = Status::offline;
  Error error;
  net::Cause cause = net::Cause::other;        // of getting there
  int http_status = 0;                         // 0 = no HTTP answer
  bool non_retryable = false;                  // errorNonRetryable
  std::optional<std::uint32_t> retry_after_s;  // errorRetryDelaySeconds, else Retry-After of 429/503
};

// One conversation; make a new one for the next attempt. Loop thread only. Each of the three requests has 30 s. What
// comes is bounded by 2 MiB per answer.
class Login {
 public:
  Login(net::HttpClient &http, const claim::PrivateKey &key, LoginRequest request);  // both must outlive it
  ~Login();                                                                          // gives up without calling back
  Login(const Login &) = delete;
  Login &operator=(const Login &) = delete;

  // Any of them may be empty, and may destroy the Login. All but `done` may be called from inside start().
  struct LoginEvents {
    // A good /env came: its limits hold for backoff from now on, whatever happens next.
    std::function<void(const BackoffLimits &)> limits;
    // The cloud has said where it takes logins, which may be another host, and where its broker is.
    std::function<void(const Agreement &)> agreed{};
    // Stages for state and logs: "env", "challenge", "password".
    std::function<void(const char *stage)> stage;
    // A connection was made for the stage that runs: was the certificate verified, and that of an HTTPS proxy?
    std::function<void(net::TlsTrust cloud, net::TlsTrust proxy)> trust{};
    // The Date header of an answer: the cloud's clock, epoch seconds.
    std::function<void(std::int64_t)> date{};
    // `ACLK: HTTPS "GET" request to "host" finished with HTTP code: 200` and the like, at info.
    std::function<void(const std::string &line)> note;
    // Lines of aclk/session/README.md, "HTTPS requests" to "Errors of the cloud"; aclk/report/README.md, "Log lines"
    // that users search for, at error: what the cloud said, keys that are not known. For the log; the whole story in
    // one sentence is LoginFailure.error.
    std::function<void(const std::string &line)> note_error;
    // At debug: `ACLK: new ACLK protobuf protocol negotiated successfully (/env response).`
    std::function<void(const std::string &line)> note_debug;
    // Exactly once, from the loop, unless the Login is destroyed first. The connection is closed by then.
    std::function<void(tl::expected<Credentials, LoginFailure>)> done;
  };
  void start(LoginEvents events);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace aclk::login
