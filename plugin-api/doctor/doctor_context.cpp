// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/doctor/doctor_context.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include "aclk/host/log.h"
#include "plugin-api/external/json/values.h"

namespace aclk::doctor {

using external::text;
using external::view;

namespace {
// Stands for an agent that has never run: a host must have some UUID.
constexpr std::string_view kNobody = "00000000-0000-0000-0000-000000000000";
}  // namespace

// A host that has settings and nothing else: what reading them needs.
struct DoctorContext::Hooks {
  static DoctorContext &self(void *host) { return *static_cast<DoctorContext *>(host); }

  static void log(void *host, naclk_log_source, naclk_log_level level, naclk_str line) {
    if (level >= NACLK_LOG_WARNING) self(host).complaints_.emplace_back(text(line));
  }
  static int config(void *host, naclk_str section, naclk_str key, naclk_text_fn show, void *ctx) {
    const auto &p = self(host);
    const auto value = p.conf_.get(text(section), text(key));
    if (!value && !(p.limit_ && p.limit_->trouble)) return -ENOENT;
    (void)show(ctx, value ? view(*value) : view(p.limit_->why));
    return value ? 0 : -EIO;
  }
  static int identity(void *host, naclk_identity_fn show, void *ctx) {
    const auto &e = self(host).env_;
    naclk_identity i{};
    i.size = sizeof i;
    i.machine_guid = e.machine_guid.empty() ? view(kNobody) : view(e.machine_guid);
    i.hostname = view(e.hostname);
    i.agent_version = view(e.version);
    (void)show(ctx, &i);
    return 0;
  }
  static int directories(void *host, naclk_directories_fn show, void *ctx) {
    const auto &e = self(host).env_;
    naclk_directories d{};
    d.size = sizeof d;
    d.user_config = view(e.user_config.native());
    d.lib = view(e.lib.native());
    d.log = view(e.log.native());
    d.run = view(e.run.native());
    (void)show(ctx, &d);
    return 0;
  }
  static naclk_host table(DoctorContext &p) {
    naclk_host t{};
    t.size = sizeof t;
    t.abi = NACLK_ABI;
    t.host = &p;
    t.log = log;
    t.config = config;
    t.identity = identity;
    t.directories = directories;
    // There is no database here, and nobody asks for one.
    t.nodes = [](void *, naclk_node_fn, void *) { return -ENOTSUP; };
    t.node_info = [](void *, naclk_str, naclk_node_info_fn, void *) { return -ENOTSUP; };
    t.collectors = [](void *, naclk_str, naclk_collector_fn, void *) { return -ENOTSUP; };
    t.contexts = [](void *, naclk_str, naclk_context_fn, void *) { return -ENOTSUP; };
    t.alert_log = [](void *, naclk_str, std::uint64_t, std::uint32_t, naclk_alert_fn, void *, naclk_alert_log_end *) {
      return -ENOTSUP;
    };
    t.active_alerts = [](void *, naclk_str, naclk_alert_fn, void *) { return -ENOTSUP; };
    t.alert_config = [](void *, naclk_str, naclk_alert_config_fn, void *) { return -ENOTSUP; };
    t.query = [](void *, const naclk_query *q) { q->complete(q->request, -ENOTSUP, nullptr); };
    return t;
  }
};

DoctorContext::DoctorContext(external::Environment env, loop::TimeScale scale) : env_(std::move(env)), scale_(scale) {
  external::NetdataConfFile file(env_.user_config / "netdata.conf");
  conf_ = file.snapshot();
  limit_ = file.limit();
  const auto table = Hooks::table(*this);
  const auto host = host::Host::adopt(&table);
  if (!host) {
    complaints_.push_back(host.error().what);
    settings_.emplace();
    return;
  }
  settings_ = module::read_settings(*host, host::Log(*host));
  if (env_.machine_guid.empty())
    settings_->identity = claim::load_identity(env_.cloud_dir(), {}, claim::process_environment(), limit_);
}

}  // namespace aclk::doctor
