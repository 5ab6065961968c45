// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/cli/commands.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "claim/base/text.h"
#include "plugin-api/cli/ask_plugin.h"

namespace aclk::cli {
namespace {

using Json = nlohmann::ordered_json;

struct WhatIsSentArguments {
  Where where;
  std::string type;
  bool json = false;
  bool last = false;
};

void print_lines(const Json &types, const char *direction, const WhatIsSentArguments &given) {
  for (const auto &t : types) {
    const auto type = t.value("type", "");
    if (!given.type.empty() && given.type != type) continue;
    fmt::print("{:<9} {:<29} {:>8} {:>12}  {}", direction, terminal_text(type), t.value("count", 0ULL),
               t.value("bytes", 0ULL), terminal_text(t.value("last-utc", "")));
    if (const auto failed = t.value("failed", 0ULL); failed != 0) fmt::print("  ({} not delivered)", failed);
    fmt::print("\n");
    if (!given.last && given.type.empty()) continue;
    const auto &last = t.contains("last") ? t["last"] : Json(nullptr);
    const auto text = last.is_string() ? last.get<std::string>()
                      : last.is_null() ? fmt::format("({} bytes, not kept)", t.value("last-bytes", 0ULL))
                                       : last.dump(2, ' ', false, Json::error_handler_t::replace);
    fmt::print("{}\n\n", terminal_text(text));
  }
}

int run(const WhatIsSentArguments &given) {
  const auto answer = ask_plugin(given.where, HttpMethod::get, "/api/v1/aclk/what-is-sent");
  if (!answer) return no_answer(given.where, answer.error());
  const auto j = Json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !j.is_object()) return no_answer(given.where, {Errc::io, answer->body});
  if (given.json) {
    fmt::print("{}\n", terminal_text(answer->body));
    return static_cast<int>(Seen::answered);
  }
  fmt::print("{:<9} {:<29} {:>8} {:>12}  {}\n", "", "message", "count", "bytes", "last (UTC)");
  print_lines(j.value("sent", Json::array()), "sent", given);
  print_lines(j.value("received", Json::array()), "received", given);
  return static_cast<int>(Seen::answered);
}

}  // namespace

Command add_what_is_sent_command(CLI::App &app) {
  const auto given = std::make_shared<WhatIsSentArguments>();
  auto *const c = app.add_subcommand(
      "what-is-sent", "What goes over the link: each type of message, how often, how large, and the last one in clear");
  c->add_flag("--last", given->last, "Also the last message of each type, in clear");
  c->add_option("--type", given->type, "Only this type, with its last message in clear")->type_name("TYPE");
  c->add_flag("--json", given->json, "Everything, as JSON");
  add_where_options(*c, given->where);
  c->footer(R"(
Exit status:
   0  done
   1  the command line is wrong
   3  the plugin does not run; why is said
   4  the plugin listens, but does not answer, or this user may not ask it)");
  return {c, [given] { return run(*given); }};
}

}  // namespace aclk::cli
