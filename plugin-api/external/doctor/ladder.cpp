// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/doctor/ladder.h"

namespace aclk::doctor {

Findings climb(const std::vector<Rung> &rungs, const std::optional<Fall> &fall) {
  Findings out;
  bool fallen = false;
  for (const auto &r : rungs) {
    if (fallen) {
      out.push_back(skipped(r.check, "not reached"));
    } else if (fall && fall->check == r.check) {
      out.push_back(bad_from(r.check, fall->sentence));
      fallen = true;
    } else {
      out.push_back(good(r.check, r.done));
    }
  }
  // A fall from no rung of this ladder must not look like a success.
  if (fall && !fallen) {
    for (auto &f : out) f = skipped(f.check, "not known");
    out.push_back(bad_from(std::string(fall->check), fall->sentence));
  }
  return out;
}

}  // namespace aclk::doctor
