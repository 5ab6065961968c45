// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/session/states_md.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace aclk::test {
namespace {

using namespace aclk::session;

std::string_view when_text(When when) {
  switch (when) {
    case When::stopping:
      return "stopping";
    case When::banned:
      return "banned";
    case When::blocked:
      return "the cloud named a time";
    case When::otherwise:
      return "else";
    case When::always:
      break;
  }
  return "";
}

std::string_view do_text(Do act) {
  switch (act) {
    case Do::wait:
      return "wait";
    case Do::login:
      return "ask /env";
    case Do::dial:
      return "dial the broker";
    case Do::announce:
      return "say hello";
    case Do::goodbye:
      return "say goodbye";
    case Do::close:
      return "close";
    case Do::abort:
      return "drop the attempt";
    case Do::finished:
      return "finished";
    case Do::nothing:
      break;
  }
  return "";
}

// Mermaid's names have no spaces.
std::string id(ConnectionState s) {
  std::string n = state_name(s);
  std::replace(n.begin(), n.end(), ' ', '_');
  return n;
}

std::string condition(const Move &m) {
  const auto when = when_text(m.when);
  return when.empty() || m.when == When::otherwise ? std::string(event_text(m.on))
                                                   : fmt::format("{}, {}", event_text(m.on), when);
}

std::string diagram() {
  std::string out = "```mermaid\nstateDiagram-v2\n    [*] --> stopped\n";
  // One arrow for each pair of states, with all that leads along it.
  std::vector<std::pair<std::pair<ConnectionState, ConnectionState>, std::string>> arrows;
  for (const auto &m : moves())
    for (std::size_t i = 0; i < kStates; ++i) {
      const auto from = static_cast<ConnectionState>(i);
      if (!m.in.has(from) || from == m.next) continue;
      const std::pair key{from, m.next};
      const auto it = std::find_if(arrows.begin(), arrows.end(), [&](const auto &a) { return a.first == key; });
      if (it == arrows.end())
        arrows.emplace_back(key, condition(m));
      else
        it->second += " / " + condition(m);
    }
  for (const auto &[ends, text] : arrows)
    out += fmt::format("    {} --> {}: {}\n", id(ends.first), id(ends.second), text);
  return out + "```\n";
}

std::string states() {
  std::string out = "| state | waits for | at most |\n|---|---|---|\n";
  for (std::size_t i = 0; i < kStates; ++i) {
    const auto &s = info(static_cast<ConnectionState>(i));
    std::string bound(s.bound);
    if (s.deadline.count() > 0)
      bound += fmt::format(" (below it, a net of {:g} s)", std::chrono::duration<double>(s.deadline).count());
    out += fmt::format("| {} | {} | {} |\n", s.name, s.waits_for, bound);
  }
  return out;
}

std::string rows() {
  std::string out = "| in | on | if | to | does |\n|---|---|---|---|---|\n";
  for (const auto &m : moves()) {
    std::string in;
    for (std::size_t i = 0; i < kStates; ++i)
      if (m.in.has(static_cast<ConnectionState>(i)))
        in += (in.empty() ? "" : ", ") + std::string(state_name(static_cast<ConnectionState>(i)));
    out += fmt::format("| {} | {} | {} | {} | {} |\n", in, event_text(m.on), when_text(m.when), state_name(m.next),
                       do_text(m.act));
  }
  return out;
}

}  // namespace

std::string_view event_text(session::Event event) {
  constexpr std::array<std::string_view, session::kEvents> kTexts{
      "claimed",         "claim removed",   "turned off",    "start",        "time is up",    "good /env",
      "good challenge",  "credentials",     "TCP connected", "TLS done",     "HTTP 101",      "CONNACK 0",
      "failed or ended", "deadline passed", "DisconnectReq", "goodbye over", "stop or reload"};
  return kTexts[std::min(static_cast<std::size_t>(event), session::kEvents - 1)];
}

std::string states_md() {
  return "<!-- Made from aclk/session/states.cpp: build/…/session_states_md > aclk/session/STATES.md -->\n"
         "# The life of the link\n\n"
         "Every state, what it waits for, how long at most, and every way out of it. The machine\n"
         "(`aclk/session/connection_state_machine.cpp`) moves by this table and by nothing else; an event without a "
         "row changes "
         "nothing.\n\n" +
         diagram() + "\n## States\n\n" + states() + "\n## Moves\n\nThe first row that fits counts.\n\n" + rows();
}

}  // namespace aclk::test
