// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/claim_sources.h"
#include "claim/ini.h"

namespace aclk::claim {
namespace {

constexpr std::size_t kMaxToken = 4096;
constexpr std::string_view kPath = "api/v1/spaces/nodes/";

using std::chrono::milliseconds;

struct StatusRow {
  int status;
  ExitCode exit;
  bool retry;
  const char *reason;
  const char *next_step;
};
constexpr auto kWaitForCloud = "The cloud has trouble of its own: wait some minutes and run the command again.";
constexpr std::array kStatusRows{
    StatusRow{204, ExitCode::claimed, false, "", ""},
    StatusRow{102, ExitCode::in_progress, false, "Claiming is in progress",
              "The cloud is still busy with an earlier claim of this node: wait a minute and run the command again."},
    StatusRow{403, ExitCode::token_refused, false, "Failed: token is expired, not found, or invalid",
              "Copy a fresh claiming token from the settings of your Space and run the command with it."},
    StatusRow{409, ExitCode::already_claimed, false, "Failed: agent is already claimed",
              "Remove this node from the Space it belongs to, then run the command again. If the machine was cloned, "
              "give it an identity of its own first: stop the agent, delete registry/netdata.public.unique.id in its "
              "library directory, start it."},
    StatusRow{500, ExitCode::server_error, true, "Failed: received Internal Server Error", kWaitForCloud},
    StatusRow{503, ExitCode::service_unavailable, true, "Failed: Netdata Cloud is unavailable", kWaitForCloud},
    StatusRow{504, ExitCode::gateway_timeout, true, "Failed: Gateway Timeout", kWaitForCloud},
};

struct KeyRow {
  std::string_view key;
  ExitCode exit;
  const char *reason;
  const char *next_step;
};
constexpr std::array kKeyRows{
    KeyRow{"ErrInvalidNodeID", ExitCode::invalid_node_id, "Failed: the node id is invalid",
           "Run the command again, it makes a new id each time. If the answer stays, report it to who runs the cloud."},
    KeyRow{"ErrInvalidNodeName", ExitCode::invalid_node_name, "Failed: the node name is invalid",
           "Set another name, 'registry hostname' in section [registry] of netdata.conf, and run the command again."},
    KeyRow{
        "ErrInvalidRoomID", ExitCode::invalid_room_id, "Failed: one or more room ids are invalid",
        "Compare the ids given with --rooms with those in the settings of your Space's rooms, or leave --rooms out."},
    KeyRow{"ErrInvalidPublicKey", ExitCode::invalid_public_key, "Failed: the public key is invalid",
           "Run the command with --reclaim, which makes a new key pair."},
};

constexpr auto kReportIt = "Report this answer to who runs the cloud, and check that --url is right.";

// Parsed, ten hostile MiB could become a gigabyte of nodes. A real error body has some hundred bytes.
constexpr std::size_t kMaxErrorBody = 64U << 10;

std::optional<std::string> error_msg_key(std::string_view body) {
  if (body.size() > kMaxErrorBody) return std::nullopt;
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto it = json.find("errorMsgKey");
  if (it == json.end() || !it->is_string()) return std::nullopt;
  const auto &key = it->get_ref<const std::string &>();
  if (key.empty()) return std::nullopt;
  return key;
}

Outcome judge_unprocessable(std::string_view body) {
  const auto other = [](std::string reason) {
    return Outcome{ExitCode::unprocessable, std::move(reason), kReportIt, false};
  };
  if (body.empty()) return other("Failed with an empty response, code 422");
  const auto key = error_msg_key(body);
  if (!key) return other("Failed with a response code 422");
  const auto *const row =
      std::find_if(kKeyRows.begin(), kKeyRows.end(), [&](const KeyRow &r) { return r.key == *key; });
  if (row == kKeyRows.end()) return other(fmt::format("Failed with description '{}'", printable(*key, 100)));
  return {row->exit, row->reason, row->next_step, false};
}

const char *next_step_for(Errc code) {
  switch (code) {
    case Errc::dns:
      return "Check the spelling of the cloud URL and that this machine resolves names (getent hosts NAME).";
    case Errc::proxy:
      return "Check the proxy: its address, its credentials, its certificate if it is https://, and that it lets "
             "CONNECT through to the cloud's port.";
    case Errc::tls:
      return "If this cloud has a CA of its own, or a proxy opens TLS, put that CA's certificate into trusted.pem in "
             "the cloud directory and run the command again.";
    case Errc::tcp:
    case Errc::timeout:
      return "Check that a firewall lets this machine out to the cloud's host and port, or name a proxy with --proxy.";
    default:
      return kReportIt;
  }
}

// Where one of its values is written.
std::string place(const WrittenClaim &w, std::string_view key, std::string_view variable) {
  if (key == "token" && !w.token_file.empty()) return w.token_file.string();
  if (w.file.empty()) return fmt::format("{} in the agent's environment", variable);
  if (w.file.filename() == "claim.conf") return fmt::format("`{}` in {}", key, w.file.string());
  if (key == "token" || key == "rooms") return (w.file.parent_path() / key).string();
  return fmt::format("`{}` in {}", key, (w.file.parent_path() / "cloud.conf").string());
}

std::string unreachable(std::optional<Errc> cause, const WrittenClaim &w) {
  const auto url = place(w, "url", "NETDATA_CLAIM_URL");
  const auto proxy = place(w, "proxy", "NETDATA_CLAIM_PROXY");
  switch (cause.value_or(Errc::io)) {
    case Errc::dns:
      return fmt::format("check the name in {}, and that this machine resolves names (getent hosts NAME)", url);
    case Errc::proxy:
      return fmt::format("check {}: its address, its user and password, and that it lets CONNECT through", proxy);
    case Errc::tls:
      return "if this cloud has a CA of its own, or a proxy opens TLS, put that CA's certificate into trusted.pem in "
             "the "
             "cloud directory";
    case Errc::tcp:
    case Errc::timeout:
      return fmt::format("check {}, and that a firewall lets this machine out to it, or set {}", url, proxy);
    default:
      return fmt::format("check {}, and whether it is the cloud that answers there", url);
  }
}

}  // namespace

std::vector<std::string> split_rooms(std::string_view list) {
  std::vector<std::string> rooms;
  for (;;) {
    const auto comma = list.find(',');
    if (const auto room = trimmed(list.substr(0, comma)); !room.empty()) rooms.emplace_back(room);
    if (comma == std::string_view::npos) return rooms;
    list.remove_prefix(comma + 1);
  }
}

Result<std::string> checked_token(std::string_view text) {
  const auto token = trimmed(text);
  if (token.empty()) return fail(Errc::invalid_argument, "the claiming token is empty");
  if (token.starts_with('/'))
    return fail(Errc::invalid_argument,
                "the claiming token begins with '/': it looks like the name of a file. The token itself belongs there; "
                "netdata-aclk claim --token-file FILE reads one");
  if (token.size() > kMaxToken)
    return fail(Errc::invalid_argument, fmt::format("the claiming token is longer than {} characters", kMaxToken));
  const bool plain = std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (!plain)
    return fail(Errc::invalid_argument, "the claiming token holds a space, a line feed or a character outside ASCII");
  return std::string(token);
}

Result<std::string> checked_cloud_url(std::string_view text, PlainHttp plain_http) {
  const auto t = trimmed(text);
  ACLK_TRY(const auto url, parse_url(t));
  if (url.path.find_first_of("?#") != std::string::npos)
    return fail(Errc::parse, fmt::format("\"{}\" is not the URL of a cloud: it has a query or a fragment", t));
  if (url.scheme == "http" && plain_http == PlainHttp::refused)
    return fail(Errc::denied, fmt::format("\"{}\" would send the claiming token unencrypted. Use https, or --insecure "
                                          "if that is what you want",
                                          t));
  if (url.scheme != "https" && url.scheme != "http")
    return fail(Errc::parse, fmt::format("\"{}\" is not the URL of a cloud: it must begin with https://", t));
  return url.path == "/" ? url.origin() : url.str();
}

std::string claim_url(std::string_view cloud_url, std::string_view claim_id) {
  return fmt::format("{}{}{}{}", cloud_url, cloud_url.ends_with('/') ? "" : "/", kPath, claim_id);
}

std::string claim_body(const ClaimRequest &r) {
  const nlohmann::json body{
      {"node", {{"id", r.claim_id}, {"hostname", r.hostname}}},
      {"token", r.token},
      {"rooms", r.rooms},
      {"publicKey", r.public_key},
      {"mGUID", r.machine_guid},
  };
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Outcome judge_answer(int status, std::string_view body) {
  if (status == 422) return judge_unprocessable(body);
  const auto *const row =
      std::find_if(kStatusRows.begin(), kStatusRows.end(), [&](const StatusRow &r) { return r.status == status; });
  if (row == kStatusRows.end())
    return {ExitCode::other_status, fmt::format("Failed with response code {}", status), kReportIt, true};
  return {row->exit, row->reason, row->next_step, row->retry};
}

Outcome judge_failure(const Error &error, const CallFacts &facts) {
  const bool too_big = error.code == Errc::too_big;
  Outcome o;
  o.exit = too_big ? ExitCode::answer_too_big : ExitCode::unreachable;
  o.reason = fmt::format("{}\nproxy: '{}',\ninsecure: {},\npublic key file: '{}',\ntrusted key file: '{}'",
                         too_big ? fmt::format("Request failed: response body exceeded {} bytes", kMaxAnswerBytes)
                                 : "Request failed with error: " + error.what,
                         facts.proxy, facts.insecure, facts.public_key_file, facts.trust_file);
  o.next_step = next_step_for(error.code);
  o.retry = !too_big;
  o.cause = error.code;
  return o;
}

std::optional<milliseconds> retry_delay(unsigned failure, const Outcome &outcome) {
  if (!outcome.retry || failure + 1 >= kMaxAttempts) return std::nullopt;
  return milliseconds(300 + 100 * failure);
}

std::string written_advice(ExitCode exit, std::optional<Errc> cause, const WrittenClaim &w) {
  switch (exit) {
    case ExitCode::token_refused:
      return fmt::format("put a fresh claiming token of your Space into {}", place(w, "token", "NETDATA_CLAIM_TOKEN"));
    case ExitCode::invalid_room_id:
      return fmt::format("compare {} with the room ids of your Space, or take it away",
                         place(w, "rooms", "NETDATA_CLAIM_ROOMS"));
    case ExitCode::invalid_node_name:
      return "set another name, `registry hostname` in section [registry] of netdata.conf";
    case ExitCode::invalid_public_key:
      return "run netdata-aclk claim --reclaim, which makes a new key pair";
    case ExitCode::already_claimed:
      return "remove this node from the Space that it belongs to, or, if the machine was cloned, stop the agent, "
             "delete "
             "registry/netdata.public.unique.id in its library directory, and start it";
    case ExitCode::unreachable:
      return unreachable(cause, w);
    case ExitCode::in_progress:
    case ExitCode::server_error:
    case ExitCode::gateway_timeout:
    case ExitCode::service_unavailable:
      return "the cloud has trouble of its own, and it is tried again without anybody's help";
    case ExitCode::other_status:
    case ExitCode::invalid_node_id:
    case ExitCode::unprocessable:
    case ExitCode::answer_too_big:
      return fmt::format("check {}, and report this answer to who runs the cloud if that is right",
                         place(w, "url", "NETDATA_CLAIM_URL"));
    default:
      return {};
  }
}

}  // namespace aclk::claim
