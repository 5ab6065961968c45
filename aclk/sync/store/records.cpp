// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/sync/store/records.h"

#include <initializer_list>
#include <string_view>

namespace aclk::sync {
namespace {

std::string join(std::initializer_list<std::string_view> parts) {
  std::size_t size = parts.size();
  for (const auto p : parts) size += p.size();
  std::string out;
  out.reserve(size);
  for (const auto p : parts) {
    out += p;
    out += '\0';
  }
  return out;
}

std::string_view digit(Slot slot) { return std::string_view("012").substr(static_cast<std::size_t>(slot), 1); }

}  // namespace

std::string row_of(const Change &change) {
  return std::visit(Overloaded{
                        [](const PutNode &c) {
                          return join({"n", c.claim_id, c.node.machine_guid});
                        },
                        [](const PutContext &c) {
                          return join({"c", c.node_id, c.id});
                        },
                        [](const DropContext &c) {
                          return join({"c", c.node_id, c.id});
                        },
                        [](const PutAlertLog &c) {
                          return join({"l", c.machine_guid});
                        },
                        [](const PutAlert &c) {
                          return join({"a", c.machine_guid, c.alert.alert_id});
                        },
                        [](const DropAlert &c) {
                          return join({"a", c.machine_guid, c.alert_id});
                        },
                        [](const PutTransition &c) {
                          return join({"t", c.machine_guid, c.transition.alert.alert_id, digit(c.transition.slot)});
                        },
                        [](const DropTransition &c) {
                          return join({"t", c.machine_guid, c.alert_id, digit(c.slot)});
                        },
                        [](const PutLastTime &c) {
                          return join({"i", c.node_id});
                        },
                    },
                    change);
}

}  // namespace aclk::sync
