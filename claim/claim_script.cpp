// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "claim/base/text.h"
#include "claim/ini.h"
#include "claim/settings.h"

namespace aclk::claim {
namespace {

enum class What : std::uint8_t { token, rooms, url, proxy, id, hostname, user, no_proxy, insecure, verbose, nothing };

struct Option {
  std::string_view name;
  What what;
  bool value;
  bool v2;  // only 2.x has it
};

// --token and --rooms are netdata-cloud.sh's. The value is the next argument or follows a '='.
constexpr std::array kOptions{
    Option{"--claim-token", What::token, true, true},
    Option{"--claim-rooms", What::rooms, true, true},
    Option{"--claim-url", What::url, true, true},
    Option{"--claim-proxy", What::proxy, true, true},
    Option{"--token", What::token, true, false},
    Option{"--rooms", What::rooms, true, false},
    Option{"-token", What::token, true, false},
    Option{"-rooms", What::rooms, true, false},
    Option{"-url", What::url, true, false},
    Option{"-proxy", What::proxy, true, false},
    Option{"-id", What::id, true, false},
    Option{"-hostname", What::hostname, true, false},
    Option{"-user", What::user, true, false},
    Option{"--noproxy", What::no_proxy, false, true},
    Option{"-noproxy", What::no_proxy, false, false},
    Option{"--insecure", What::insecure, false, true},
    Option{"-insecure", What::insecure, false, false},
    Option{"--noreload", What::nothing, false, true},
    Option{"-noreload", What::nothing, false, false},
    Option{"-verbose", What::verbose, false, false},
    Option{"-daemon-not-running", What::nothing, false, false},
};

const Option *find(std::string_view name) {
  const auto it = std::find_if(kOptions.begin(), kOptions.end(), [&](const Option &o) { return o.name == name; });
  return it == kOptions.end() ? nullptr : &*it;
}

void set(ScriptArguments &a, What what, std::string value) {
  switch (what) {
    case What::token:
      a.token = std::move(value);
      break;
    case What::rooms:
      a.rooms = std::move(value);
      break;
    case What::url:
      if (!trimmed(value).empty()) a.url = std::move(value);
      break;
    case What::proxy:
      a.proxy = std::move(value);
      break;
    case What::id:
      a.id = std::move(value);
      break;
    case What::hostname:
      a.hostname = std::move(value);
      break;
    case What::user:
      a.user = std::move(value);
      break;
    case What::no_proxy:
      a.proxy = "none";
      break;
    case What::insecure:
      a.insecure = true;
      break;
    case What::verbose:
      a.verbose = true;
      break;
    case What::nothing:
      break;
  }
}

}  // namespace

ScriptArguments parse_script_arguments(const std::vector<std::string> &args) {
  ScriptArguments a;
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view arg = args[i];
    const auto eq = arg.find('=');
    const auto name = arg.substr(0, eq);
    const auto *const o = find(name);
    const bool inside = eq != std::string_view::npos;
    // 1.37's options take their value after '=' only; "-token T" is none of them.
    const bool beside = o != nullptr && o->value && !inside && name.starts_with("--") && i + 1 < args.size();
    if (o == nullptr || (o->value ? !inside && !beside : inside)) {
      unknown.emplace_back(name.starts_with('-') ? name : std::string_view("(a value)"));
      continue;
    }
    a.v2 = a.v2 || o->v2;
    set(a, o->what, std::string(inside ? arg.substr(eq + 1) : beside ? std::string_view(args[++i]) : ""));
  }
  if (!a.v2) {
    if (!unknown.empty()) a.unknown = unknown.front();
    return a;
  }
  for (const auto &name : unknown) a.warnings.push_back(fmt::format("WARNING: Ignoring unrecognized option {}", name));
  for (const auto &[name, value] : {std::pair{"-id", &a.id}, {"-hostname", &a.hostname}, {"-user", &a.user}}) {
    if (!*value) continue;
    a.warnings.push_back(fmt::format("WARNING: {} option is no longer supported and is ignored", name));
    value->reset();
  }
  return a;
}

std::vector<std::string_view> secret_script_options() {
  std::vector<std::string_view> out;
  for (const auto &o : kOptions)
    if (o.what == What::token || o.what == What::proxy) out.push_back(o.name);
  return out;
}

int script_exit(ExitCode exit) {
  switch (exit) {
    case ExitCode::unprocessable:
    case ExitCode::answer_too_big:
      return static_cast<int>(ExitCode::other_status);
    case ExitCode::busy:
      return static_cast<int>(ExitCode::local_files);
    default:
      return static_cast<int>(exit);
  }
}

std::string_view script_error(ExitCode exit) {
  switch (script_exit(exit)) {
    case 7:
      return "Unknown HTTP error message";
    case 8:
      return "invalid node id";
    case 9:
      return "invalid node name";
    case 10:
      return "invalid room id";
    case 11:
      return "invalid public key";
    case 12:
      return "token expired/token not found/invalid token";
    case 13:
      return "already claimed";
    case 14:
      return "processing claiming";
    case 15:
      return "Internal Server Error";
    case 16:
      return "Gateway Timeout";
    case 17:
      return "Service Unavailable";
    default:
      return {};
  }
}

std::string_view script_error_key(ExitCode exit) {
  static constexpr std::array<std::string_view, 10> kKeys{
      "ErrInvalidNodeID",  "ErrInvalidNodeName",   "ErrInvalidRoomID",   "ErrInvalidPublicKey",
      "ErrForbidden",      "ErrAlreadyClaimed",    "ErrProcessingClaim", "ErrInternalServerError",
      "ErrGatewayTimeout", "ErrServiceUnavailable"};
  const int n = script_exit(exit) - 8;
  return n >= 0 && n < static_cast<int>(kKeys.size()) ? kKeys.at(static_cast<std::size_t>(n)) : std::string_view();
}

std::string format_claim_conf(const ScriptArguments &a) {
  return fmt::format("[global]\n    url = {}\n    token = {}\n    rooms = {}\n    proxy = {}\n    insecure = {}\n",
                     one_line(trimmed(a.url.value_or(std::string(kDefaultCloudUrl)))),
                     one_line(trimmed(a.token.value_or(""))), one_line(trimmed(a.rooms.value_or(""))),
                     one_line(trimmed(a.proxy.value_or("env"))), a.insecure ? "yes" : "no");
}

}  // namespace aclk::claim
