// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/cmd_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "claim/base/text.h"
#include "claim/base/uuid.h"

namespace aclk::query {
namespace {

constexpr std::string_view kEol = "\r\n";
constexpr std::string_view kProtocol = " HTTP/1.1";
std::optional<HttpMethod> method_of(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos || text.substr(space, 2) != " /") return std::nullopt;
  return http_method(text.substr(0, space));
}

std::optional<HttpHeader> parse_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const auto key = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1), kBlanks);
  if (key.find_first_of(" \t") != std::string_view::npos || has_control(key) || has_control(value)) return std::nullopt;
  return HttpHeader{std::string(key), std::string(value)};
}

// Several lengths that agree are one; several that differ are none, because nobody can say where the body ends.
std::optional<std::size_t> content_length(const HttpRequest &r) {
  std::optional<std::size_t> length;
  for (const auto &h : r.headers) {
    if (!iequals(h.name, "Content-Length")) continue;
    std::size_t n = 0;
    const auto *const end = h.value.data() + h.value.size();
    const auto got = std::from_chars(h.value.data(), end, n);
    if (h.value.empty() || got.ec != std::errc{} || got.ptr != end || (length && *length != n)) return std::nullopt;
    length = n;
  }
  return length;
}

constexpr std::size_t kMaxFreeTextBytes = 256;
constexpr std::array kRoles{std::string_view("admin"),          std::string_view("manager"),
                            std::string_view("troubleshooter"), std::string_view("observer"),
                            std::string_view("member"),         std::string_view("billing")};

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::uint64_t v = 0;
  const auto *const end = text.data() + text.size();
  const auto got = std::from_chars(text.data(), end, v, 16);
  if (text.empty() || got.ec != std::errc{} || got.ptr != end) return std::nullopt;
  return v;
}

using Json = nlohmann::json;

// Event parsing: no tree is built, so nesting and size cost nothing that is not bounded here.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  [[nodiscard]] const CmdHeader &header() const { return header_; }

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t value) override { return number(value, value < 0 ? 0U : to_unsigned(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
    return number(value > static_cast<std::uint64_t>(kMax) ? kMax : static_cast<std::int64_t>(value), value);
  }
  bool number_float(number_float_t value, const string_t & /*text*/) override {
    constexpr double kTwo62 = 4611686018427387904.0;  // exact in a double and inside both types
    const double v = value < -kTwo62 ? -kTwo62 : value > kTwo62 ? kTwo62 : value;
    return number_integer(static_cast<std::int64_t>(v));
  }
  bool string(string_t &value) override {
    if (depth_ != 1 || !in_object_) return true;
    auto *const field = key_ == "type"             ? &header_.type
                        : key_ == "msg-id"         ? &header_.msg_id
                        : key_ == "callback-topic" ? &header_.callback_topic
                                                   : nullptr;
    if (field != nullptr) *field = std::move(value);
    return true;
  }
  bool binary(binary_t & /*value*/) override { return false; }  // does not exist in JSON text
  bool start_object(std::size_t /*elements*/) override {
    if (depth_ == 0) in_object_ = true;
    return ++depth_ <= kMaxHeaderJsonDepth;
  }
  bool key(string_t &name) override {
    if (depth_ == 1) key_ = std::move(name);
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t /*elements*/) override { return ++depth_ <= kMaxHeaderJsonDepth; }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string & /*token*/,
                   const nlohmann::detail::exception & /*why*/) override {
    return false;
  }

 private:
  static std::uint64_t to_unsigned(std::int64_t v) { return static_cast<std::uint64_t>(v); }
  bool number(std::int64_t value, std::uint64_t not_negative) {
    if (depth_ != 1 || !in_object_) return true;
    if (key_ == "version") header_.version = value;
    if (key_ == "timeout") header_.timeout_ms = not_negative;
    return true;
  }

  CmdHeader header_;
  std::string key_;
  int depth_ = 0;
  bool in_object_ = false;  // the outermost value is an object
};

}  // namespace

std::string_view sentence(HttpFault f) {
  switch (f) {
    case HttpFault::head_open:
      return "The head of the request does not end with an empty line.";
    case HttpFault::head_too_big:
      return "The head of the request is larger than this link takes.";
    case HttpFault::no_length:
      return "A POST or PUT request needs one valid Content-Length.";
    case HttpFault::body_short:
      return "The body of the request is shorter than its Content-Length.";
    case HttpFault::method:
    case HttpFault::protocol:
      break;
  }
  return "";
}

