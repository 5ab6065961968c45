// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/limits.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <vector>

#include "claim/base/files.h"
#include "claim/base/text.h"
#include "claim/ini.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kQuotedBytes = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kYesWords = "yes, true, on, auto or on demand";

std::string letters(std::string_view text) {
  std::string out;
  for (const char ch : text)
    if (const auto c = static_cast<unsigned char>(ch); std::isalnum(c) != 0) out += static_cast<char>(std::tolower(c));
  return out;
}

// How many letters have to be put in, taken out or changed to make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t k = 0; k < b.size(); ++k) {
      const auto changed = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = std::exchange(row[k + 1], std::min({row[k] + 1, row[k + 1] + 1, changed}));
    }
  }
  return row.back();
}

bool commented_out(std::string_view line) { return line.starts_with(';') || line.starts_with("//"); }

bool meant(std::string_view key, std::string_view known, std::size_t off_by) {
  if (key == known || commented_out(key)) return false;
  const auto l = letters(key);
  return l.size() <= 2 * known.size() && distance(l, letters(known)) <= off_by;
}

std::string quoted(std::string_view text) { return "'" + excerpt(text, kQuotedBytes) + "'"; }

std::string at_line(std::size_t number) { return fmt::format("line {}", number); }

std::string misspelled(const IniLine &line, std::string_view known, std::string_view section) {
  return fmt::format("{} sets {} in section [{}], which is no setting; if '{}' is meant, write it so",
                     at_line(line.number), quoted(line.key), section, known);
}

std::string without_equals(const IniLine &line) {
  return fmt::format("{} is neither a section nor 'key = value'", at_line(line.number));
}

// The agent cuts such a line, and what it makes of the rest nobody has meant. Only our own list of rooms may be longer.
std::string long_line(std::string_view text, std::string_view but_for) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.size() > kAgentsLongestLine && (but_for.empty() || !trimmed(line).starts_with(but_for)))
      return fmt::format("{} is longer than {} bytes", at_line(number), kAgentsLongestLine);
  }
  return {};
}

std::string where(std::string_view section) { return fmt::format("section [{}]", excerpt(section, kQuotedBytes)); }

// The first complaint stays.
void complain(std::string &trouble, std::string text) {
  if (trouble.empty()) trouble = std::move(text);
}

void check_netdata_line(const IniLine &line, std::string &trouble) {
  const bool cloud = line.in_section && line.section == "cloud";
  if (commented_out(line.text)) return;
  if (!line.understood()) {
    const auto l = letters(line.text);
    if (cloud) complain(trouble, without_equals(line));
    if (line.text.find('[') != std::string_view::npos && l.find("cloud") != std::string::npos)
      complain(trouble,
               fmt::format("{} is no section to the agent: it must begin with [ and end with ]", at_line(line.number)));
    if (!line.in_section && !line.key.empty() &&
        (line.key == "enabled" || means_enabled(line.key) || letters(line.key) == "scope"))
      complain(trouble, fmt::format("{} sets {} outside any section; it belongs into [cloud]", at_line(line.number),
                                    quoted(line.key)));
    return;
  }
  if (line.section != "cloud" && distance(letters(line.section), "cloud") <= 1)
    complain(trouble, fmt::format("{} is in {}, which is none of the agent's; it belongs into [cloud]",
                                  at_line(line.number), where(line.section)));
  if (line.section == "global" && (line.key == "enabled" || meant(line.key, "enabled", 0)) && !ini_yes(line.value))
    complain(trouble, fmt::format("{} sets {} in section [global]; for the cloud link it belongs into [cloud]",
                                  at_line(line.number), quoted(line.key)));
  if (!cloud) return;
  if (line.key != "enabled" && means_enabled(line.key) && !says_enabled(line.key, line.value))
    complain(trouble, misspelled(line, "enabled", "cloud"));
  if (meant(line.key, "scope", 1) && !scope_is_full(line.value)) complain(trouble, misspelled(line, "scope", "cloud"));
  if (meant(line.key, "proxy", 1)) complain(trouble, misspelled(line, "proxy", "cloud"));
  if (meant(line.key, "url", 0)) complain(trouble, misspelled(line, "url", "cloud"));
}

void check_cloud_line(const IniLine &line, std::string &trouble) {
  if (commented_out(line.text)) return;
  if (line.key.empty()) return complain(trouble, without_equals(line));
  if (!line.in_section)
    return complain(trouble,
                    fmt::format("{} is outside any section; the settings belong into [global]", at_line(line.number)));
  if (line.section != "global")
    return complain(trouble, fmt::format("{} is in {}; the settings of this file belong into [global]",
                                         at_line(line.number), where(line.section)));
  if (meant(line.key, "proxy", 1)) complain(trouble, misspelled(line, "proxy", "global"));
  if (meant(line.key, "url", 0)) complain(trouble, misspelled(line, "url", "global"));
}

