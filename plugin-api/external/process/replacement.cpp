// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/replacement.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "claim/base/text.h"

namespace aclk::external {
namespace {

constexpr std::size_t kTrialWords = 500;  // of what the new file says when it cannot start

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

Replacement::Replacement(const char *program, AgentLog &log)
    : log_(log),
      own_(OwnFile::find(program)),
      real_(own_ ? own_->real_path() : std::filesystem::path()),
      name_(real_.filename()),
      names_{name_} {
  if (own_) watch_.emplace(real_.parent_path(), names_);
}

void Replacement::take() {
  if (watch_ && watch_->take()) look_at_ = {};
}

std::string Replacement::trial_words() {
  std::array<char, kTrialWords> buf{};
  const auto n = trial_.status ? ::read(trial_.status.get(), buf.data(), buf.size()) : 0;
  return printable(first_line({buf.data(), n > 0 ? static_cast<std::size_t>(n) : 0}));
}

void Replacement::on_child(Time now) {
  int status = 0;
  if (trial_.pid <= 0 || ::waitpid(trial_.pid, &status, WNOHANG) != trial_.pid) return;
  const auto words = trial_words();
  trial_ = {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return policy_.on_trial_end(now, "");
  const auto ended = WIFEXITED(status) ? fmt::format("it ends with status {}", WEXITSTATUS(status))
                                       : fmt::format("signal {} ends it", WTERMSIG(status));
  policy_.on_trial_end(now, words.empty() ? ended : words);
}

Replacement::Order Replacement::on_time(Time now, bool busy) {
  if (!own_) return Order::none;
  const auto due = policy_.next();
  if (now >= look_at_ || (due && now >= *due)) {
    if (!watch_->watching()) watch_->watch();
    look_at_ = now + (watch_->watching() ? claim::kLookAnyway : claim::kLookWithoutInotify);
    obey(policy_.on_look(now, own_->look()), now);
  }
  const auto orders = policy_.on_time(now, busy);
  obey(orders, now);
  return orders.become ? Order::become : orders.end ? Order::end : Order::none;
}

Replacement::Time Replacement::next() const {
  if (!own_) return Time::max();
  const auto due = policy_.next();
  return due ? std::min(*due, look_at_) : look_at_;
}

void Replacement::obey(const ReplacementPolicy::Orders &orders, Time now) {
  if (!orders.info.empty()) log_.info(orders.info);
  if (!orders.error.empty()) log_.error(orders.error);
  if (orders.stop_trial) stop_trial();
  if (!orders.try_out) return;
  auto trial = start_trial(own_->path().c_str());
  if (!trial) return policy_.on_trial_end(now, trial.error().what);
  trial_ = std::move(*trial);
}

void Replacement::stop_trial() {
  if (trial_.pid <= 0) return;
  ::kill(trial_.pid, SIGKILL);
  ::waitpid(trial_.pid, nullptr, 0);
  trial_ = {};
}

}  // namespace aclk::external
