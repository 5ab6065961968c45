// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/json/json_fields.h"

#include <cmath>
#include <cstdlib>

namespace aclk::external {
namespace {

using nlohmann::json;

const json *member(const json &object, const char *key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

const json &empty_object() {
  static const json kEmpty = json::object();
  return kEmpty;
}

const json &empty_array() {
  static const json kEmpty = json::array();
  return kEmpty;
}

}  // namespace

std::string text_of(const json &object, const char *key) {
  const auto *m = member(object, key);
  if (m == nullptr) return {};
  if (m->is_string()) {
    const auto &s = m->get_ref<const std::string &>();
    if (s.size() <= kMaxField) return s;
    auto end = kMaxField;
    while (end > 0 && (static_cast<unsigned char>(s[end]) & 0xc0U) == 0x80U) --end;  // not inside a character
    return s.substr(0, end);
  }
  return m->is_number() || m->is_boolean() ? m->dump() : std::string{};
}

std::string text_of(const json &object, const char *key, const char *otherwise) {
  auto s = text_of(object, key);
  return s.empty() ? text_of(object, otherwise) : s;
}

std::optional<double> number_of(const json &object, const char *key) {
  const auto *m = member(object, key);
  double d = NAN;
  if (m != nullptr && m->is_number()) d = m->get<double>();
  if (m != nullptr && m->is_string()) {
    const auto &s = m->get_ref<const std::string &>();
    char *end = nullptr;
    d = std::strtod(s.c_str(), &end);
    if (end == s.c_str()) d = NAN;
  }
  return std::isfinite(d) ? std::optional<double>(d) : std::nullopt;
}

std::int64_t int_of(const json &object, const char *key, std::int64_t otherwise) {
  const auto *m = member(object, key);
  if (m != nullptr && m->is_number_unsigned()) {
    const auto u = m->get<std::uint64_t>();
    return u > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(u);
  }
  if (m != nullptr && m->is_number_integer()) return m->get<std::int64_t>();
  const auto d = number_of(object, key);
  if (!d) return otherwise;
  constexpr double kLimit = 9.2e18;
  return *d >= kLimit ? INT64_MAX : *d <= -kLimit ? INT64_MIN : static_cast<std::int64_t>(*d);
}

std::uint64_t uint_of(const json &object, const char *key, std::uint64_t otherwise) {
  const auto *m = member(object, key);
  if (m != nullptr && m->is_number_unsigned()) return m->get<std::uint64_t>();
  const auto i = int_of(object, key, -1);
  return i < 0 ? otherwise : static_cast<std::uint64_t>(i);
}

bool bool_of(const json &object, const char *key, bool otherwise) {
  const auto *m = member(object, key);
  if (m == nullptr || m->is_null()) return otherwise;
  if (m->is_boolean()) return m->get<bool>();
  if (m->is_string()) {
    const auto &s = m->get_ref<const std::string &>();
    if (s == "true" || s == "yes" || s == "on") return true;
    if (s == "false" || s == "no" || s == "off" || s.empty()) return false;
  }
  const auto d = number_of(object, key);
  return d ? *d != 0 : otherwise;
}

const json &object_of(const json &object, const char *key) {
  const auto *m = member(object, key);
  return m != nullptr && m->is_object() ? *m : empty_object();
}

const json &array_of(const json &object, const char *key) {
  const auto *m = member(object, key);
  return m != nullptr && m->is_array() ? *m : empty_array();
}

}  // namespace aclk::external