Limit trouble_limit(const std::string &what) {
  return {true, what + ". It may limit the cloud link: nothing is sent to anybody until that is mended"};
}

}  // namespace

std::string off_sentence(std::string_view key, std::string_view value, std::string_view place) {
  auto reading = fmt::format(", taken for 'enabled = no'");
  if (key == "enabled")
    reading = ini_clear_no(value) ? "" : fmt::format(", taken for no: only {} is yes, without quotes", kYesWords);
  return fmt::format("the cloud link is switched off by '{} = {}' in {}{}", excerpt(key, kQuotedBytes),
                     excerpt(value, kQuotedBytes), place, reading);
}

bool means_enabled(std::string_view key) {
  if (key == "enabled" || commented_out(key)) return false;
  const auto l = letters(key);
  return l.find("enable") != std::string::npos || l.find("disable") != std::string::npos || meant(key, "enabled", 2);
}

bool says_enabled(std::string_view key, std::string_view value) {
  if (letters(key).find("disable") != std::string::npos) return ini_clear_no(value);
  return ini_yes(value);
}

bool scope_is_full(std::string_view value) {
  const auto t = trimmed(value);
  return t.empty() || (letters(t) == "full" && t.size() == 4);
}

std::string encoding_trouble(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return "it is UTF-16; save it as plain text (UTF-8)";
  if (text.find('\0') != std::string_view::npos)
    return "it holds zero bytes, as UTF-16 and damaged files do; save it as plain text (UTF-8)";
  const auto mark = text.find(kByteOrderMark);
  if (mark != std::string_view::npos && (mark == 0 || text[mark - 1] == '\n'))
    return fmt::format(
        "{} begins with a byte order mark, which hides that line from the agent; save it as UTF-8 without one",
        at_line(1 + static_cast<std::size_t>(
                        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(mark), '\n'))));
  return {};
}

std::string netdata_conf_trouble(std::string_view text) {
  auto trouble = encoding_trouble(text);
  if (trouble.empty()) trouble = long_line(text, {});
  if (!trouble.empty()) return trouble;
  bool any_section = false;
  std::size_t first_key = 0;
  visit_ini_lines(text, [&](const IniLine &line) {
    any_section = any_section || line.in_section;
    if (!line.key.empty() && first_key == 0 && !commented_out(line.text)) first_key = line.number;
    check_netdata_line(line, trouble);
  });
  if (first_key != 0 && !any_section)
    complain(trouble, fmt::format("{} sets something, but there is no [section] in it", at_line(first_key)));
  return trouble;
}

std::string cloud_conf_trouble(std::string_view text) {
  auto trouble = encoding_trouble(text);
  if (trouble.empty()) trouble = long_line(text, "rooms");
  if (!trouble.empty()) return trouble;
  visit_ini_lines(text, [&](const IniLine &line) { check_cloud_line(line, trouble); });
  return trouble;
}

std::optional<Limit> environment_limit(const Getenv &getenv) {
  const auto text = getenv("NETDATA_DISABLE_CLOUD").value_or("");
  const auto value = trimmed(unquoted(text));
  if (value.empty() || ini_clear_no(value)) return std::nullopt;
  return Limit{
      false,
      fmt::format("the cloud link is switched off by NETDATA_DISABLE_CLOUD = {} in the environment{}", quoted(value),
                  value == "1" || ini_yes(value) ? "" : " (only nothing, no, false, off or 0 would not)")};
}

std::optional<Limit> enabled_limit(const std::optional<std::string> &value) {
  if (!value || ini_yes(trimmed(*value))) return std::nullopt;
  return Limit{false, off_sentence("enabled", trimmed(*value), "netdata.conf [cloud]")};
}

std::optional<Limit> netdata_conf_limit(std::string_view text, const fs::path &file) {
  if (const auto trouble = netdata_conf_trouble(text); !trouble.empty())
    return trouble_limit(fmt::format("cannot understand {}: {}", file.string(), trouble));
  std::optional<std::string> enabled;
  visit_ini(text, [&](std::string_view section, std::string_view key, std::string_view value) {
    if (section == "cloud" && key == "enabled") enabled = value;
  });
  return enabled_limit(enabled);
}

std::optional<Limit> netdata_conf_limit(const fs::path &file) {
  const auto text = read_limiting_file(file, kMaxNetdataConf);
  if (text) return netdata_conf_limit(*text, file);
  if (text.error().code == Errc::not_found) return std::nullopt;
  return trouble_limit(text.error().what);
}

Result<std::string> read_limiting_file(const fs::path &file, std::size_t max_bytes) {
  auto text = read_file(file, max_bytes);
  if (text || text.error().code != Errc::not_found) return text;
  struct stat st {};
  if (::lstat(file.c_str(), &st) != 0) return text;
  text = read_file(file, max_bytes);  // it may have come in between
  if (text || text.error().code != Errc::not_found) return text;
  return fail(Errc::io, fmt::format("cannot read {}: it is a symbolic link to nothing", file.string()));
}

}  // namespace aclk::claim