tl::expected<HttpRequest, HttpFault> parse_http_request(std::string_view text) {
  const auto method = method_of(text);
  if (!method) return tl::unexpected(HttpFault::method);
  auto eol = text.find(kEol);
  if (eol == std::string_view::npos || !text.substr(0, eol).ends_with(kProtocol))
    return tl::unexpected(HttpFault::protocol);

  HttpRequest r;
  r.method = *method;
  auto target = text.substr(0, eol - kProtocol.size());
  target.remove_prefix(method_name(*method).size() +
                       1);  // method_of() has seen "GET /": a target of at least one slash
  if (target.size() > kMaxTargetBytes) return tl::unexpected(HttpFault::head_too_big);
  r.target = target;

  auto rest = text.substr(eol + kEol.size());
  for (std::size_t lines = 0;; ++lines) {
    eol = rest.find(kEol);
    if (eol == std::string_view::npos) return tl::unexpected(HttpFault::head_open);
    const auto line = rest.substr(0, eol);
    rest.remove_prefix(eol + kEol.size());
    if (line.empty()) break;
    if (lines >= kMaxHeaderLines || text.size() - rest.size() > kMaxHeadBytes)
      return tl::unexpected(HttpFault::head_too_big);
    if (auto h = parse_header(line)) r.headers.push_back(std::move(*h));
  }

  if (r.method == HttpMethod::post || r.method == HttpMethod::put) {
    const auto length = content_length(r);
    if (!length) return tl::unexpected(HttpFault::no_length);
    if (*length > rest.size()) return tl::unexpected(HttpFault::body_short);
    r.body = rest.substr(0, *length);
  }
  return r;
}

RequestIdentity take_identity(HttpRequest &request, std::string_view transaction) {
  RequestIdentity who;
  std::vector<HttpHeader> passed;
  if (auto id = parse_uuid(request.header("X-Netdata-Account-Id")))
    passed.push_back({"X-Netdata-Account-Id", std::move(*id)});
  const auto role = request.header("X-Netdata-Role");
  if (std::find(kRoles.begin(), kRoles.end(), role) != kRoles.end()) {
    who.role = role;
    passed.push_back({"X-Netdata-Role", who.role});
  }
  if (const auto bits = parse_hex(request.header("X-Netdata-Permissions"))) {
    who.permissions = *bits;
    passed.push_back({"X-Netdata-Permissions", fmt::format("{:x}", *bits)});
  }
  // Free text; the request parser has let no control character through.
  for (const auto *const free : {"X-Netdata-User-Name", "Content-Type"}) {
    const auto value = request.header(free);
    if (!value.empty() && value.size() <= kMaxFreeTextBytes) passed.push_back({free, std::string(value)});
  }
  passed.push_back({"X-Transaction-ID", std::string(transaction)});
  request.headers = std::move(passed);
  return who;
}

std::optional<CmdHeader> parse_cmd_header(std::string_view json) {
  // The parser takes a NUL for the end of its input and would call what stands before it complete.
  if (json.size() > kMaxHeaderJsonBytes || json.find('\0') != std::string_view::npos) return std::nullopt;
  try {
    Reader reader;
    if (!Json::sax_parse(json.begin(), json.end(), &reader)) return std::nullopt;
    return reader.header();
  } catch (const std::exception &) {
    return std::nullopt;
  }
}
namespace {

constexpr std::string_view kSeparator = "\r\n\r\n";
constexpr std::int64_t kMinVersion = 2;
// As much of a message that nobody could parse as helps to find its sender.
constexpr std::size_t kShownRequest = 200;

Dropped drop(std::initializer_list<std::string> lines) {
  Dropped d{lines};
  d.lines.emplace_back("Error processing message of type 'cmd'");
  return d;
}

// UUID in any spelling to the form replies and logs use.
std::string transaction_of(std::string_view text) {
  auto uuid = parse_uuid(text).value_or(std::string{});
  uuid.erase(std::remove(uuid.begin(), uuid.end(), '-'), uuid.end());
  return uuid;
}

constexpr unsigned byte_at(std::string_view s, std::size_t i) {
  return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U;
}

// MQTT 5 section 1.5.4: C1 controls and noncharacters "SHOULD NOT" appear, and mosquitto disconnects over them.
// In UTF-8: C2 80..9F; EF B7 90..AF; EF BF BE/BF; and xFFFE/xFFFF of the other planes, F0..F4 .. BF BE/BF.
bool has_refused_code_point(std::string_view t) {
  for (std::size_t i = 0; i < t.size(); ++i) {
    const unsigned a = byte_at(t, i);
    const unsigned b = byte_at(t, i + 1);
    const unsigned c = byte_at(t, i + 2);
    const unsigned d = byte_at(t, i + 3);
    if (a == 0xc2 && b >= 0x80 && b <= 0x9f) return true;
    if (a == 0xef && b == 0xb7 && c >= 0x90 && c <= 0xaf) return true;
    if (a == 0xef && b == 0xbf && c >= 0xbe) return true;
    if (a >= 0xf0 && (b & 0x0fU) == 0x0f && c == 0xbf && d >= 0xbe) return true;
  }
  return false;
}

bool is_inbox(std::string_view t) {
  constexpr std::string_view kAgent = "/agent/";
  if (!t.starts_with(kAgent)) return false;
  t.remove_prefix(kAgent.size());
  t.remove_prefix(std::min(t.size(), t.find('/')));
  return t == "/inbound" || t.starts_with("/inbound/");
}

}  // namespace

