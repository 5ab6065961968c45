// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/alerts/alert_text.h"

#include <fmt/format.h>
#include <netdata-aclk/plugin.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "claim/base/uuid.h"

namespace aclk::external {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 8> kEntities{{{"&gt;", '>'},
                                                                      {"&lt;", '<'},
                                                                      {"&amp;", '&'},
                                                                      {"&#x2F;", '/'},
                                                                      {"&#x2f;", '/'},
                                                                      {"&quot;", '"'},
                                                                      {"&#39;", '\''},
                                                                      {"&#x27;", '\''}}};

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 6> kStatuses{{{"REMOVED", NACLK_ALERT_REMOVED},
                                                                               {"UNDEFINED", NACLK_ALERT_NOT_A_NUMBER},
                                                                               {"UNINITIALIZED", NACLK_ALERT_UNKNOWN},
                                                                               {"CLEAR", NACLK_ALERT_CLEAR},
                                                                               {"WARNING", NACLK_ALERT_WARNING},
                                                                               {"CRITICAL", NACLK_ALERT_CRITICAL}}};

std::uint32_t parse_line(std::string_view text) {
  std::uint32_t line = 0;
  std::from_chars(text.data(), text.data() + text.size(), line);
  return line;
}

// The directory of an agent's health configuration, unless it is told another.
constexpr std::string_view kHealth = "/health.d/";

}  // namespace

std::string html_unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto *const e =
        text.front() != '&' ? kEntities.end() : std::find_if(kEntities.begin(), kEntities.end(), [&](const auto &x) {
          return text.substr(0, x.first.size()) == x.first;
        });
    if (e == kEntities.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += e->second;
      text.remove_prefix(e->first.size());
    }
  }
  return out;
}

std::uint32_t alert_status(std::string_view word) {
  const auto *const s =
      std::find_if(kStatuses.begin(), kStatuses.end(), [&](const auto &x) { return x.first == word; });
  return s == kStatuses.end() ? std::uint32_t{NACLK_ALERT_UNKNOWN} : s->second;
}

std::string agents_uuid(std::string_view text) {
  constexpr std::string_view kNone = "00000000-0000-0000-0000-000000000000";
  auto uuid = parse_uuid(text).value_or("");
  return uuid == kNone ? std::string() : uuid;
}

AlertSource parse_source(std::string_view text) {
  AlertSource s;
  if (text.substr(0, 5) == "line=") {
    s.line = parse_line(text.substr(5));
    if (const auto file = text.find(",file="); file != std::string_view::npos) s.file = text.substr(file + 6);
  } else if (const auto at = text.find('@'); at != std::string_view::npos) {
    s.line = parse_line(text.substr(0, at));
    s.file = text.substr(at + 1);
  }
  return s;
}

std::string AlertSource::conf_source() const {
  return file.empty() ? std::string() : fmt::format("line={},file={}", line, file);
}

std::string edit_command(const AlertSource &source, std::string_view config_dir, std::string_view hostname) {
  const std::string_view file = source.file;
  if (file.empty()) return {};
  std::string_view name;  // as edit-config takes it: below the agent's configuration directory
  if (const auto at = file.rfind(kHealth); at != std::string_view::npos)
    name = file.substr(at + 1);
  else if (!config_dir.empty() && file.starts_with(config_dir) && file.substr(config_dir.size()).starts_with('/'))
    name = file.substr(config_dir.size() + 1);
  if (name.empty()) return fmt::format("sudo vi +{} {}", source.line, file);
  return fmt::format("sudo {}/edit-config {}={}={}", config_dir, name, source.line, hostname);
}

std::string agents_edit_command(std::string told, const AlertSource &source, std::string_view hostname) {
  constexpr std::string_view kSudo = "sudo ";
  const auto end = told.find("/edit-config health.d/");
  if (end == std::string::npos || !told.starts_with(kSudo) || source.file.empty() ||
      source.file.find(kHealth) != std::string::npos)
    return told;
  return edit_command(source, std::string_view(told).substr(kSudo.size(), end - kSudo.size()), hostname);
}

}  // namespace aclk::external
