// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/proxy_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "claim/base/text.h"

namespace aclk::net {
namespace {

constexpr std::size_t kMostOffers = 8;
constexpr std::size_t kMostWords = 160;  // bytes of each of the two that are shown

bool is_token_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Without tags, and without what is between those that show nothing.
std::string text_of_html(std::string_view html) {
  std::string out;
  while (!html.empty()) {
    const auto tag = std::min(html.find('<'), html.size());
    if (out += html.substr(0, tag); !trimmed(out).empty() && tag < html.size()) break;
    html.remove_prefix(tag);
    const auto low = lower(html.substr(0, 8));
    const std::string_view until = low.starts_with("<style")    ? "</style"
                                   : low.starts_with("<script") ? "</script"
                                   : low.starts_with("<!--")    ? "-->"
                                                                : ">";
    const auto end = lower(html).find(until);
    if (end == std::string::npos) break;
    html.remove_prefix(end + 1);
    if (until != ">") html.remove_prefix(std::min(html.find('>') + 1, html.size()));
  }
  return out;
}

}  // namespace

std::vector<std::string> offered_schemes(std::string_view value) {
  std::vector<std::string> out;
  bool quoted = false;
  for (std::size_t begin = 0; begin < value.size() && out.size() < kMostOffers;) {
    std::size_t end = begin;
    for (; end < value.size() && (quoted || value[end] != ','); ++end) {
      if (quoted && value[end] == '\\')
        ++end;
      else if (value[end] == '"')
        quoted = !quoted;
    }
    const auto element = trimmed(value.substr(begin, std::min(end, value.size()) - begin));
    const auto name = element.substr(
        0, static_cast<std::size_t>(std::find_if_not(element.begin(), element.end(), is_token_char) - element.begin()));
    // `name = value` is a parameter of the scheme before it.
    if (!name.empty() && !trimmed(element.substr(name.size())).starts_with('=')) out.push_back(printable(name, 32));
    begin = end + 1;
  }
  return out;
}

std::string first_words(std::string_view body) {
  body = trimmed(body.substr(0, 4096));
  const auto html = body.starts_with('<') ? text_of_html(body) : std::string();
  const auto text = trimmed(html).empty() ? body : trimmed(html);
  return printable(trimmed(text.substr(0, text.find_first_of("\r\n"))), kMostWords);
}

bool ProxyAnswer::take(std::string_view line) {
  const auto text = trimmed(line);
  if (line.starts_with("HTTP/")) {
    *this = {};
    const auto space = std::min(text.find(' '), text.size());
    status_ = printable(trimmed(text.substr(space)), kMostWords);
    granted_ = status_.starts_with('2');
    return false;
  }
  if (text.empty()) return true;
  const auto colon = std::min(text.find(':'), text.size());
  const auto name = lower(trimmed(text.substr(0, colon)));
  const auto value = colon < text.size() ? trimmed(text.substr(colon + 1)) : std::string_view();
  if (name == "content-length") has_body_ = value != "0";
  if (name == "proxy-authenticate")
    for (auto &scheme : offered_schemes(value))
      if (offers_.size() < kMostOffers && std::find(offers_.begin(), offers_.end(), scheme) == offers_.end())
        offers_.push_back(std::move(scheme));
  return false;
}

std::string ProxyAnswer::text() const {
  if (status_.empty()) return {};
  return body_.empty() ? fmt::format("\"{}\"", status_) : fmt::format("\"{}\", \"{}\"", status_, body_);
}

}  // namespace aclk::net
