// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "claim/base/url.h"
#include "plugin-api/external/agent/cli_socket.h"
#include "plugin-api/external/config/netdata_conf.h"

namespace aclk::external {
namespace {

constexpr std::size_t kMaxUnixPath = sizeof(sockaddr_un::sun_path) - 1;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned n = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || r.ec != std::errc{} || r.ptr != text.data() + text.size() || n == 0 || n > 65535)
    return std::nullopt;
  return static_cast<std::uint16_t>(n);
}

// A number, or the name of a service (/etc/services).
std::optional<std::uint16_t> find_port(std::string_view text) {
  if (auto n = parse_port(text)) return n;
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return std::nullopt;
  std::array<char, 4096> room{};
  servent entry{};
  servent *found = nullptr;
  if (::getservbyname_r(std::string(text).c_str(), "tcp", &entry, room.data(), room.size(), &found) != 0 ||
      found == nullptr)
    return std::nullopt;
  return ntohs(static_cast<std::uint16_t>(found->s_port));
}

bool is_link_local(std::string_view host) {
  in6_addr a{};
  return ::inet_pton(AF_INET6, std::string(host).c_str(), &a) == 1 && IN6_IS_ADDR_LINKLOCAL(&a);
}

std::string loopback_of(std::string_view host) {
  if (host.empty() || host == "*" || host == "any" || host == "all" || host == "0.0.0.0") return "127.0.0.1";
  if (host == "::") return "::1";
  return std::string(host);
}

// IP%interface:PORT; an IPv6 address stands in brackets.
std::optional<Endpoint> parse_address(std::string_view text, std::uint16_t default_port) {
  Endpoint e;
  std::string_view host;
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  auto interface = host.substr(std::min(host.find('%'), host.size()));
  host = host.substr(0, host.find('%'));
  if (!rest.empty() && rest.front() == '%') {
    interface = rest.substr(0, rest.find(':'));
    rest = rest.substr(interface.size());
  }
  e.port = default_port;
  if (!rest.empty() && rest.front() == ':') rest.remove_prefix(1);
  if (!rest.empty()) {
    const auto port = find_port(rest);
    if (!port) return std::nullopt;
    e.port = *port;
  }
  e.host = loopback_of(host);
  if (is_link_local(host)) e.host += interface;  // reached only through its interface
  return e;
}

std::optional<Endpoint> unix_place(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.size() > kMaxUnixPath) return std::nullopt;
  Endpoint e;
  e.unix_path = path;
  return e;
}

void parse_item(std::string_view item, std::uint16_t default_port, std::vector<Endpoint> &out) {
  const auto add = [&](std::optional<Endpoint> e) {
    if (e && std::find(out.begin(), out.end(), *e) == out.end()) out.push_back(std::move(*e));
  };
  if (item.starts_with("udp:")) return;
  const auto cut = std::min(item.find_first_of("=^"), item.size());
  auto place = item.substr(0, cut);
  const auto suffix = item.substr(cut);
  if (place.starts_with("unix:")) {
    add(unix_place(item.substr(5)));
    add(unix_place(place.substr(5)));
    return;
  }
  if (suffix.starts_with("=") && suffix.substr(0, suffix.find('^')).find("dashboard") == std::string_view::npos) return;
  if (place.starts_with("tcp:")) place.remove_prefix(4);
  auto e = parse_address(place, default_port);
  if (e) e->tls = suffix.find("SSL=force") != std::string_view::npos;
  add(std::move(e));
}

}  // namespace

std::string Endpoint::base_url() const {
  if (!unix_path.empty()) return "http://localhost";
  auto shown = host;
  if (const auto scope = shown.find('%'); scope != std::string::npos) shown.insert(scope + 1, "25");  // RFC 6874
  if (host.find(':') != std::string::npos) shown = "[" + shown + "]";
  return fmt::format("{}://{}:{}", tls ? "https" : "http", shown, port);
}

std::string Endpoint::describe() const { return unix_path.empty() ? base_url() : "unix:" + unix_path; }

