// SPDX-License-Identifier: GPL-3.0-or-later
//
// For tests of the login: a scripted cloud, and one attempt with all it tells.
#pragma once

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "aclk/login/login.h"
#include "tests/sockets/net/https_server.h"
#include "tests/sockets/net/on_loop.h"

namespace aclk::test {

inline constexpr auto kClaim = "0ceb4a41-6f8a-4bf0-a5e2-7f8fb0a6ad02";

// The key of the node; made once, as it takes long.
const claim::PrivateKey &node_key();

// The challenge, decrypted: any bytes.
std::string plain_challenge();

// A cloud whose answers can be replaced before the first request.
class Cloud {
 public:
  explicit Cloud(int family = 2 /* AF_INET */);

  std::string auth;  // authEndpoint
  std::optional<Reply> env;
  std::optional<Reply> challenge;
  std::optional<Reply> password;

  [[nodiscard]] nlohmann::json good_env() const;
  [[nodiscard]] static nlohmann::json good_password();
  [[nodiscard]] const HttpsServer &server() const { return server_; }
  [[nodiscard]] Url url() const { return *parse_url(server_.url("/ignored/path")); }

 private:
  [[nodiscard]] Reply answer(const std::string &request) const;
  HttpsServer server_;
};

// One attempt, with all it tells.
struct Attempt {
  explicit Attempt(const Url &url, const claim::Proxy &proxy = {}, std::optional<Url> login_ahead = {})
      : http(multi, {.proxy = proxy, .trust_file = "", .insecure = true}),
        login(std::make_unique<login::Login>(http, node_key(),
                                             login::LoginRequest{.cloud_url = url,
                                                                 .claim_id = kClaim,
                                                                 .agent_version = "v2.10.4",
                                                                 .scale = {},
                                                                 .login_ahead = std::move(login_ahead)})) {}

  login::Login::LoginEvents events() {
    return {.limits = [this](const login::BackoffLimits &l) { limits.push_back(l); },
            .stage = [this](const char *s) { stages += std::string(s) + " "; },
            .date = [this](std::int64_t s) { dates.push_back(s); },
            .note = [this](const std::string &s) { notes.push_back(s); },
            .note_error = [this](const std::string &s) { errors.push_back(s); },
            .note_debug = [this](const std::string &s) { debug.push_back(s); },
            .done = [this](tl::expected<login::Credentials, login::LoginFailure> r) { result.emplace(std::move(r)); }};
  }
  bool run() {
    login->start(events());
    return !result && loop.until([this] { return result.has_value(); }, std::chrono::seconds(60));
  }
  [[nodiscard]] bool failed_with(login::Status s) const { return result && !*result && result->error().status == s; }
  [[nodiscard]] const login::LoginFailure &failure() const { return result->error(); }
  [[nodiscard]] bool logged(const std::string &line) const {
    return std::find(errors.begin(), errors.end(), line) != errors.end();
  }

  OnLoop loop;
  net::CurlMulti multi{loop.uv()};
  net::HttpClient http;
  std::unique_ptr<login::Login> login;
  std::vector<login::BackoffLimits> limits;
  std::string stages;
  std::vector<std::int64_t> dates;
  std::vector<std::string> notes;
  std::vector<std::string> errors;
  std::vector<std::string> debug;
  std::optional<tl::expected<login::Credentials, login::LoginFailure>> result;
};

}  // namespace aclk::test
