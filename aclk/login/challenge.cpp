// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/challenge.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "aclk/login/cloud_answer.h"
#include "claim/base/text.h"

namespace aclk::login {
namespace {

constexpr std::size_t kMaxInput = 1U << 20;  // OpenSSL counts in int

unsigned char *out(std::string &s) { return reinterpret_cast<unsigned char *>(s.data()); }
const unsigned char *in(std::string_view s) { return reinterpret_cast<const unsigned char *>(s.data()); }

using nlohmann::json;
using proto::Topic;

constexpr std::size_t kMaxMqttString = 65535;  // two length bytes on the wire
constexpr std::string_view kTag = "#{claim_id}";

tl::unexpected<LoginError> bad_password_answer(std::string_view why) {
  return refuse(Status::otp_password_not_json, Errc::parse,
                fmt::format("password: the answer cannot be used: {}", why));
}

void note(Password &p, std::string line) {
  if (p.notes.size() < kMaxNotes) p.notes.push_back(std::move(line));
}

std::optional<Topic> topic_named(std::string_view name, std::string_view proto::TopicRow::*which) {
  if (name.empty()) return std::nullopt;
  const auto *const row = std::ranges::find(proto::kTopics, name, which);
  return row == proto::kTopics.end() ? std::nullopt : std::optional(row->topic);
}

bool usable(Topic t, std::string_view text) {
  if (text.empty() || text.size() > kMaxTopicBytes || text.find('\0') != std::string_view::npos) return false;
  return proto::is_inbox(t) || text.find_first_of("+#") == std::string_view::npos;
}

std::string filled_in(std::string text, std::string_view claim_id) {
  if (const auto at = text.find(kTag); at != std::string::npos) text.replace(at, kTag.size(), claim_id);
  return text;
}

struct Entry {
  std::string_view name;
  std::string topic;
};

void take_topic(Password &p, Topic t, const Entry &e) {
  auto &slot = p.topics.full[static_cast<std::size_t>(t)];
  if (!slot.empty()) return;
  if (usable(t, e.topic)) {
    slot = e.topic;
  } else {
    note(p, fmt::format("ACLK: the topic for \"{}\" in password response from cloud cannot be used", e.name));
  }
}

// Names that are not known are ignored: the cloud serves other versions too.
bool take_topics(Password &p, const json &topics, std::string_view claim_id) {
  if (!topics.is_array()) return false;
  std::vector<Entry> old;
  for (const auto &t : topics) {
    if (!t.is_object()) return false;
    const auto name = t.find("name");
    const auto topic = t.find("topic");
    if (name == t.end() || topic == t.end() || !name->is_string() || !topic->is_string()) return false;
    const std::string_view n = name->get_ref<const std::string &>();
    const auto known = topic_named(n, &proto::TopicRow::name);
    if (!known && !topic_named(n, &proto::TopicRow::older_name)) continue;
    Entry e{n, filled_in(topic->get<std::string>(), claim_id)};
    if (known) {
      take_topic(p, *known, e);
    } else {
      old.push_back(std::move(e));
    }
  }
  for (const auto &e : old) take_topic(p, *topic_named(e.name, &proto::TopicRow::older_name), e);
  return true;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxInput) return {};
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that OpenSSL appends
  const int n = EVP_EncodeBlock(out(text), in(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(n));
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > 2 * kMaxInput) return std::nullopt;
  if (text.empty()) return std::string();
  std::string bytes(text.size() / 4 * 3, '\0');
  const int n = EVP_DecodeBlock(out(bytes), in(text), static_cast<int>(text.size()));
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (n < 0 || static_cast<std::size_t>(n) != bytes.size()) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  // EVP_DecodeBlock forgives white space around, padding inside and stray bits at the end: compare with the only right
  // spelling.
  if (base64_encode(bytes) != text) return std::nullopt;
  return bytes;
}
namespace {

// The size of an RSA-2048 cipher text, and of its base64.
constexpr std::size_t kChallengeBytes = 256;
constexpr std::size_t kChallengeChars = 344;

tl::unexpected<LoginError> invalid(std::string_view why) {
  return refuse(Status::otp_challenge_invalid, Errc::parse,
                fmt::format("challenge: the answer cannot be used: {}", why));
}

}  // namespace

Verdict<std::string> parse_challenge(std::string_view body) {
  if (body.empty()) return invalid("it is empty");
  const auto doc = parse_json_object(body);
  if (!doc) return invalid(doc.error().what);
  const auto *const text = doc->string("challenge");
  if (text == nullptr) return invalid(R"("challenge" is not there, or no string)");
  if (text->size() != kChallengeChars)
    return invalid(fmt::format("{} characters instead of {}", text->size(), kChallengeChars));
  auto cipher = base64_decode(*text);
  if (!cipher || cipher->size() != kChallengeBytes)
    return invalid(fmt::format("it is not the base64 of {} bytes", kChallengeBytes));
  return std::move(*cipher);
}

std::string challenge_answer(std::string_view agent_version, std::string_view plain) {
  // Written by hand: this text, with its one space, is what the cloud has always got.
  const auto version = nlohmann::json(agent_version).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return fmt::format(R"({{"agent_version":{}, "response":"{}"}})", version, base64_encode(plain));
}

Verdict<Password> parse_password(std::string_view body, std::string_view claim_id) {
  if (body.empty()) return refuse(Status::otp_password_empty, Errc::parse, "password: the answer is empty");
  const auto doc = parse_json_object(body);
  if (!doc) return bad_password_answer(doc.error().what);
  Password p;
  constexpr std::array<std::string_view, 4> kKeys{"clientID", "username", "password", "topics"};
  for (const auto &[key, field] :
       {std::pair{"clientID", &p.client_id}, {"username", &p.username}, {"password", &p.password}}) {
    const auto *const s = doc->string(key);
    if (s == nullptr) return bad_password_answer(fmt::format("\"{}\" is not there, or no string", key));
    if (s->size() > kMaxMqttString || s->find('\0') != std::string::npos)
      return bad_password_answer(fmt::format("\"{}\" does not fit into an MQTT packet", key));
    *field = *s;
  }
  if (p.client_id.empty()) return bad_password_answer("\"clientID\" is empty");
  const auto topics = doc->root.find("topics");
  if (topics == doc->root.end() || !take_topics(p, *topics, claim_id))
    return bad_password_answer("topics must be an array of objects with the strings name and topic");
  for (const auto &key : doc->keys)
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
      note(p, fmt::format("ACLK: Unknown key \"{}\" in passwd response payload. Ignoring", excerpt(key)));
  for (const auto &[topic, name, older_name] : proto::kTopics) {
    if (!p.topics[topic].empty()) continue;
    return refuse(topic == Topic::agent_connection ? Status::no_lwt_topic : Status::otp_password_not_json, Errc::parse,
                  fmt::format("missing compulsory topic \"{}\" in password response from cloud", name));
  }
  return p;
}

}  // namespace aclk::login
