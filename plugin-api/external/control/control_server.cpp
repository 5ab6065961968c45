// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/control_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace aclk::external {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetry = 10s;

}  // namespace

ControlServer::ControlServer(std::vector<std::filesystem::path> places, AgentLog &log, LocalClients::Serve serve)
    : places_(std::move(places)), log_(log), clients_(std::move(serve)) {
  if (places_.empty()) open_at_ = Time::max();
}

void ControlServer::wait_for(std::vector<pollfd> &fds) { clients_.wait_for(fds, worker_answers_ ? -1 : socket_fd()); }

ControlServer::Time ControlServer::next() const { return std::min(clients_.next(), open_at_); }

void ControlServer::on_time(Time now) {
  if (now < open_at_) return;
  auto opened = LocalListener::open(places_);
  if (!opened) {
    open_at_ = now + kRetry;
    if (std::exchange(said_, opened.error().what) != opened.error().what)
      log_.warning(fmt::format("there is no local socket: {}", opened.error().what));
    return;
  }
  open_at_ = Time::max();
  listener_.emplace(std::move(*opened));
  log_.info(fmt::format("state and commands at the local socket {}", listener_->path().native()));
}

}  // namespace aclk::external
