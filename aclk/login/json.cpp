// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

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

}  // namespace aclk::login