std::vector<Endpoint> parse_bind_list(std::string_view list, std::uint16_t default_port) {
  constexpr std::size_t kMaxItems = 100;  // the agent's own bound of listening sockets
  constexpr std::string_view kSpace = " \t\r\n\v\f,";
  std::vector<Endpoint> out;
  while (out.size() < kMaxItems) {
    const auto first = list.find_first_not_of(kSpace);
    if (first == std::string_view::npos) break;
    list.remove_prefix(first);
    const auto item = list.substr(0, list.find_first_of(kSpace));
    list.remove_prefix(item.size());
    parse_item(item, default_port, out);
  }
  std::stable_partition(out.begin(), out.end(), [](const Endpoint &e) { return !e.unix_path.empty(); });
  return out;
}

Result<Endpoint> parse_agent_url(std::string_view text) {
  Endpoint e;
  if (text.starts_with("http+unix:")) text.remove_prefix(5);
  if (text.starts_with("unix:")) {
    text.remove_prefix(5);
    while (text.starts_with("//")) text.remove_prefix(1);
    if (text.empty() || text.front() != '/' || text.size() > kMaxUnixPath)
      return fail(Errc::parse, fmt::format("\"unix:{}\" is not usable: after unix: comes an absolute path of at most "
                                           "{} characters",
                                           text.substr(0, 128), kMaxUnixPath));
    e.unix_path = text;
    return e;
  }
  const auto with_scheme =
      text.find("://") == std::string_view::npos ? "http://" + std::string(text) : std::string(text);
  ACLK_TRY(auto url, parse_url(with_scheme));
  if (url.scheme != "http" && url.scheme != "https")
    return fail(Errc::parse, "the URL of the agent must begin with http://, https:// or unix:");
  e.host = url.host;
  e.port = url.port;
  e.tls = url.encrypted();
  return e;
}

Result<std::vector<Candidate>> find_candidates(const Settings &settings, const ReadConfig &ask_agent) {
  std::vector<Candidate> out;
  if (!settings.agent_url.empty()) {
    auto e = parse_agent_url(settings.agent_url);
    if (!e) return fail(Errc::invalid_argument, fmt::format("[plugin:aclk] agent url: {}", e.error().what));
    out.push_back({std::move(*e), "[plugin:aclk] agent url"});
    return out;
  }
  if (settings.web_disabled) return fail(Errc::unsupported, std::string(kNoWebServer));
  const auto add = [&](std::string_view list, std::uint16_t port, const char *source, bool guess) {
    for (auto &e : parse_bind_list(list, port)) {
      const auto same = [&](const Candidate &c) { return c.endpoint == e; };
      const auto known = std::find_if(out.begin(), out.end(), same);
      if (known == out.end())
        out.push_back({std::move(e), source, guess, settings.allow_connections, settings.allow_dashboard});
      else
        known->guess = known->guess && guess;
    }
  };
  // On 1.x what the socket says may be another agent's.
  const bool written = !settings.bind_to.empty();
  if (const auto told = ask_agent("web", "bind to")) {
    const auto port = ask_agent("web", "default port");
    add(*told, port ? port_of(*port).value_or(settings.default_port) : settings.default_port,
        "the agent's command socket", false);
  }
  add(written ? settings.bind_to : "127.0.0.1", settings.default_port, written ? "netdata.conf" : "the default", false);
  if (written) add("127.0.0.1", kNetdataPort, "the default", true);
  return out;
}

ReadConfig ask_command_sockets(const Environment &env, const Getenv &getenv,
                               std::function<void(const std::string &)> complain) {
  const auto said = std::make_shared<std::set<std::filesystem::path>>();
  return [sockets = cli_sockets(env, getenv), complain = std::move(complain), said](
             std::string_view section, std::string_view key) -> Result<std::string> {
    Result<std::string> last = fail(Errc::not_found, "the agent has no command socket");
    for (const auto &s : sockets) {
      last = cli_read_config(s, section, key, std::chrono::seconds(1));
      if (last) break;
      if (last.error().code == Errc::denied && complain && said->insert(s).second) complain(last.error().what);
    }
    return last;
  };
}

}  // namespace aclk::external
