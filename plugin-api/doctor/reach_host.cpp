// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/reach_host.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <memory>

#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/net/curl_easy.h"
#include "plugin-api/doctor/finding.h"

namespace aclk::doctor {
namespace {

constexpr std::size_t kMostAddresses = 8;
constexpr std::chrono::milliseconds kConnectTime{10'000};

struct Lookup {
  uv_getaddrinfo_t request{};
  std::vector<sockaddr_storage> found;
  std::string trouble;
  bool done = false;
};

void look_up(uv_loop_t &loop, const std::string &host, int family, Lookup &l) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  l.request.data = &l;
  const auto on_done = [](uv_getaddrinfo_t *request, int status, addrinfo *list) {
    auto &self = *static_cast<Lookup *>(request->data);
    self.done = true;
    if (status != 0) self.trouble = uv_strerror(status);
    for (const auto *a = list; a != nullptr; a = a->ai_next) {
      sockaddr_storage s{};
      std::copy_n(reinterpret_cast<const char *>(a->ai_addr), a->ai_addrlen, reinterpret_cast<char *>(&s));
      self.found.push_back(s);
    }
    uv_freeaddrinfo(list);
  };
  if (const int rc = uv_getaddrinfo(&loop, &l.request, on_done, host.c_str(), nullptr, &hints); rc != 0) {
    l.trouble = uv_strerror(rc);
    l.done = true;
  }
}

std::string address_text(const sockaddr_storage &s) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  uv_ip_name(reinterpret_cast<const sockaddr *>(&s), text.data(), text.size());
  return text.data();
}

// One attempt; the handle outlives it until libuv has closed it.
struct Attempt {
  uv_tcp_t tcp{};
  uv_connect_t request{};
  Tried result;
  loop::Instant began;
  bool done = false;

  void end(int status) {
    if (done) return;
    done = true;
    result.took = std::chrono::duration_cast<std::chrono::milliseconds>(loop::now() - began);
    // A reset can only come from somebody who is there; what is the matter with him, TLS will find out.
    if (status != 0 && status != UV_ECONNRESET) result.trouble = uv_strerror(status);
    uv_close(reinterpret_cast<uv_handle_t *>(&tcp), nullptr);
  }
  void begin(uv_loop_t &loop, sockaddr_storage address, std::uint16_t port) {
    result.address = address_text(address);
    began = loop::now();
    auto &in_port = address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6 &>(address).sin6_port
                                                  : reinterpret_cast<sockaddr_in &>(address).sin_port;
    in_port = htons(port);
    uv_tcp_init(&loop, &tcp);
    request.data = this;
    const auto on_done = [](uv_connect_t *r, int status) { static_cast<Attempt *>(r->data)->end(status); };
    if (const int rc = uv_tcp_connect(&request, &tcp, reinterpret_cast<const sockaddr *>(&address), on_done); rc != 0)
      end(rc);
  }
};

}  // namespace

HostReach reach_host(loop::Loop &loop, const std::string &host, std::uint16_t port, loop::TimeScale scale) {
  HostReach out;
  Lookup v4;
  Lookup v6;
  look_up(loop.uv(), host, AF_INET, v4);
  look_up(loop.uv(), host, AF_INET6, v6);
  while (!v4.done || !v6.done) uv_run(&loop.uv(), UV_RUN_ONCE);
  out.trouble_v4 = v4.trouble;
  out.trouble_v6 = v6.trouble;

  std::vector<std::unique_ptr<Attempt>> attempts;
  for (const auto *l : {&v4, &v6})
    for (const auto &address : l->found) {
      if (attempts.size() == kMostAddresses) break;
      attempts.push_back(std::make_unique<Attempt>());
      attempts.back()->begin(loop.uv(), address, port);
    }
  loop::Timer deadline(loop.uv());
  deadline.start(kConnectTime / scale.deadlines, [&] {
    for (auto &a : attempts) a->end(UV_ETIMEDOUT);
  });
  while (!std::ranges::all_of(attempts, [](const auto &a) { return a->done; })) uv_run(&loop.uv(), UV_RUN_ONCE);
  deadline.stop();
  loop.drain();  // the handles are closed before they go
  for (auto &a : attempts) out.tried.push_back(std::move(a->result));
  return out;
}

Findings judge_host(const std::string &prefix, const std::string &host, std::uint16_t port, const HostReach &reach) {
  const auto whom = net::host_port(host, port);
  if (reach.tried.empty())
    return {bad(prefix + "dns",
                fmt::format("{}: the name cannot be resolved: {} (IPv4), {} (IPv6)", whom, reach.trouble_v4,
                            reach.trouble_v6),
                usual_remedy("dns")),
            not_reached(prefix + "tcp")};
  std::string addresses;
  std::string broken;
  std::size_t works = 0;
  for (const auto &t : reach.tried) {
    addresses += (addresses.empty() ? "" : ", ") + t.address;
    if (t.trouble.empty())
      ++works;
    else
      broken += fmt::format("{}{}: {}", broken.empty() ? "" : ", ", t.address, t.trouble);
  }
  Findings out{good(prefix + "dns", fmt::format("{}: {}", host, addresses))};
  if (works == 0)
    out.push_back(bad(prefix + "tcp", fmt::format("{} does not connect ({})", whom, broken), usual_remedy("tcp")));
  else if (!broken.empty())
    out.push_back(warning(prefix + "tcp",
                          fmt::format("{}: {} of {} addresses do not work ({})", whom, reach.tried.size() - works,
                                      reach.tried.size(), broken),
                          "the link uses the others; look at this machine's routes for that address family"));
  else
    out.push_back(
        good(prefix + "tcp", fmt::format("{}: connected in {} ms", whom,
                                         std::ranges::min_element(reach.tried, {}, &Tried::took)->took.count())));
  return out;
}

}  // namespace aclk::doctor
