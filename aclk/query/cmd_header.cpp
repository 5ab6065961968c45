// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/query/cmd_header.h"

#include <exception>
#include <limits>

#include <nlohmann/json.hpp>

namespace aclk::query {
namespace {

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

}  // namespace aclk::query
