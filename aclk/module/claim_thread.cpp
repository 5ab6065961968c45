// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/claim_thread.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/module/settings.h"
#include "aclk/net/claim_put.h"

namespace aclk::module {
namespace {

// Of all that decides whether, as whom and how the link works.
std::uint64_t print_of(const host::Host &host) {
  return claim::identity_print(cloud_dir(host), host_limit(host), link_settings(host));
}

Outage::Moment moment() { return {loop::now(), loop::wall_us() / 1'000'000}; }

}  // namespace

ClaimThread::ClaimThread(const host::Host &host, const host::Log &log, std::function<void()> changed)
    : host_(host),
      log_(log),
      changed_(std::move(changed)),
      cloud_watch_(cloud_dir(host), claim::kCloudFiles),
      config_watch_(host.directories().user_config, claim::kConfigFiles),
      woken_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      print_(print_of(host)),
      claim_log_([this](claim::ClaimLine kind, const std::string &line) {
        if (ending_) return;     // what is given up has no end worth telling
        std::string one = line;  // answers for people have several
        std::ranges::replace(one, '\n', ' ');
        if (kind == claim::ClaimLine::failure)
          log_.error("CLAIM: {}", one);
        else
          log_.info("CLAIM: {}", one);
      }) {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error &e) {
    log_.error("CLAIM: there is no thread to watch what asks for a claim: {}", e.what());
    over_.set_value();
  }
}

ClaimThread::~ClaimThread() {
  ask_end();
  if (thread_.joinable()) thread_.join();
}

void ClaimThread::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(woken_.get(), &one, sizeof one);
}

void ClaimThread::take_wakes() {
  std::uint64_t count = 0;
  (void)!::read(woken_.get(), &count, sizeof count);
}

void ClaimThread::look_again() {
  ordered_ = true;
  wake();
}

void ClaimThread::ask_end() {
  ending_ = true;
  wake();
}

bool ClaimThread::wait_end(Clock::time_point until) { return ended_.wait_until(until) == std::future_status::ready; }

void ClaimThread::run() {
  loop::begin_own_thread("ACLK_CLAIM");
  while (!ending_) {
    try {
      if (std::exchange(look_at_, Clock::time_point::max()) != Clock::time_point::max()) look();
    } catch (const std::exception &e) {
      log_.error("CLAIM: {}", e.what());
    }
    wait();
  }
  over_.set_value();
}

// Until it is time to look or to end; sets look_at_ to a time that has passed when it is.
void ClaimThread::wait() {
  for (auto *const w : {&cloud_watch_, &config_watch_})
    if (!w->watching()) w->watch();
  const bool told = cloud_watch_.watching() && config_watch_.watching() && woken_;
  auto at = Clock::now() + (told ? claim::kLookAnyway : claim::kLookWithoutInotify);
  if (const auto next = claimer_.next()) at = std::min(at, *next);
  while (!ending_ && Clock::now() < at) {
    bool look = ordered_.exchange(false);
    if (look) claimer_.on_order();
    if (look) at = std::min(at, Clock::now() + claim::kDebounce);
    std::array<pollfd, 3> fds{
        {{woken_.get(), POLLIN, 0}, {cloud_watch_.fd(), POLLIN, 0}, {config_watch_.fd(), POLLIN, 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at - Clock::now()).count();
    const int timeout = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
    if (::poll(fds.data(), fds.size(), timeout) <= 0) continue;
    take_wakes();
    look = fds[1].revents != 0 && cloud_watch_.take();
    look = (fds[2].revents != 0 && config_watch_.take()) || look;
    if (look) at = std::min(at, Clock::now() + claim::kDebounce);
  }
  look_at_ = Clock::now();
}

void ClaimThread::look() {
  const auto written_claims = claim::claim_files_print(places(), claim::process_environment());
  if (claimer_.on_look(Clock::now(), written_claims, print_of(host_))) claim();
  const auto print = print_of(host_);
  if (std::exchange(print_, print) != print && !ending_) changed_();
}

void ClaimThread::claim() {
  claim_log_.begin(claimer_.running());
  const auto where = places();
  const auto disk = claim::real_disk();
  auto environment = claim::real_environment(
      *disk, {}, [this](std::string_view line) { claim_log_.line(claim::ClaimLine::news, std::string(line)); });
  environment.put = [this](claim::ClaimCall call) -> Result<claim::HttpAnswer> {
    if (ending_) return fail(Errc::cancelled, "the agent is stopping");
    call.interrupted = [this] { return ending_.load(); };
    return net::put_claim(call);
  };
  environment.sleep = [this](std::chrono::milliseconds how_long) {
    const auto until = Clock::now() + how_long;
    for (auto now = Clock::now(); !ending_ && now < until; now = Clock::now()) {
      pollfd fd{woken_.get(), POLLIN, 0};
      (void)::poll(&fd, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(until - now).count()));
      take_wakes();  // an order waits until this is over
    }
  };
  auto settled = claim::Settled::later;
  try {
    settled = claim::carry_out_written_claims(
        where, environment, [this](claim::ClaimLine kind, const std::string &line) { claim_log_.line(kind, line); });
  } catch (const std::exception &e) {
    claim_log_.line(claim::ClaimLine::failure, e.what());
  }
  const auto pause = claimer_.on_end(
      Clock::now(), settled == claim::Settled::later ? claim::ClaimEnd::try_again : claim::ClaimEnd::settled,
      print_of(host_));
  claim_log_.end(pause, moment());
}

// What the host knows itself counts instead of an agent's files.
claim::Places ClaimThread::places() const {
  const auto &identity = host_.identity();
  claim::Places p{cloud_dir(host_), host_.directories().lib, host_.directories().user_config};
  p.machine_guid = identity.machine_guid;
  p.hostname = identity.registry_hostname.empty() ? identity.hostname : identity.registry_hostname;
  std::string conf = "[cloud]\n";
  for (const char *key : {"url", "cloud base url", "proxy"})
    if (const auto value = host_.config("cloud", key)) conf += std::string(key) + " = " + *value + "\n";
  p.netdata_conf = std::move(conf);
  p.limit = host_limit(host_);
  return p;
}

}  // namespace aclk::module
