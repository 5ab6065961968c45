// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/env.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>

#include "aclk/login/cloud_answer.h"
#include "claim/base/text.h"

namespace aclk::login {
namespace {

constexpr std::int64_t kCapMs = std::chrono::milliseconds(Backoff::kMaxDelay).count();

// base^exponent seconds in milliseconds, as far as the cap.
std::int64_t power_ms(std::uint32_t base, std::uint32_t exponent) {
  std::int64_t ms = 1000;
  if (base <= 1) return ms;
  for (; exponent > 0 && ms < kCapMs; --exponent) ms = std::min<std::int64_t>(ms * base, kCapMs);
  return ms;
}

// NaN fails both comparisons and becomes 0.
double unit(double jitter) { return jitter > 0 ? (jitter < 1 ? jitter : 1) : 0; }

using nlohmann::json;

tl::unexpected<LoginError> bad_env_answer(std::string_view why) {
  return refuse(Status::env_not_json, Errc::parse, fmt::format("/api/v1/env: the answer cannot be used: {}", why));
}

void note(Env &env, std::string line) {
  if (env.notes.size() < kMaxNotes) env.notes.push_back(std::move(line));
}

template <std::size_t N>
void note_unknown_keys(Env &env, const json &object, const std::array<std::string_view, N> &known) {
  for (const auto &[key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      note(env, fmt::format("ACLK: unknown JSON key in dictionary (\"{}\")", excerpt(key)));
}

// nullopt unless it is an integer (2.0 is not) that is not negative. Above 32 bits: as much as fits.
std::optional<std::uint32_t> natural(const json &v) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max();
  if (!v.is_number_unsigned()) return std::nullopt;
  return static_cast<std::uint32_t>(std::min(v.get<std::uint64_t>(), kMax));
}

// false if the rules are broken; absent keys keep their defaults, except base, which must be there.
bool take_backoff(const json &b, Env &env) {
  if (!b.is_object() || !b.contains("base")) return false;
  const auto base = natural(b["base"]);
  if (!base || *base < 1 || *base > 10) return false;
  env.backoff.base = *base;
  for (const auto &[key, field] : {std::pair{"minSeconds", &env.backoff.min_s}, {"maxSeconds", &env.backoff.max_s}}) {
    const auto it = b.find(key);
    if (it == b.end()) continue;
    const auto n = natural(*it);
    if (!n) return false;
    *field = *n;
  }
  note_unknown_keys(env, b, std::array<std::string_view, 3>{"base", "minSeconds", "maxSeconds"});
  return true;
}

// An entry of a type that is not known is skipped, whatever else is in it.
bool take_transport(const json &t, Env &env) {
  if (!t.is_object()) return false;
  const auto type = t.find("type");
  if (type == t.end() || !type->is_string()) return false;
  const auto &name = type->get_ref<const std::string &>();
  if (name != "MQTTv5" && name != "MQTTv3") {
    note(env, fmt::format("ACLK: unknown transport type \"{}\" in /env response, skipped", excerpt(name)));
    return true;
  }
  const auto endpoint = t.find("endpoint");
  if (endpoint == t.end() || !endpoint->is_string()) return false;
  note_unknown_keys(env, t, std::array<std::string_view, 2>{"type", "endpoint"});
  if (name == "MQTTv5" && !env.mqtt5_endpoint) env.mqtt5_endpoint = endpoint->get<std::string>();
  return true;
}

std::string in_clear_sentence(std::string_view what, const Url &url) {
  return fmt::format(
      "/api/v1/env: {} is {}, which is not encrypted: this node's password would go out in clear, and that only "
      "insecure = yes in cloud.conf allows",
      what, excerpt(url.origin()));
}

}  // namespace

std::chrono::milliseconds Backoff::after_takeover(std::uint32_t n, double jitter) {
  constexpr std::int64_t kFirstMs = 60'000;
  const auto doublings = std::min(std::max(n, 1U) - 1, 8U);
  const auto ms = kFirstMs << doublings;
  const auto spread = static_cast<std::int64_t>(unit(jitter) * static_cast<double>(ms) / 2);
  return std::chrono::milliseconds(std::min(ms + spread, kCapMs));
}

std::chrono::milliseconds Backoff::next(double jitter) {
  const auto n = attempts_;
  if (attempts_ < std::numeric_limits<std::uint32_t>::max()) ++attempts_;
  if (n == 0) return std::chrono::milliseconds(0);

  // A base of 2^32 and a first power: still far from overflow.
  const auto power = power_ms(limits_.base, n - 1);
  const auto min_ms = limits_.min_s <= kMaxDelay.count() ? std::int64_t{limits_.min_s} * 1000 : 0;
  const auto max_ms = limits_.max_s == 0 ? kCapMs : std::min(std::int64_t{limits_.max_s} * 1000, kCapMs);
  const auto part = [&](std::int64_t spread) {
    return std::min(static_cast<std::int64_t>(unit(jitter) * static_cast<double>(spread)), spread - 1);
  };
  const auto delay = std::max(power, min_ms) + part(std::max<std::int64_t>(1000, power / 2));
  if (delay < max_ms) return std::chrono::milliseconds(delay);
  // All who have come this far would otherwise go on in step for ever.
  return std::chrono::milliseconds(max_ms - part(std::max<std::int64_t>(max_ms / 20, 1)));
}

Verdict<Env> parse_env(std::string_view body) {
  if (body.empty()) return refuse(Status::env_empty, Errc::parse, "/api/v1/env: the answer is empty");
  const auto doc = parse_json_object(body);
  if (!doc) return bad_env_answer(doc.error().what);
  const auto &root = doc->root;
  Env env;

  const auto *const auth = doc->string("authEndpoint");
  if (auth == nullptr || doc->has_twice("authEndpoint"))
    return bad_env_answer("authEndpoint must be there once, as a string");
  env.auth_endpoint = *auth;

  const auto *const encoding = doc->string("encoding");
  if (encoding == nullptr || (*encoding != "proto" && *encoding != "json"))
    return bad_env_answer(R"(encoding must be "proto" or "json")");
  env.proto_encoding = *encoding == "proto";

  const auto transports = root.find("transports");
  if (transports == root.end() || !transports->is_array() || transports->empty())
    return bad_env_answer("transports must be an array of at least one");
  if (!std::all_of(transports->begin(), transports->end(), [&](const json &t) { return take_transport(t, env); }))
    return bad_env_answer("a transport must be an object with the strings type and endpoint");

  const auto backoff = root.find("backoff");
  if (backoff == root.end() || !take_backoff(*backoff, env))
    return bad_env_answer(
        "backoff must have an integer base of 1 to 10, minSeconds and maxSeconds must be natural numbers");

  if (const auto caps = root.find("capabilities"); caps != root.end()) {
    if (!caps->is_array() || !std::all_of(caps->begin(), caps->end(), [](const json &c) { return c.is_string(); }))
      return bad_env_answer("capabilities must be an array of strings");
    env.proto_capability = std::any_of(
        caps->begin(), caps->end(), [](const json &c) { return iequals(c.get_ref<const std::string &>(), "proto"); });
  }
  note_unknown_keys(
      env, root, std::array<std::string_view, 5>{"authEndpoint", "encoding", "transports", "backoff", "capabilities"});
  return env;
}

Verdict<Agreement> agree(const Env &env, PlainText plain_text) {
  if (!env.proto_encoding)
    return refuse(Status::no_old_protocol, Errc::unsupported,
                  "/api/v1/env: the cloud wants the encoding json, but only proto is spoken here; update the agent");
  if (!env.proto_capability)
    return refuse(Status::no_protocol_capability, Errc::unsupported,
                  R"(/api/v1/env: the cloud does not offer the capability "proto"; update the agent)");
  auto auth = parse_url(env.auth_endpoint);
  if (!auth)
    return refuse(Status::invalid_env_auth_url, Errc::parse,
                  fmt::format("/api/v1/env: authEndpoint: {}", excerpt(auth.error().what)));
  if (!auth->encrypted() && plain_text == PlainText::refused)
    return refuse(Status::invalid_env_auth_url, Errc::denied, in_clear_sentence("authEndpoint", *auth));
  if (auth->path.find_first_of("?#") != std::string::npos)
    return refuse(Status::invalid_env_auth_url, Errc::parse,
                  "/api/v1/env: authEndpoint has a query; it is the beginning of paths and cannot have one");
  if (auth->path.ends_with('/')) auth->path.pop_back();
  if (!env.mqtt5_endpoint)
    return refuse(Status::invalid_env_transport_idx, Errc::unsupported,
                  "/api/v1/env: the cloud offers no transport of type MQTTv5; update the agent");
  auto endpoint = parse_url(*env.mqtt5_endpoint);
  if (!endpoint)
    return refuse(Status::invalid_env_transport_url, Errc::parse,
                  fmt::format("/api/v1/env: endpoint of the MQTTv5 transport: {}", excerpt(endpoint.error().what)));
  if (!endpoint->encrypted() && plain_text == PlainText::refused)
    return refuse(Status::invalid_env_transport_url, Errc::denied,
                  in_clear_sentence("endpoint of the MQTTv5 transport", *endpoint));
  return Agreement{std::move(*auth), std::move(*endpoint)};
}

std::string env_target(std::string_view agent_version, std::string_view claim_id) {
  if (agent_version.starts_with('v')) agent_version.remove_prefix(1);
  return fmt::format("/api/v1/env?v={}&cap=proto,ctx&claim_id={}", percent_encode(agent_version),
                     percent_encode(claim_id));
}

}  // namespace aclk::login
