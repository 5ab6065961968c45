// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/claimer.h"

#include <sys/prctl.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "claim/base/hash.h"
#include "claim/declared.h"

namespace aclk::external {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kFirstPause = 30s;
constexpr std::chrono::seconds kMaxPause = 30min;

}  // namespace

std::uint64_t Claimer::both(std::uint64_t wishes, std::uint64_t identity) {
  return Hash().add(wishes).add(identity).value();
}

bool Claimer::on_look(Time now, std::uint64_t wishes, std::uint64_t identity) {
  if (running_) return false;
  if (wishes == 0) {
    at_.reset();
    return false;
  }
  const bool due = at_ && now >= *at_;
  if (seen_ == both(wishes, identity) && !due) return false;
  if (!due) failures_ = 0;
  at_.reset();
  running_ = true;
  return true;
}

std::optional<std::chrono::seconds> Claimer::on_end(Time now, bool again, std::uint64_t wishes,
                                                    std::uint64_t identity) {
  running_ = false;
  seen_ = both(wishes, identity);
  if (!again) {
    failures_ = 0;
    return std::nullopt;
  }
  const auto pause = std::min(kMaxPause, kFirstPause * (1U << std::min(failures_, 6U)));
  ++failures_;
  at_ = now + pause;
  return pause;
}

int claim_what_is_written(const Environment &env, AgentLog &log) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::signal(SIGPIPE, SIG_IGN);
  const auto disk = claim::real_disk();
  const auto doors = claim::real_doors(*disk, [&](std::string_view line) { log.info("CLAIM: " + std::string(line)); });
  const auto tell = [&](bool bad, const std::string &line) {
    log.line(NACLK_LOG_DAEMON, bad ? NACLK_LOG_ERROR : NACLK_LOG_INFO, "CLAIM: " + line);
  };
  const auto settled = claim::fulfil_wishes({env.cloud_dir(), env.lib, env.user_config}, doors, tell);
  return settled == claim::Settled::yes ? 0 : kClaimAgain;
}

}  // namespace aclk::external
