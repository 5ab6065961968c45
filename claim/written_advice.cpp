// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/written_advice.h"

#include <fmt/format.h>

#include <string_view>

namespace aclk::claim {
namespace {

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
