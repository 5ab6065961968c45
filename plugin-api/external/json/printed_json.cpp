// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/json/printed_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "claim/base/text.h"
#include "plugin-api/external/json/json_text.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxTextLines = 64;  // of one text; agents print none that has two
constexpr std::size_t kMaxLost = 100;
constexpr std::size_t kExcerpt = 300;
constexpr std::ptrdiff_t kMaxLines = 1'500'000;

// Objects and arrays whose entries have nothing to do with each other.
constexpr std::array<std::string_view, 14> kLists{
    "alarms",    "chart_labels", "charts",         "chart_variables",       "collectors", "contexts", "dimensions",
    "functions", "host_labels",  "host_variables", "mirrored_hosts_status", "hosts",      "nodes",    "mirrored_hosts"};

struct PrintedLine {
  std::size_t depth = 0;     // tabs before it
  std::string_view content;  // after them; empty = a blank line

  [[nodiscard]] bool blank() const { return content.empty(); }
  [[nodiscard]] bool closes() const { return !blank() && (content.front() == '}' || content.front() == ']'); }
};

// None of a text that has too many.
std::vector<PrintedLine> split(std::string_view text) {
  std::vector<PrintedLine> lines;
  const auto count = std::count(text.begin(), text.end(), '\n');
  if (count > kMaxLines) return lines;
  lines.reserve(static_cast<std::size_t>(count) + 1);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    const auto depth = std::min(line.find_first_not_of('\t'), line.size());
    lines.push_back({depth, trimmed_end(line.substr(depth))});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Without the comma at its end.
std::string_view item_of(std::string_view content) {
  if (!content.empty() && content.back() == ',') content.remove_suffix(1);
  return trimmed_end(content);
}

// A number, true, false or null; "null" for what an agent prints where it has no number (nan, inf); "" = none.
std::string_view scalar_of(std::string_view word) {
  if (word == "nan" || word == "-nan" || word == "inf" || word == "-inf" || word == "NaN") return "null";
  const bool known = !word.empty() && word.size() < 400 && word.front() != '"' && word.front() != '{' &&
                     word.front() != '[' && word.find('\0') == std::string_view::npos && nlohmann::json::accept(word);
  return known ? word : std::string_view{};
}

class Reprint {
 public:
  explicit Reprint(std::string_view text) : lines_(split(text)) { out_.reserve(text.size() + text.size() / 8); }

  std::optional<Reprinted> run() {
    if (lines_.empty() || lines_.front().depth != 0) return std::nullopt;
    const auto first = lines_.front().content;
    if (first != "{" && first != "[") return std::nullopt;
    const auto next = next_line(1);
    if (next == lines_.size() || (!lines_[next].closes() && lines_[next].depth != 1)) return std::nullopt;
    Reprinted r;
    r.damaged = !container(first.front(), 0, first == "[" ? "the list" : "");
    if (!r.damaged) r.damaged = next_line(at_) != lines_.size();
    if (!r.damaged) r.json = std::move(out_);
    r.lost = std::move(lost_);
    return r;
  }

 private:
  // The tabs of a container and of its items.
  struct Place {
    std::size_t container, items;
  };
  // The members of an object that is no list, with a hash of the value of each.
  using Seen = std::map<std::string_view, std::size_t>;

  [[nodiscard]] std::size_t next_line(std::size_t from) const {
    while (from < lines_.size() && lines_[from].blank()) ++from;
    return from;
  }

  // The container that the line before at_ opened, which has this depth; then at_ is after the line that closes it.
  // `list`: what to call it if its entries stand for themselves. Its items are one tab further in, but for a few whose
  // tabs the agents have miscounted (chart_variables of 1.37): what the first has the others have too.
  bool container(char open, std::size_t depth, std::string_view list) {
    if (++open_ > kMaxDepth) return false;
    const bool object = open == '{';
    const char close = object ? '}' : ']';
    std::optional<std::size_t> inner;
    Seen seen;
    out_ += open;
    for (bool first = true;;) {
      at_ = next_line(at_);
      if (at_ == lines_.size()) return false;
      const auto &line = lines_[at_];
      if (line.depth == depth && item_of(line.content) == std::string_view(&close, 1)) break;
      if (!inner) inner = line.depth;
      const auto start = out_.size();
      const auto start_line = at_;
      const auto open_before = open_;
      if (!first) out_ += ',';
      if (line.depth == *inner && item(object, {depth, *inner}, list.empty() ? &seen : nullptr)) {
        first = first && out_.size() == start;
        continue;
      }
      if (list.empty()) return false;
      out_.resize(start);
      open_ = open_before;
      lose(start_line, list);
      skip(start_line, {depth, *inner});
    }
    --open_;
    out_ += close;
    ++at_;
    return true;
  }

  // The item or member that begins at at_. `seen`: where a member that is there already with another value is a
  // failure.
  bool item(bool object, Place place, Seen *seen) {
    auto content = lines_[at_].content;
    if (!object) return value(content, place, {});
    const auto end = key_end(content);
    if (end == std::string_view::npos) return false;
    const auto key = content.substr(1, end - 1);
    const auto begin = out_.size();
    out_ += '"';
    append_json_text(out_, key);
    out_ += "\":";
    const auto value_begin = out_.size();
    if (!value(trimmed_start(content.substr(content.find(':', end) + 1)), place, key)) return false;
    if (seen == nullptr) return true;
    const auto hash = std::hash<std::string_view>{}(std::string_view(out_).substr(value_begin));
    const auto [known, fresh] = seen->emplace(key, hash);
    if (!fresh && known->second != hash) return false;
    if (!fresh) out_.resize(begin > 0 && out_[begin - 1] == ',' ? begin - 1 : begin);
    return true;
  }

  // Where the quote is that ends the member's name: a colon and a value follow.
  static std::size_t key_end(std::string_view content) {
    if (content.empty() || content.front() != '"') return std::string_view::npos;
    for (auto at = content.find('"', 1); at != std::string_view::npos; at = content.find('"', at + 1)) {
      const auto rest = trimmed_start(content.substr(at + 1));
      if (rest.empty() || rest.front() != ':') continue;
      const auto value = trimmed_start(rest.substr(1));
      if (!value.empty() && (std::string_view("\"{[-").find(value.front()) != std::string_view::npos ||
                             std::isalnum(static_cast<unsigned char>(value.front())) != 0))
        return at;
    }
    return std::string_view::npos;
  }

  // `content`: what stands in the line at_ from the value on.
  bool value(std::string_view content, Place place, std::string_view name) {
    if (content.empty()) return false;
    if (content.front() == '"') return text(content, place);
    if (content == "{" || content == "[") {
      ++at_;
      const bool list = std::find(kLists.begin(), kLists.end(), name) != kLists.end();
      return container(content.front(), place.items, list ? name : std::string_view{});
    }
    const auto item = item_of(content);
    if (item.front() == '{' || item.front() == '[') {
      const auto inline_json = reprint_one_line(item);
      if (!inline_json) return false;
      out_ += *inline_json;
    } else {
      const auto scalar = scalar_of(item);
      if (scalar.empty()) return false;
      out_ += scalar;
    }
    ++at_;
    return true;
  }

  // A text ends with its line, unless what follows shows that the line end belongs to it.
  bool text(std::string_view content, Place place) {
    std::string all;
    for (std::size_t n = 0; n < kMaxTextLines && at_ < lines_.size(); ++n) {
      if (n > 0) {
        content = lines_[at_].content;
        all += '\n';
        all.append(lines_[at_].depth, '\t');
      }
      ++at_;
      const auto end = item_of(content);
      const std::size_t least = n == 0 ? 2 : 1;
      if (end.size() >= least && end.back() == '"' && ends_here(place, content.back() == ',')) {
        all += end;
        out_ += '"';
        append_json_text(out_, std::string_view(all).substr(1, all.size() - 2));
        out_ += '"';
        return true;
      }
      all += content;
    }
    return false;
  }

  // Can the line at_ follow an item here?
  [[nodiscard]] bool ends_here(Place place, bool comma) const {
    const auto next = next_line(at_);
    if (next == lines_.size()) return false;
    const auto &line = lines_[next];
    if (line.closes()) return line.depth == place.container;
    return comma && line.depth == place.items;
  }

  // An entry without a name is called by its first members.
  void lose(std::size_t at, std::string_view list) {
    constexpr std::size_t kMembers = 9;
    if (lost_.size() >= kMaxLost) return;
    std::string name(lines_[at].content);
    for (std::size_t i = 1; i <= kMembers && name.front() == '{' && at + i < lines_.size(); ++i)
      (name += ' ') += lines_[at + i].content;
    lost_.push_back(fmt::format("{} of {}", excerpt(name, kExcerpt), list));
  }

  // To the next item, or to the end of what holds it.
  void skip(std::size_t start, Place place) {
    for (at_ = start + 1; at_ < lines_.size(); ++at_) {
      const auto &line = lines_[at_];
      if (line.blank()) continue;
      if (line.closes() ? line.depth == place.container : line.depth == place.items) return;
    }
  }

  const std::vector<PrintedLine> lines_;
  std::size_t at_ = 1;    // the line to read next
  std::size_t open_ = 0;  // containers
  std::string out_;
  std::vector<std::string> lost_;
};

}  // namespace

std::optional<Reprinted> reprint_json(std::string_view text) { return Reprint(text).run(); }

}  // namespace aclk::external
