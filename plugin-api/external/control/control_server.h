// SPDX-License-Identifier: GPL-3.0-or-later
//
// The supervisor's part of the local socket: it is opened once, for the plugin's life, and answered here while no
// worker does. What the supervisor knows goes to both, whoever answers. Nothing blocks. One thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/control/local_listener.h"
#include "plugin-api/external/control/local_socket.h"
#include "plugin-api/external/control/plugin_status.h"
#include "plugin-api/external/control/shared_text.h"

namespace aclk::external {

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
  [[nodiscard]] int word_fd() const { return board_.fd(); }
  // What the supervisor knows has changed.
  void tell(const PluginStatus &word) const { board_.write(status_to_json(word)); }

 private:
  const std::vector<std::filesystem::path> places_;
  AgentLog &log_;
  std::optional<LocalListener> listener_;
  LocalClients clients_;
  const SharedText board_ = SharedText::make();
  Time open_at_{};
  std::string said_;  // why it could not be opened
  bool worker_answers_ = false;
};

}  // namespace aclk::external
