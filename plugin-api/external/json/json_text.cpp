// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/json/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "claim/base/text.h"

namespace aclk::external {
namespace {

// Builds nothing, looks at the members' names.
class Names : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t & /*text*/) override { return true; }
  bool string(string_t & /*value*/) override { return true; }
  bool binary(binary_t & /*value*/) override { return true; }
  bool start_object(std::size_t /*count*/) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t /*count*/) override { return enter(); }
  bool end_array() override { return leave(); }
  bool key(string_t &name) override { return open_.back().insert(name).second; }
  bool parse_error(std::size_t /*at*/, const std::string & /*token*/,
                   const nlohmann::detail::exception & /*why*/) override {
    return false;
  }

 private:
  static constexpr std::size_t kDeepest = 64;

  bool enter() {
    open_.emplace_back();
    return open_.size() <= kDeepest;
  }
  bool leave() {
    open_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> open_;
};

constexpr std::size_t kMaxBytes = 64U << 10;
constexpr std::size_t kMaxSteps = 20'000;

constexpr std::array<std::string_view, 6> kChild{"guid", "hostname", "reachable", "hops", "claim_id", "node_id"};
constexpr std::array<std::string_view, 1> kDimension{"name"};

std::string_view after_blanks(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  return s;
}

// Reads the members from left to right; where a text could end at several quotes, each is tried.
class OneLine {
 public:
  template <std::size_t N>
  explicit OneLine(const std::array<std::string_view, N> &members) : members_(members.begin(), members.end()) {}

  std::optional<std::string> read(std::string_view text) {
    out_ = "{";
    if (text.size() < 2 || text.back() != '}' || !member(after_blanks(text.substr(1)))) return std::nullopt;
    return std::move(out_);
  }

 private:
  // The name that stands at the start of `rest`, if a member that was not yet there begins here.
  [[nodiscard]] std::string_view name_of(std::string_view rest) const {
    if (rest.empty() || rest.front() != '"') return {};
    for (const auto name : members_) {
      if (rest.substr(1, name.size()) != name || rest.substr(1 + name.size(), 1) != "\"") continue;
      const auto colon = after_blanks(rest.substr(name.size() + 2));
      if (!colon.empty() && colon.front() == ':' && seen_.count(name) == 0) return name;
    }
    return {};
  }

  bool member(std::string_view rest) {
    const auto name = name_of(rest);
    if (name.empty() || ++steps_ > kMaxSteps) return false;
    const auto start = out_.size();
    if (!seen_.empty()) out_ += ',';
    (out_ += '"').append(name) += "\":";
    seen_.insert(name);
    rest.remove_prefix(rest.find(':', name.size() + 2) + 1);
    rest = after_blanks(rest);
    const bool done = !rest.empty() && rest.front() == '"' ? text(rest.substr(1)) : scalar(rest);
    if (done) return true;
    seen_.erase(name);
    out_.resize(start);
    return false;
  }

  // What follows a value: the end, or another member.
  bool follow(std::string_view rest) {
    rest = after_blanks(rest);
    if (rest == "}") {
      out_ += '}';
      return true;
    }
    return !rest.empty() && rest.front() == ',' && member(after_blanks(rest.substr(1)));
  }

  bool text(std::string_view rest) {
    const auto start = out_.size();
    for (auto at = rest.find('"'); at != std::string_view::npos; at = rest.find('"', at + 1)) {
      if (++steps_ > kMaxSteps) return false;
      const auto next = after_blanks(rest.substr(at + 1));
      if (next != "}" && (next.empty() || next.front() != ',' || name_of(after_blanks(next.substr(1))).empty()))
        continue;
      out_ += '"';
      append_json_text(out_, rest.substr(0, at));
      out_ += '"';
      if (follow(next)) return true;
      out_.resize(start);
    }
    return false;
  }

  bool scalar(std::string_view rest) {
    const auto end = std::min(rest.find_first_of(",} "), rest.size());
    const auto word = rest.substr(0, end);
    if (word.empty() || word.find('\0') != std::string_view::npos || word.front() == '{' || word.front() == '[' ||
        !nlohmann::json::accept(word))
      return false;
    out_ += word;
    return follow(rest.substr(end));
  }

  const std::vector<std::string_view> members_;
  std::set<std::string_view> seen_;
  std::string out_;
  std::size_t steps_ = 0;
};

}  // namespace

bool is_plain_json(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;  // the parser would take it for the end
  Names names;
  return nlohmann::json::sax_parse(text.begin(), text.end(), &names);
}

std::optional<std::string> reprint_one_line(std::string_view text) {
  if (text.size() > kMaxBytes) return std::nullopt;
  if (text.size() >= 2 && text.front() == '{') {
    const auto first = after_blanks(text.substr(1));
    const auto begins = [&](std::string_view name) {
      return first.size() > name.size() + 1 && first.front() == '"' && first.substr(1, name.size()) == name &&
             first[name.size() + 1] == '"';
    };
    if (begins(kChild.front()))
      if (auto object = OneLine(kChild).read(text)) return object;
    if (begins(kDimension.front())) return OneLine(kDimension).read(text);
  }
  if (is_plain_json(text)) return std::string(text);
  return std::nullopt;
}

void append_json_text(std::string &out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const auto n = utf8_length(text);
    if (n == 0)
      out += "\xef\xbf\xbd";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out.append(text.substr(0, n));
    text.remove_prefix(n == 0 ? 1 : n);
  }
}

}  // namespace aclk::external
