/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The definition of an alert, from the agent's health store. */
#include <daemon/common.h>
#include <errno.h>
#include <web/api/maps/rrdr_options.h>

#include "naclk_agent.h"

struct shown {
  naclk_alert_config_fn show;
  void *ctx;
  struct naclk_str hash;
};

static void show_definition(struct sql_alert_config_data *d, void *data) {
  const struct shown *s = data;
  const bool is_template = d->selectors.on_template != NULL && *d->selectors.on_template != '\0';
  const char *lookup = d->value.db.lookup;
  CLEAN_BUFFER *options = buffer_create(128, NULL);
  rrdr_options_to_buffer(options, d->value.db.options);
  const struct naclk_alert_config config = {
      .size = sizeof config,
      .config_hash = s->hash,
      .alarm = naclk_text(is_template ? NULL : d->name),
      .template_name = naclk_text(is_template ? d->selectors.on_template : NULL),
      .on_chart = naclk_text(d->selectors.on_key),
      .classification = naclk_text(d->classification),
      .type = naclk_text(d->type),
      .component = naclk_text(d->component),
      .lookup = naclk_text(lookup),
      .every = naclk_text(d->value.every),
      .units = naclk_text(d->value.units),
      .green = naclk_text(d->status.green),
      .red = naclk_text(d->status.red),
      .calculation_expr = naclk_text(d->value.calc),
      .warning_expr = naclk_text(d->status.warn),
      .critical_expr = naclk_text(d->status.crit),
      .recipient = naclk_text(d->notification.to_key),
      .exec = naclk_text(d->notification.exec),
      .delay = naclk_text(d->notification.delay),
      .repeat = naclk_text(d->notification.repeat),
      .info = naclk_text(d->info),
      .summary = naclk_text(d->summary),
      .options = naclk_text(d->notification.options),
      .host_labels = naclk_text(d->selectors.host_labels),
      .chart_labels = naclk_text(d->selectors.chart_labels),
      .has_lookup = d->value.db.after != 0 ? 1 : 0,
      .lookup_after = d->value.db.after,
      .lookup_before = d->value.db.before,
      .lookup_dimensions = naclk_text(d->value.db.dimensions),
      .lookup_method = naclk_text(d->value.db.method),
      .lookup_options = naclk_text(buffer_tostring(options)),
      .update_every_s = d->value.update_every,
  };
  s->show(s->ctx, &config);
}

int naclk_agent_alert_config(void *host, struct naclk_str config_hash, naclk_alert_config_fn show, void *ctx) {
  (void)host;
  char *hash = naclk_strdupz(config_hash);
  nd_uuid_t unused;
  int result = -ENOENT;
  if (uuid_parse(hash, unused) == 0) {
    DICTIONARY *wanted = dictionary_create(DICT_OPTION_SINGLE_THREADED);
    dictionary_set(wanted, hash, NULL, 0);
    struct shown shown = {show, ctx, config_hash};
    const int found = sql_get_alert_configuration(wanted, show_definition, &shown, false);
    result = found > 0 ? 0 : found == 0 ? -ENOENT : -EAGAIN;
    dictionary_destroy(wanted);
  }
  freez(hash);
  return result;
}
