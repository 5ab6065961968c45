// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/address_order.h"

namespace aclk::net {

bool AddressOrder::takes(const std::string &address) {
  if (first_.empty()) return true;
  if (address == first_) {
    first_.clear();
    return true;
  }
  passed_ = true;
  return false;
}

bool AddressOrder::again() {
  first_.clear();
  return std::exchange(passed_, false);
}

void GoodAddresses::worked(const std::string &host_port, const std::string &address) {
  if (address.empty() || (good_.size() >= kMost && !good_.contains(host_port))) return;
  good_[host_port] = address;
}

std::string GoodAddresses::of(const std::string &host_port) const {
  const auto it = good_.find(host_port);
  return it == good_.end() ? std::string() : it->second;
}

}  // namespace aclk::net
