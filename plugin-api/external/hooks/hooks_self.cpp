// SPDX-License-Identifier: GPL-3.0-or-later
//
// log, config, identity, directories, interest: nothing here asks the agent.
#include "plugin-api/external/hooks/hooks.h"

namespace aclk::external::hooks {

void log(void *host, naclk_log_source source, naclk_log_level level, naclk_str line) noexcept {
  (void)guarded(host, [&](ExternalHost &h) {
    h.log().line(source, level, text(line));
    return 0;
  });
}

int config(void *host, naclk_str section, naclk_str key, naclk_text_fn show, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto value = h.conf().get(text(section), text(key));
    if (value) {
      (void)show(ctx, view(*value));
      return 0;
    }
    const auto limit = h.conf().limit();
    if (!limit || !limit->trouble) return -ENOENT;
    (void)show(ctx, view(limit->why));
    return -EIO;
  });
}

int identity(void *host, naclk_identity_fn show, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto &f = h.facts();
    naclk_identity i{};
    i.size = sizeof i;
    i.machine_guid = view(f.env.machine_guid);
    i.hostname = view(f.env.hostname);
    i.registry_hostname = view(f.env.registry_hostname);
    i.agent_version = view(f.env.version);
    i.capabilities = f.capabilities.data();
    i.capability_count = f.capabilities.size();
    i.query_threads = f.query_threads;
    (void)show(ctx, &i);
    return 0;
  });
}

int directories(void *host, naclk_directories_fn show, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto &e = h.facts().env;
    naclk_directories d{};
    d.size = sizeof d;
    d.user_config = view(e.user_config.native());
    d.lib = view(e.lib.native());
    d.log = view(e.log.native());
    d.run = view(e.run.native());
    (void)show(ctx, &d);
    return 0;
  });
}

void interest(void *host, uint32_t kinds) noexcept {
  (void)guarded(host, [&](ExternalHost &h) {
    h.interest(kinds);
    return 0;
  });
}

}  // namespace aclk::external::hooks
