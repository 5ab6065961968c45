// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/control/local_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

namespace aclk::external {

std::vector<std::filesystem::path> socket_places(std::string_view setting, const std::filesystem::path &run_dir,
                                                 const std::filesystem::path &lib_dir) {
  constexpr const char *kName = "aclk.sock";
  if (setting == "no" || setting == "none") return {};
  if (setting.starts_with('/')) return {std::filesystem::path(setting)};
  std::vector<std::filesystem::path> places;
  if (!run_dir.empty()) places.push_back(run_dir / kName);
  if (run_dir.empty() && lib_dir.lexically_normal() == "/var/lib/netdata")
    places.push_back(std::filesystem::path("/run/netdata") / kName);
  places.push_back(lib_dir / kName);
  places.push_back(lib_dir / "cloud.d" / kName);  // of a container this may be all that can be written
  return places;
}

Result<std::unique_ptr<LocalSocket>> LocalSocket::start(int listener, Serve serve) {
  try {
    return std::unique_ptr<LocalSocket>(new LocalSocket(listener, std::move(serve)));
  } catch (const std::system_error &e) {
    return fail(Errc::io, e.what());
  }
}

LocalSocket::LocalSocket(int listener, Serve serve)
    : listener_(listener), clients_(std::move(serve)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread([this] { run(); });
}

LocalSocket::~LocalSocket() {
  ending_.store(true);
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void LocalSocket::run() {
  std::vector<pollfd> fds;
  while (!ending_.load()) {
    fds.assign({{wake_.get(), POLLIN, 0}});
    clients_.wait_for(fds, listener_);
    const auto until = clients_.next();
    const auto left =
        until == LocalClients::Clock::time_point::max()
            ? -1
            : std::max<long long>(
                  std::chrono::ceil<std::chrono::milliseconds>(until - LocalClients::Clock::now()).count(), 0);
    (void)::poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ending_.load()) return;
    clients_.take(fds);
  }
}

}  // namespace aclk::external
