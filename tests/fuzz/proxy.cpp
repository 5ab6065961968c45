// SPDX-License-Identifier: GPL-3.0-or-later
//
// The proxy setting (claim/proxy.h). First byte: from cloud.conf or from the environment, with a known password put in
// front of the host or not. The password is never shown.
#include "claim/proxy.h"

#include <string>

#include "tests/fuzz/fuzz.h"

namespace {
constexpr std::string_view kSecret = "Tr0ub4dor";
bool shows(const std::string &text) { return text.find(kSecret) != std::string::npos; }
}  // namespace

void aclk::fuzz::fuzz(std::string_view bytes) {
  const auto how = choose(bytes, 8);
  if (bytes.find(kSecret.substr(0, 4)) != std::string_view::npos) return;  // part of it from elsewhere
  constexpr std::string_view kSchemes[] = {"http://", "socks5://", "socks5h://", "https://"};
  std::string setting(bytes);
  if (how >= 4) setting = std::string(kSchemes[how % 4]) + "user:" + std::string(kSecret) + "@" + setting;
  const bool environment = (how & 1U) != 0;
  const auto getenv = [&](const char *) -> std::optional<std::string> { return setting; };
  const auto proxy = claim::resolve_proxy(environment ? "env" : setting, "cloud.conf", getenv);
  require(!shows(claim::masked_proxy(setting)), "masked is masked");
  if (!proxy) {
    require(!shows(proxy.error().what), "an error shows no password");
    return;
  }
  require(!shows(proxy->display()) && !shows(proxy->warning) && !shows(proxy->curl_url()), "nothing shows a password");
  require((proxy->kind == claim::ProxyKind::none) == proxy->host.empty(), "a proxy has a host");
  require(proxy->kind == claim::ProxyKind::none || proxy->port != 0, "and a port");
  require(!claim::proxy_excepts("", bytes) && claim::proxy_excepts("*", bytes), "no_proxy: nobody and everybody");
  (void)claim::proxy_excepts(bytes, "192.0.2.77");
  (void)claim::proxy_excepts(bytes, "2001:db8::77");
  (void)claim::proxy_excepts(bytes, "mqtt.example.org");
}
