// SPDX-License-Identifier: GPL-3.0-or-later
//
// alert_config: 1.37 has no endpoint for definitions, they are learned from its alarms; later agents have one.
#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/hooks/read_nodes.h"
#include "plugin-api/external/json/json_fields.h"

namespace aclk::external::hooks {
namespace {

Result<AlertConfig> config_v1(ExternalHost &host, const std::string &hash) {
  auto known = host.definitions().of_hash(hash);
  if (!known || known->partial) {
    ACLK_TRY(const auto info, host.get_json({}, "/api/v1/info"));
    for (const auto &n : read_mirrored_hosts(info, host.agent().machine_guid()))
      host.refresh_definitions(n.machine_guid);
    known = host.definitions().of_hash(hash);
  }
  // 1.38 and later keep the definitions that were edited or deleted since.
  if (!known || known->partial)
    if (const auto document = host.get_json({}, "/api/v2/alert_config?config=" + hash)) {
      auto told = definition_v2(*document, hash, known);
      if (!told.alarm.empty() || !told.template_name.empty()) return told;
    }
  if (!known) return fail(Errc::not_found, "no alert has this definition");
  return std::move(*known);
}

Result<AlertConfig> config_v2(ExternalHost &host, const std::string &hash) {
  const auto known = host.definitions().of_hash(hash);
  const auto document = host.get_json({}, "/api/v2/alert_config?config=" + hash);
  if (document) return definition_v2(*document, hash, known);
  if (document.error().code == Errc::not_found && known) return *known;
  return tl::unexpected<Error>(document.error());
}

}  // namespace

int alert_config(void *host, naclk_str config_hash, naclk_alert_config_fn visit, void *ctx) noexcept {
  return guarded(host, [&](ExternalHost &h) {
    const auto hash = parse_uuid(text(config_hash));
    if (!hash) return -ENOENT;
    const auto config = h.facts().generation == Generation::v1 ? config_v1(h, *hash) : config_v2(h, *hash);
    if (!config) return negated_errno(config.error().code);
    (void)show(*config, visit, ctx);
    return 0;
  });
}

}  // namespace aclk::external::hooks
