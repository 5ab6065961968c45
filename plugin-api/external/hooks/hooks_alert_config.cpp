// SPDX-License-Identifier: GPL-3.0-or-later
//
// alert_config: 1.37 has no endpoint for definitions, they are learned from its alarms; later agents have one.
#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/hooks/read_nodes.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external::hooks {
namespace {

Result<AlertConfig> config_of(ExternalHost &host, const std::string &hash) {
  auto known = host.definitions().of_hash(hash);
  if (!known || known->partial) {
    ACLK_TRY(const auto info, host.get_json({}, "/api/v1/info"));
    for (const auto list = read_mirrored_hosts(info, host.agent().machine_guid()); const auto &n : list.items)
      host.refresh_definitions(std::string(text(n.machine_guid)));
    known = host.definitions().of_hash(hash);
  }
  // 1.38 and later keep the definitions that were edited or deleted since.
  if (!known || known->partial)
    if (const auto document = host.get_json({}, "/api/v2/alert_config?config=" + hash)) {
      auto told = definition_of_alert_config(*document, hash, known);
      if (!told.alarm.empty() || !told.template_name.empty()) return told;
    }
  if (!known) return fail(Errc::not_found, "no alert has this definition");
  return std::move(*known);
}

}  // namespace

int alert_config(void *host, naclk_str config_hash, naclk_alert_config_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto hash = parse_uuid(text(config_hash));
    if (!hash) return -ENOENT;
    const auto config = config_of(h, *hash);
    if (!config) return negated_errno(config.error().code);
    (void)show(*config, visit, ctx);
    return 0;
  });
}

}  // namespace aclk::external::hooks
