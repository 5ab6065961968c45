// SPDX-License-Identifier: GPL-3.0-or-later
//
// The supervisor's part of the local socket: it is opened once, for the plugin's life, and answered here while no
// worker does. A worker inherits the descriptor and accepts in the supervisor's place while it has a link to speak of
// (local_socket.h), so that there is no moment at which nobody listens. Nothing blocks. One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/result.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/control/local_socket.h"
#include "plugin-api/external/control/plugin_status.h"

namespace aclk::external {

// The file and its listening descriptor: a unix socket, mode 0660, of the agent's group.
class LocalListener {
 public:
  // Listens at the first of the places where that is possible. A socket that nobody listens on any more is replaced;
  // anything else that stands there stays as it is, and the place is left out. Errors name each place with its reason.
  [[nodiscard]] static Result<LocalListener> open(const std::vector<std::filesystem::path> &places);
  // Removes the file, if it is still the one made here.
  ~LocalListener();
  LocalListener(LocalListener &&) noexcept = default;
  LocalListener &operator=(LocalListener &&) = delete;
  LocalListener(const LocalListener &) = delete;
  LocalListener &operator=(const LocalListener &) = delete;

  // Not blocking.
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

 private:
  LocalListener(Fd fd, std::filesystem::path path);

  Fd fd_;
  std::filesystem::path path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// The supervisor's answers. What it knows goes to the worker too, whoever answers.
class ControlServer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // No places: there is no socket. serve: see LocalClients.
  ControlServer(std::vector<std::filesystem::path> places, AgentLog &log, LocalClients::Serve serve);

  // As for LocalClients.
  void wait_for(std::vector<pollfd> &fds);
  void take(const std::vector<pollfd> &fds) { clients_.take(fds); }
  [[nodiscard]] Time next() const;
  // Opens the socket, once more if that failed before: another plugin's end may have been awaited.
  void on_time(Time now);

  // A worker accepts from now on; or not any more. Those who were accepted here are answered here.
  void leave_to_worker() { worker_answers_ = true; }
  void answer_here() { worker_answers_ = false; }

  // What a worker has to be started with; -1: there is none.
  [[nodiscard]] int socket_fd() const { return listener_ ? listener_->fd() : -1; }
  [[nodiscard]] int plugin_status_fd() const { return shared_status_.fd(); }
  // What the supervisor knows has changed.
  void publish(const PluginStatus &status) const { shared_status_.write(status_to_json(status)); }

 private:
  const std::vector<std::filesystem::path> places_;
  AgentLog &log_;
  std::optional<LocalListener> listener_;
  LocalClients clients_;
  const SharedText shared_status_ = SharedText::make();
  Time open_at_{};
  std::string said_;  // why it could not be opened
  bool worker_answers_ = false;
};

}  // namespace aclk::external
