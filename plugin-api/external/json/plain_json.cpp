// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/json/plain_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

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

}  // namespace

bool is_plain_json(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;  // the parser would take it for the end
  Names names;
  return nlohmann::json::sax_parse(text.begin(), text.end(), &names);
}

}  // namespace aclk::external
