// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/log_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <ctime>
#include <utility>

namespace aclk {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFirstSummary = 4;  // attempts
constexpr auto kLongestSilence = 1h;
constexpr std::int64_t kDateAfterS = 72'000;  // 20 h
constexpr std::size_t kMaxText = 512;         // of a kind: what differs behind it does not matter

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == ':' || c == '-' ||
         c == '_';
}

std::string local_time(std::int64_t wall_s, const char *format) {
  const auto t = static_cast<std::time_t>(wall_s);
  std::tm tm{};
  ::localtime_r(&t, &tm);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &tm)};
}

std::string attempts_text(std::uint64_t n) { return fmt::format("{} attempt{}", n, n == 1 ? "" : "s"); }

}  // namespace

std::string kind_of(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < kMaxText;) {
    if (!in_word(text[i])) {
      out += text[i++];
      continue;
    }
    auto end = i;
    while (end < text.size() && in_word(text[end])) ++end;
    const auto word = text.substr(i, end - i);
    if (std::ranges::any_of(word, is_digit))
      out += '#';
    else
      out += word;
    i = end;
  }
  return out;
}

std::string duration_text(std::chrono::seconds t) {
  const auto s = std::max<std::int64_t>(t.count(), 0);
  if (s < 120) return fmt::format("{} s", s);
  if (t < 2h) return fmt::format("{} min", s / 60);
  if (t < 48h) return fmt::format("{} h {} min", s / 3600, s / 60 % 60);
  return fmt::format("{} d {} h", s / 86400, s / 3600 % 24);
}

bool Outage::seen(std::string text) {
  if (std::ranges::find(kinds_, text) != kinds_.end() || kinds_.size() >= kMaxKinds) return true;
  kinds_.push_back(std::move(text));
  return false;
}

void Outage::lost(std::string_view kind, Moment at) {
  *this = {};
  began_ = at;
  told_ = at.now;
  (void)seen(kind_of(kind));
}

Outage::Tell Outage::failed(std::string_view kind, Moment at) {
  if (!began_) began_ = at;
  ++attempts_;
  const bool known = seen(kind_of(kind));
  const bool due = (attempts_ >= kFirstSummary && std::has_single_bit(attempts_)) || at.now - told_ >= kLongestSilence;
  if (known && !due) return Tell::nothing;
  told_ = at.now;
  return known ? Tell::summary : Tell::in_full;
}

bool Outage::first(std::string_view line) { return !seen(kind_of(line)); }

std::string Outage::tally(Moment at) const {
  const auto since = began_.value_or(at).wall_s;
  const auto *const format = at.wall_s - since > kDateAfterS ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S";
  return fmt::format("{} since {}", attempts_text(attempts_), local_time(since, format));
}

std::optional<std::string> Outage::over(Moment at) {
  const auto was = std::exchange(*this, {});
  if (was.attempts_ == 0) return std::nullopt;
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(at.now - was.began_.value_or(at).now);
  return fmt::format("after {} in {}", attempts_text(was.attempts_ + 1), duration_text(lasted));
}

}  // namespace aclk