bool is_reply_topic(std::string_view topic) {
  return !topic.empty() && topic.front() == '/' && topic.size() <= kMaxTopicBytes &&
         topic.find_first_of("+#") == std::string_view::npos && !has_control(topic) &&
         static_cast<std::size_t>(std::count(topic.begin(), topic.end(), '/')) <= kMaxTopicLevels &&
         !has_refused_code_point(topic) && !is_inbox(topic);
}

Cmd parse_cmd(std::string_view payload) {
  if (payload.size() > kMaxCmdBytes)
    return drop({fmt::format("ACLK: a query message of {} bytes is larger than the {} this link takes", payload.size(),
                             kMaxCmdBytes)});
  const auto end = payload.find(kSeparator);
  auto header = parse_cmd_header(payload.substr(0, end));
  if (!header) return drop({fmt::format("Malformed json request ({})", excerpt(payload, kShownRequest))});
  if (!header->type) return drop({"Cloud message is missing compulsory key \"type\""});
  if (*header->type != "http") return drop({"Only 'http' cmd message is supported"});
  if (header->version < kMinVersion)
    return drop({fmt::format("This handler cannot reply to request with version older than {}, received {}.",
                             kMinVersion, header->version)});
  if (end == std::string_view::npos) return drop({"Error extracting payload expected after the JSON dictionary."});

  auto http = parse_http_request(payload.substr(end + kSeparator.size()));
  if (!http && http.error() == HttpFault::method)
    return drop({"Only accepting requests that start with GET, POST, PUT, DELETE from CLOUD.",
                 "Could not extract payload from query"});
  if (!http && http.error() == HttpFault::protocol)
    return drop({"Doesn't look like HTTP GET request.", "Could not extract payload from query"});
  if (!header->callback_topic) return drop({"Missing callback_topic"});
  if (!header->msg_id) return drop({"Missing msg_id"});
  // Error 5 of aclk/query/README.md, "Error replies": there is nowhere to send it, so the question is not run either.
  if (!header->callback_topic->starts_with('/')) return Dropped{{"Full topic required!"}};
  if (!is_reply_topic(*header->callback_topic))
    return Dropped{{fmt::format("ACLK: the callback topic of a query is not one that can be published to ({})",
                                excerpt(*header->callback_topic, kShownRequest))}};
  if (!http)
    return BadRequest{std::move(*header->msg_id), std::move(*header->callback_topic),
                      std::string(sentence(http.error()))};

  CmdRequest r;
  r.msg_id = std::move(*header->msg_id);
  r.callback_topic = std::move(*header->callback_topic);
  constexpr auto kMax = static_cast<std::uint64_t>(kMaxTimeout.count());
  r.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(std::min(header->timeout_ms, kMax)));
  r.version = header->version;
  r.accept_gzip = icontains(http->header("Accept-Encoding"), "gzip");
  r.transaction = transaction_of(http->header("X-Transaction-ID"));
  r.http = std::move(*http);
  return r;
}

}  // namespace aclk::query
