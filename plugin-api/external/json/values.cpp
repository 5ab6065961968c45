// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/json/values.h"

#include <cerrno>

namespace aclk::external {
int show(const AlertConfig &value, naclk_alert_config_fn visit, void *ctx) {
  naclk_alert_config c{};
  c.size = sizeof c;
  c.config_hash = view(value.config_hash);
  c.alarm = view(value.alarm);
  c.template_name = view(value.template_name);
  c.on_chart = view(value.on_chart);
  c.classification = view(value.classification);
  c.type = view(value.type);
  c.component = view(value.component);
  c.os = view(value.os);
  c.hosts = view(value.hosts);
  c.plugin = view(value.plugin);
  c.module = view(value.module);
  c.charts = view(value.charts);
  c.lookup = view(value.lookup);
  c.every = view(value.every);
  c.units = view(value.units);
  c.green = view(value.green);
  c.red = view(value.red);
  c.calculation_expr = view(value.calculation_expr);
  c.warning_expr = view(value.warning_expr);
  c.critical_expr = view(value.critical_expr);
  c.recipient = view(value.recipient);
  c.exec = view(value.exec);
  c.delay = view(value.delay);
  c.repeat = view(value.repeat);
  c.info = view(value.info);
  c.summary = view(value.summary);
  c.options = view(value.options);
  c.host_labels = view(value.host_labels);
  c.chart_labels = view(value.chart_labels);
  c.has_lookup = value.has_lookup;
  c.lookup_after = value.lookup_after;
  c.lookup_before = value.lookup_before;
  c.lookup_dimensions = view(value.lookup_dimensions);
  c.lookup_method = view(value.lookup_method);
  c.lookup_options = view(value.lookup_options);
  c.update_every_s = value.update_every_s;
  return visit(ctx, &c);
}

int negated_errno(Errc code) {
  switch (code) {
    case Errc::not_found:
      return -ENOENT;
    case Errc::unsupported:
      return -ENOTSUP;
    case Errc::cancelled:
      return -ECANCELED;
    case Errc::timeout:
      return -ETIME;
    case Errc::unavailable:
    case Errc::tcp:
      return -EAGAIN;
    case Errc::too_big:
      return -EMSGSIZE;
    case Errc::invalid_argument:
      return -EINVAL;
    case Errc::denied:
      return -EACCES;
    case Errc::parse:
      return -EBADMSG;
    default:
      return -EIO;
  }
}

}  // namespace aclk::external
