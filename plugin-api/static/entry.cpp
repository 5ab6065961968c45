// SPDX-License-Identifier: GPL-3.0-or-later
//
// The functions of <netdata-aclk/plugin.h>: the module's only exported symbols. Nothing is decided here; every
// exception ends here.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <netdata-aclk/plugin.h>

#include "aclk/host/abi_values.h"
#include "aclk/loop/clock.h"
#include "aclk/module/module.h"
#include "aclk/report/state.h"
#include "aclk/report/traffic.h"
#include "claim/base/http_message.h"
#include "plugin-api/static/buildinfo.h"
#include "plugin-api/static/create_module.h"

struct naclk_module {
  aclk::module::Module module;
};

namespace {

using namespace std::chrono_literals;
using aclk::host::str;
using aclk::host::take;
using aclk::host::view;

void say(char *error, std::size_t size, std::string_view text) {
  if (error == nullptr || size == 0) return;
  const auto n = std::min(text.size(), size - 1);
  std::memcpy(error, text.data(), n);
  error[n] = '\0';
}

// Runs a body that returns 0 or a negated errno.
template <class Body>
int guarded(Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    return -ENOMEM;
  } catch (...) {
    return -EIO;
  }
}

constexpr auto kLoopTimeout = 2s;     // with the link's loop
constexpr auto kUnclaimTimeout = 5s;  // a goodbye may take 3 s

using aclk::HttpResponse;
using aclk::module::Module;
using aclk::report::LinkState;

HttpResponse json_of(const Module & /*module*/, const LinkState &state) {
  return aclk::json_response(200, aclk::report::state_json(state));
}
HttpResponse text_of(const Module & /*module*/, const LinkState &state) {
  return aclk::text_response(200, aclk::report::state_text(state));
}
HttpResponse info_of(const Module &module, const LinkState &state) {
  const auto &id = module.host().identity();
  return aclk::json_response(200, aclk::report::info_json(state, {id.machine_guid, id.hostname, id.agent_version},
                                                          aclk::loop::wall_us() / 1'000'000));
}

HttpResponse no_answer() { return aclk::text_response(503, "The link does not answer."); }

template <HttpResponse (*Make)(const Module &, const LinkState &)>
HttpResponse serve_state(Module &module) {
  const auto state = module.state(kLoopTimeout);
  return state ? Make(module, *state) : no_answer();
}

HttpResponse serve_traffic(Module &module) {
  auto text = module.what_is_sent(kLoopTimeout);
  return text ? aclk::json_response(200, std::move(*text)) : no_answer();
}

HttpResponse serve_reload(Module &module) {
  module.reload_claim();
  return aclk::text_response(200, "ok");
}

struct LocalPath {
  std::string_view path;
  std::string_view method;
  HttpResponse (*serve)(Module &);
};
constexpr std::array kPaths{
    LocalPath{"/api/v1/aclk", "GET", serve_state<json_of>},
    LocalPath{"/api/v1/aclk/text", "GET", serve_state<text_of>},
    LocalPath{"/api/v1/aclk/what-is-sent", "GET", serve_traffic},
    LocalPath{"/api/v3/info", "GET", serve_state<info_of>},
    LocalPath{"/api/v1/reload-claiming-state", "POST", serve_reload},
};

}  // namespace

naclk_module *aclk::create_module(const naclk_host *host, loop::TimeScale scale, char *error,
                                  std::size_t error_size) noexcept {
  try {
    auto adopted = host::Host::adopt(host);
    if (!adopted) {
      say(error, error_size, adopted.error().what);
      return nullptr;
    }
    return new naclk_module{module::Module(std::move(*adopted), scale)};
  } catch (const std::exception &e) {
    say(error, error_size, e.what());
    return nullptr;
  }
}

