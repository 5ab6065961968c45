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

#include <netdata-aclk/plugin.h>

#include "aclk/loop/clock.h"
#include "aclk/module/module.h"
#include "aclk/report/info.h"
#include "aclk/report/statistics.h"
#include "plugin-api/static/buildinfo.h"
#include "plugin-api/static/create_module.h"

struct naclk_module {
  aclk::module::Module module;
};

namespace {

using namespace std::chrono_literals;

std::string_view view(naclk_str s) { return s.data == nullptr ? std::string_view{} : std::string_view(s.data, s.len); }
naclk_str str(std::string_view s) { return {s.data(), s.size()}; }

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

template <class T>
T take(const T *p) {
  T t{};
  std::memcpy(&t, p, std::min(p->size, sizeof t));
  return t;
}

int show_reply(naclk_reply_fn show, void *ctx, int status, std::string_view type, std::string_view body) {
  naclk_reply r{};
  r.size = sizeof r;
  r.status = status;
  r.content_type = str(type);
  r.body = str(body);
  (void)show(ctx, &r);
  return 0;
}

constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr auto kPatience = 2s;         // with the link's loop
constexpr auto kUnclaimPatience = 5s;  // a goodbye may take 3 s

// Shows what `text` makes of the link's state.
template <auto Text>
int show_state(aclk::module::Module &module, std::string_view type, naclk_reply_fn show, void *ctx) {
  const auto state = module.state(kPatience);
  if (!state) return show_reply(show, ctx, 503, kPlain, "The link does not answer.");
  return show_reply(show, ctx, 200, type, Text(module, *state));
}

using aclk::module::Module;
using aclk::report::State;

std::string json_of(const Module & /*module*/, const State &state) { return aclk::report::state_json(state); }
std::string text_of(const Module & /*module*/, const State &state) { return aclk::report::state_text(state); }
std::string info_of(const Module &module, const State &state) {
  const auto &id = module.host().identity();
  return aclk::report::info_json(state, {id.machine_guid, id.hostname, id.agent_version},
                                 aclk::loop::wall_us() / 1'000'000);
}

int serve_traffic(Module &module, naclk_reply_fn show, void *ctx) {
  const auto text = module.what_is_sent(kPatience);
  if (!text) return show_reply(show, ctx, 503, kPlain, "The link does not answer.");
  return show_reply(show, ctx, 200, kJson, *text);
}

int serve_reload(Module &module, naclk_reply_fn show, void *ctx) {
  module.reload_claim();
  return show_reply(show, ctx, 200, kPlain, "ok");
}

struct Route {
  std::string_view path;
  std::string_view method;
  int (*serve)(Module &, naclk_reply_fn, void *);
};
constexpr std::array kRoutes{
    Route{"/api/v1/aclk", "GET",
          [](Module &m, naclk_reply_fn show, void *ctx) { return show_state<json_of>(m, kJson, show, ctx); }},
    Route{"/api/v1/aclk/text", "GET",
          [](Module &m, naclk_reply_fn show, void *ctx) { return show_state<text_of>(m, kPlain, show, ctx); }},
    Route{"/api/v1/aclk/what-is-sent", "GET", serve_traffic},
    Route{"/api/v3/info", "GET",
          [](Module &m, naclk_reply_fn show, void *ctx) { return show_state<info_of>(m, kJson, show, ctx); }},
    Route{"/api/v1/reload-claiming-state", "POST", serve_reload},
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
      const auto report = m->module.unclaim(kUnclaimPatience);
      if (!report) return -ETIME;
      (void)show(ctx, str(report->message));
      return report->exit == aclk::claim::ExitCode::claimed ? 0 : -EIO;
    }
    if (c == "aclk-statistics") {
      const auto numbers = m->module.take_numbers(kPatience);
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
    for (const auto &r : kRoutes) {
      if (view(q.path) != r.path) continue;
      if (view(q.method) == r.method) return r.serve(m->module, show, ctx);
      const auto sentence = std::string("Only ") + std::string(r.method) + " is served here.";
      return show_reply(show, ctx, 405, kPlain, sentence);
    }
    return -ENOENT;
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
