// SPDX-License-Identifier: GPL-3.0-or-later
//
// The plugin's local socket: HTTP on a unix socket, mode 0660, of the agent's group. A thread of its own, so nothing
// that a client does or leaves undone holds up the link.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "plugin-api/external/local_request.h"

namespace aclk::external {

class LocalSocket {
 public:
  // Called on the socket's thread, one at a time; gives back a whole response (local_response).
  using Serve = std::function<std::string(const LocalRequest &)>;

  // Listens at the first of the places where that is possible. A socket that nobody listens on any more is replaced;
  // anything else that stands there stays as it is, and the place is left out. Errors name each place with its reason.
  [[nodiscard]] static Result<std::unique_ptr<LocalSocket>> open(const std::vector<std::filesystem::path> &places,
                                                                 Serve serve);
  // Ends the thread (after the call of serve() that runs) and removes the file, if it is still the one made here.
  ~LocalSocket();
  LocalSocket(const LocalSocket &) = delete;
  LocalSocket &operator=(const LocalSocket &) = delete;

  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

 private:
  struct Client;
  LocalSocket(Fd listener, std::filesystem::path path, Serve serve);
  void run();
  void accept(std::vector<Client> &clients);
  // False when the connection is over.
  bool go_on(Client &client, short events);

  const Fd listener_;
  const std::filesystem::path path_;
  const Serve serve_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  const Fd wake_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace aclk::external
