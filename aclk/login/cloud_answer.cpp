// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/cloud_answer.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <exception>
#include <utility>

#include "claim/base/text.h"

namespace aclk::login {
namespace {

using nlohmann::json;

// First reading: only counts. The second one, which allocates, is made when this one found nothing to object to.
class Bounds : public nlohmann::json_sax<json> {
 public:
  bool null() override { return value(); }
  bool boolean(bool /*v*/) override { return value(); }
  bool number_integer(number_integer_t /*v*/) override { return value(); }
  bool number_unsigned(number_unsigned_t /*v*/) override { return value(); }
  bool number_float(number_float_t /*v*/, const string_t & /*s*/) override { return value(); }
  bool string(string_t & /*v*/) override { return value(); }
  bool binary(binary_t & /*v*/) override { return value(); }
  bool start_object(std::size_t /*n*/) override { return open(); }
  bool start_array(std::size_t /*n*/) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t &k) override {
    if (depth_ == 1) keys_.push_back(k);
    return true;
  }
  bool parse_error(std::size_t position, const std::string & /*token*/, const json::exception & /*e*/) override {
    position_ = position;
    return false;
  }

  [[nodiscard]] bool too_big() const { return too_big_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::vector<std::string> take_keys() { return std::move(keys_); }

 private:
  bool value() {
    too_big_ = ++values_ > kMaxJsonValues;
    return !too_big_;
  }
  bool open() {
    too_big_ = ++depth_ > kMaxJsonDepth;
    return !too_big_ && value();
  }
  bool close() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  std::size_t values_ = 0;
  std::size_t position_ = 0;
  bool too_big_ = false;
  std::vector<std::string> keys_;
};

// Wrong types among the orders: nothing of the body counts.
bool take_orders(const json &root, CloudError &e) {
  if (const auto it = root.find("errorNonRetryable"); it != root.end()) {
    if (!it->is_boolean()) return false;
    e.non_retryable = it->get<bool>();
  }
  const auto it = root.find("errorRetryDelaySeconds");
  if (it == root.end()) return true;
  if (!it->is_number_integer()) return false;
  if (it->is_number_unsigned() && it->get<std::uint64_t>() > 0)
    e.retry_after_s =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(it->get<std::uint64_t>(), kMaxRetryDelaySeconds));
  return true;
}

}  // namespace

bool JsonObject::has_twice(std::string_view key) const { return std::count(keys.begin(), keys.end(), key) > 1; }

const std::string *JsonObject::string(const char *key) const {
  const auto it = root.find(key);
  return it == root.end() ? nullptr : it->get_ptr<const std::string *>();
}

Result<JsonObject> parse_json_object(std::string_view text) {
  try {
    Bounds bounds;
    if (!json::sax_parse(text, &bounds)) {
      if (bounds.too_big())
        return fail(Errc::too_big, fmt::format("the JSON is nested deeper than {} or has more than {} values",
                                               kMaxJsonDepth, kMaxJsonValues));
      return fail(Errc::parse, fmt::format("it is not JSON (byte {} of {})", bounds.position(), text.size()));
    }
    JsonObject o{.root = json::parse(text, nullptr, false), .keys = bounds.take_keys()};
    if (!o.root.is_object()) return fail(Errc::parse, "it is JSON, but not an object");
    return o;
  } catch (const std::exception &) {  // out of memory; nothing else is thrown here
    return fail(Errc::too_big, "the JSON is too large for this machine's memory");
  }
}

CloudError parse_cloud_error(std::string_view body) {
  CloudError e;
  if (body.empty()) return e;
  const auto doc = parse_json_object(body);
  if (!doc) {
    e.log.push_back(fmt::format("ACLK: error response from cloud cannot be read: {}", doc.error().what));
    return e;
  }
  if (!take_orders(doc->root, e)) {
    CloudError none;
    none.log.emplace_back("ACLK: error response from cloud has a key of the wrong type, ignored");
    return none;
  }
  bool complete = true;
  for (const auto &[key, field] :
       {std::pair{"errorCode", &e.code}, {"errorMsgKey", &e.message_key}, {"errorMessage", &e.message}}) {
    const auto *const s = doc->string(key);
    if (s != nullptr) {
      *field = excerpt(*s);
    } else {
      complete = false;
      e.log.push_back(fmt::format("ACLK: Missing compulsory key \"/{}\" in error response", key));
    }
  }
  if (!complete && !e.non_retryable && !e.retry_after_s) return e;
  e.log.push_back(fmt::format(
      R"(ACLK: Cloud returned EC="{}", Msg-Key:"{}", Msg:"{}", BlockRetry:{}, Backoff:{}s (-1 unset by cloud))", e.code,
      e.message_key, e.message, e.non_retryable, e.retry_after_s ? std::int64_t{*e.retry_after_s} : -1));
  return e;
}

std::optional<std::uint32_t> parse_retry_after(std::string_view retry_after, std::string_view date) {
  const auto clamp = [](std::int64_t s) -> std::optional<std::uint32_t> {
    if (s <= 0) return std::nullopt;
    return static_cast<std::uint32_t>(std::min<std::int64_t>(s, kMaxRetryDelaySeconds));
  };
  if (retry_after.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  const auto *const end = retry_after.data() + retry_after.size();
  const auto r = std::from_chars(retry_after.data(), end, seconds);
  if (r.ptr == end) return r.ec == std::errc{} ? clamp(seconds) : std::nullopt;
  const auto then = curl_getdate(std::string(retry_after).c_str(), nullptr);
  const auto now = curl_getdate(std::string(date).c_str(), nullptr);
  if (then < 0 || now < 0) return std::nullopt;
  return clamp(then - now);
}

std::optional<std::int64_t> parse_date(const std::string &date) {
  const auto t = date.empty() ? std::time_t{-1} : curl_getdate(date.c_str(), nullptr);
  if (t < 0) return std::nullopt;
  return static_cast<std::int64_t>(t);
}

}  // namespace aclk::login