extern "C" {

uint32_t netdata_aclk_abi(void) { return NACLK_ABI; }

naclk_module *netdata_aclk_create(const naclk_host *host, char *error, size_t error_size) {
  return aclk::create_module(host, {}, error, error_size);
}

int netdata_aclk_start(naclk_module *m, char *error, size_t error_size) {
  if (m == nullptr) return -EINVAL;
  return guarded([&] {
    const auto r = m->module.start();
    if (r) return 0;
    say(error, error_size, r.error().what);
    if (r.error().code == aclk::Errc::unavailable) return -EBUSY;
    return r.error().code == aclk::Errc::invalid_argument ? -EALREADY : -EIO;
  });
}

int netdata_aclk_stop(naclk_module *m, uint32_t deadline_ms) {
  if (m == nullptr) return -EINVAL;
  return guarded([&] { return m->module.stop(std::chrono::milliseconds(std::max(deadline_ms, 100U))) ? 0 : -ETIME; });
}

void netdata_aclk_destroy(naclk_module *m) { delete m; }

int netdata_aclk_notify(naclk_module *m, const naclk_event *event) {
  if (m == nullptr || event == nullptr) return -EINVAL;
  return guarded([&] {
    const auto e = take(event);
    if (e.kind == NACLK_EVENT_CLAIM)
      m->module.reload();
    else
      m->module.host_event(e.kind, view(e.machine_guid));
    return 0;
  });
}

int netdata_aclk_command(naclk_module *m, naclk_str command, naclk_text_fn show, void *ctx) {
  if (m == nullptr || show == nullptr) return -EINVAL;
  return guarded([&] {
    const auto c = view(command);
    if (c == "reload-claiming-state") {
      m->module.reload_claim();
      return 0;
    }
    if (c == "unclaim") {
      const auto report = m->module.unclaim(kUnclaimTimeout);
      if (!report) return -ETIME;
      (void)show(ctx, str(report->message));
      return report->exit == aclk::claim::ExitCode::claimed ? 0 : -EIO;
    }
    if (c == "aclk-statistics") {
      const auto numbers = m->module.take_numbers(kLoopTimeout);
      if (!numbers) return -ETIME;
      (void)show(ctx, str(aclk::report::numbers_json(*numbers)));
      return 0;
    }
    const bool json = c == "aclk-state json";
    if (!json && c != "aclk-state") return -ENOENT;
    const auto state = m->module.state(2s);
    if (!state) return -ETIME;
    const auto text = json ? aclk::report::state_json(*state) : aclk::report::state_text(*state);
    (void)show(ctx, str(text));
    return 0;
  });
}

int netdata_aclk_http(naclk_module *m, const naclk_http_request *request, naclk_reply_fn show, void *ctx) {
  if (m == nullptr || request == nullptr || show == nullptr) return -EINVAL;
  return guarded([&] {
    const auto q = take(request);
    const auto *const p = std::ranges::find(kPaths, view(q.path), &LocalPath::path);
    if (p == kPaths.end()) return -ENOENT;
    const auto answer = view(q.method) == p->method
                            ? p->serve(m->module)
                            : aclk::text_response(405, std::string("Only ").append(p->method) + " is served here.");
    naclk_reply r{};
    r.size = sizeof r;
    r.status = answer.status;
    r.content_type = str(answer.content_type);
    r.body = str(answer.body);
    (void)show(ctx, &r);
    return 0;
  });
}

int netdata_aclk_buildinfo(naclk_text_fn line, void *ctx) {
  if (line == nullptr) return -EINVAL;
  return guarded([&] {
    for (const auto &l : aclk::static_entry::buildinfo_lines())
      if (line(ctx, str(l)) != 0) break;
    return 0;
  });
}

int netdata_aclk_buildinfojson(naclk_text_fn show, void *ctx) {
  if (show == nullptr) return -EINVAL;
  return guarded([&] {
    (void)show(ctx, str(aclk::static_entry::buildinfo_json()));
    return 0;
  });
}

}  // extern "C"
