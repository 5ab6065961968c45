// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of a host's addresses is tried first: the one that worked last. Whether it still is an address of the host only
// libcurl knows, which asks about each when it is about to try it. So the others are let pass until that one has come;
// libcurl's own order, and its race of the two families, hold for those after it. If nothing came of it, all are tried
// in libcurl's order. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace aclk::net {

class AddressOrder {
 public:
  AddressOrder() = default;
  // "192.0.2.1:443"; "" = any is as good.
  explicit AddressOrder(std::string first) : first_(std::move(first)) {}

  // Is this one to be tried now?
  [[nodiscard]] bool takes(const std::string &address);
  // No connection was made. True: some were let pass; they are next, with no preference any more.
  [[nodiscard]] bool again();

 private:
  std::string first_;
  bool passed_ = false;  // any, so far
};

// The address that worked last, by what was connected to ("host:port", of the proxy if there is one).
class GoodAddresses {
 public:
  static constexpr std::size_t kMost = 16;

  void worked(const std::string &host_port, const std::string &address);
  // Whatever it was: the next attempt has no favourite.
  void failed(const std::string &host_port) { good_.erase(host_port); }
  [[nodiscard]] std::string of(const std::string &host_port) const;

 private:
  std::map<std::string, std::string> good_;
};

}  // namespace aclk::net
