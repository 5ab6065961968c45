// SPDX-License-Identifier: GPL-3.0-or-later
//
// cloud.d/cloud.conf (claim/settings.h), which people edit: what we would write of it is read the same. Control
// characters inside values are the exception: they are dropped when it is written, and the form is final then.
#include "claim/limits.h"
#include "claim/settings.h"

#include <algorithm>

#include "tests/fuzz/fuzz.h"

namespace aclk::fuzz {
namespace {

claim::CloudConf rewritten(const claim::CloudConf &read) {
  return claim::parse_cloud_conf(claim::format_cloud_conf(read));
}

void same(const claim::CloudConf &a, const claim::CloudConf &b) {
  require(a.enabled == b.enabled && a.insecure == b.insecure, "switches stay");
  require(a.url == b.url && a.proxy == b.proxy, "addresses stay");
  require(a.token == b.token && a.rooms == b.rooms, "token and rooms stay");
  require(a.machine_guid == b.machine_guid && a.claimed_id == b.claimed_id, "identity stays");
  require(a.hostname == b.hostname, "the host name stays");
}

}  // namespace

void fuzz(std::string_view bytes) {
  const auto read = claim::parse_cloud_conf(bytes);
  const auto once = rewritten(read);
  same(rewritten(once), once);
  require(claim::cloud_conf_trouble(bytes).size() < 1024, "what is wrong with it is said shortly");
  if (const auto limit = claim::netdata_conf_limit(bytes, "netdata.conf"))
    require(!limit->why.empty() && limit->why.size() < 1024, "a limit has a reason, and a short one");
  const auto control = [](unsigned char c) { return (c < ' ' && c != '\n') || c == 0x7f; };
  if (std::ranges::none_of(bytes, control)) same(once, read);
}

}  // namespace aclk::fuzz
