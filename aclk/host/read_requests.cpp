// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/read_requests.h"

namespace aclk::host {
namespace {

template <class Thing>
int show(naclk_request r, const Thing *thing) noexcept {
  const auto pending = ReadRequests::of(r).waiting(r.id);
  return pending == nullptr ? 1 : pending->show(*thing);
}

void complete(naclk_request r, int error, const naclk_alert_log_end *end) noexcept {
  if (const auto pending = ReadRequests::of(r).end(r.id)) (*pending)->end(error, end);
}

int interrupted(naclk_request r) noexcept { return ReadRequests::of(r).interrupted(r.id) ? 1 : 0; }

}  // namespace

void fill_way_back(naclk_read &read, ReadRequests &requests, RequestId id) {
  read.request = requests.handle(id);
  read.show_node = show<naclk_node>;
  read.show_node_info = show<naclk_node_info>;
  read.show_collector = show<naclk_collector>;
  read.show_context = show<naclk_context>;
  read.show_alert = show<naclk_alert>;
  read.show_alert_config = show<naclk_alert_config>;
  read.complete = complete;
  read.interrupted = interrupted;
}

}  // namespace aclk::host
