// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/password.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "aclk/login/cloud_error.h"
#include "aclk/login/json.h"
#include "claim/base/text.h"

namespace aclk::login {
namespace {

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
