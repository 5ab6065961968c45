// SPDX-License-Identifier: GPL-3.0-or-later
//
// What processes tell each other (plugin-api/external): first byte = the worker's words and the claimer's lines to the
// supervisor, in any pieces; the agent's command socket; the numbers for charts; where an alert's definition stands.
#include "plugin-api/external/agent/cli_socket.h"
#include "plugin-api/external/alerts/alert_text.h"
#include "plugin-api/external/charts/charts.h"
#include "plugin-api/external/process/children.h"
#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

template <class Feed>
void in_pieces(std::string_view bytes, Feed feed) {
  for (std::size_t n = 1; !bytes.empty(); n = n % 7 + 1) {
    feed(bytes.substr(0, n));
    bytes.remove_prefix(std::min(n, bytes.size()));
  }
}

}  // namespace

void fuzz(std::string_view bytes) {
  switch (choose(bytes, 5)) {
    case 0: {
      std::string whole;
      std::string pieces;
      const auto words = [](std::string &out) {
        return external::WorkerPipe(
            {.online = [&](bool online) { out += online ? '1' : '0'; },
             .chart = [&](const external::ChartText &c) { out += c.definition + "|" + c.values; },
             .looking = [&](const std::string &trouble) { out += "L" + trouble; },
             .found = [&](const std::string &place, const std::string &version) { out += place + "|" + version; },
             .serving = [&] { out += "S"; }});
      };
      auto a = words(whole);
      auto b = words(pieces);
      a.feed(bytes);
      in_pieces(bytes, [&](std::string_view piece) { b.feed(piece); });
      return require(whole == pieces, "words mean the same in any pieces");
    }
    case 1: {
      std::string whole;
      std::string pieces;
      const auto lines = [](std::string &out) {
        return external::ClaimLines([&](claim::ClaimLine kind, const std::string &text) {
          require(!text.empty() && text.find('\n') == std::string::npos, "a line is one");
          out += (kind == claim::ClaimLine::failure ? "E" : "I") + text + "\n";
        });
      };
      auto a = lines(whole);
      auto b = lines(pieces);
      a.feed(bytes);
      in_pieces(bytes, [&](std::string_view piece) { b.feed(piece); });
      return require(whole == pieces, "lines mean the same in any pieces");
    }
    case 2:
      return (void)external::parse_cli_answer(bytes);
    case 3:
      return (void)external::parse_numbers(bytes);
    default:
      (void)external::parse_source(bytes).conf_source();
  }
}

}  // namespace aclk::fuzz
