// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/replacement.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "claim/base/hash.h"
#include "claim/base/text.h"

namespace aclk::external {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;

constexpr auto kSettle = 300ms;     // a copy that is still being written, a package's script that gives it its owner
constexpr auto kTrialTime = 10s;    // a machine that is busy with an upgrade; the agent's plugins have nice 19
constexpr auto kMissing = 3s;       // an installation that removes first and copies then
constexpr auto kWhileBusy = 500ms;  // between looks whether what must not be cut off has ended
constexpr std::chrono::seconds kFirstTrialPause = 1s;
constexpr std::chrono::seconds kMaxTrialPause = 60s;
constexpr unsigned kSayAfter = 6;  // failures, a minute: an upgrade of many packages takes a while to configure them

constexpr const char *kRunning = "/proc/self/exe";
constexpr std::string_view kDeleted =
    " (deleted)";  // what the kernel adds to the name of a file that has none any more

std::uint64_t nanoseconds(const timespec &t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

constexpr std::size_t kTrialWords = 500;  // of what the new file says when it cannot start

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

ReplacementPolicy::Orders ReplacementPolicy::on_look(Time now, const FileSeen &seen) {
  using Kind = FileSeen::Kind;
  Orders o;
  if (state_ == State::done || seen.kind == Kind::unknown) return o;
  if (seen.kind == Kind::missing && state_ == State::missing) return o;
  if (seen.kind == Kind::other && state_ != State::own && state_ != State::missing && seen.print == print_) return o;
  if (seen.kind == Kind::own && state_ == State::own) return o;
  o.stop_trial = state_ == State::trying;
  failures_ = 0;
  said_ = false;
  switch (seen.kind) {
    case Kind::missing:
      state_ = State::missing;
      at_ = now + kMissing;
      break;
    case Kind::other:
      state_ = State::settling;
      print_ = seen.print;
      at_ = now + kSettle;
      break;
    default:
      state_ = State::own;
      break;
  }
  return o;
}

void ReplacementPolicy::on_trial_end(Time now, const std::string &trouble) {
  if (state_ != State::trying) return;
  if (trouble.empty()) {
    state_ = State::ready;
    at_ = now;
    return;
  }
  state_ = State::failed;
  trouble_ = trouble;
  at_ = now + std::min(kMaxTrialPause, kFirstTrialPause * (1U << std::min(failures_, 6U)));
  ++failures_;
}

ReplacementPolicy::Orders ReplacementPolicy::on_time(Time now, Interruption interruption) {
  Orders o;
  if (state_ == State::failed && failures_ >= kSayAfter && !std::exchange(said_, true))
    o.error = fmt::format(
        "aclk.plugin was replaced by one that cannot be run ({}); the old one goes on; install it again", trouble_);
  if (!next() || now < at_) return o;
  switch (state_) {
    case State::settling:
    case State::failed:
      state_ = State::trying;
      at_ = now + kTrialTime;
      o.try_out = true;
      break;
    case State::trying:
      o.stop_trial = true;
      on_trial_end(now, "it does not end");
      break;
    case State::ready:
      at_ = now + kWhileBusy;
      if (interruption == Interruption::not_now) break;
      state_ = State::done;
      o.become = true;
      o.info = "aclk.plugin was replaced by another one, which takes over now";
      break;
    case State::missing:
      state_ = State::done;
      o.end = true;
      o.info = "aclk.plugin was removed, and ends";
      break;
    default:
      break;
  }
  return o;
}

std::optional<ReplacementPolicy::Time> ReplacementPolicy::next() const {
  if (state_ == State::own || state_ == State::done) return std::nullopt;
  return at_;
}

std::optional<OwnFile> OwnFile::find(const char *program) {
  const std::string_view name = program == nullptr ? "" : program;
  if (name.find('/') == std::string_view::npos) return std::nullopt;
  struct stat own {};
  std::error_code ec;
  auto running = fs::read_symlink(kRunning, ec).native();
  if (ec || ::stat(kRunning, &own) != 0) return std::nullopt;
  if (running.ends_with(kDeleted)) running.resize(running.size() - kDeleted.size());
  auto path = fs::absolute(name, ec);
  if (ec) return std::nullopt;
  struct stat there {};
  const bool same = ::stat(path.c_str(), &there) == 0 && there.st_dev == own.st_dev && there.st_ino == own.st_ino;
  // It may have been replaced since it was started.
  if (!same && fs::weakly_canonical(path, ec) != running) return std::nullopt;
  return OwnFile(std::move(path), own.st_dev, own.st_ino);
}

fs::path OwnFile::real_path() const {
  std::error_code ec;
  auto real = fs::weakly_canonical(path_, ec);
  return ec ? path_ : real;
}

FileSeen OwnFile::look() const {
  struct stat st {};
  if (::stat(path_.c_str(), &st) != 0)
    return {errno == ENOENT || errno == ENOTDIR ? FileSeen::Kind::missing : FileSeen::Kind::unknown, 0};
  if (st.st_dev == device_ && st.st_ino == inode_) return {FileSeen::Kind::own, 0};
  Hash h;
  for (const auto part : {static_cast<std::uint64_t>(st.st_dev), static_cast<std::uint64_t>(st.st_ino),
                          static_cast<std::uint64_t>(st.st_size), nanoseconds(st.st_mtim), nanoseconds(st.st_ctim)})
    h.add(part);
  return {FileSeen::Kind::other, h.value()};
}

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

std::string Replacement::trial_output() {
  std::array<char, kTrialWords> buf{};
  const auto n = trial_.status ? ::read(trial_.status.get(), buf.data(), buf.size()) : 0;
  return printable(first_line({buf.data(), n > 0 ? static_cast<std::size_t>(n) : 0}));
}

void Replacement::on_child(Time now) {
  int status = 0;
  if (trial_.pid <= 0 || ::waitpid(trial_.pid, &status, WNOHANG) != trial_.pid) return;
  const auto output = trial_output();
  trial_ = {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return policy_.on_trial_end(now, "");
  const auto ended = WIFEXITED(status) ? fmt::format("it ends with status {}", WEXITSTATUS(status))
                                       : fmt::format("signal {} ends it", WTERMSIG(status));
  policy_.on_trial_end(now, output.empty() ? ended : output);
}

Replacement::Order Replacement::on_time(Time now, Interruption interruption) {
  if (!own_) return Order::none;
  const auto due = policy_.next();
  if (now >= look_at_ || (due && now >= *due)) {
    if (!watch_->watching()) watch_->watch();
    look_at_ = now + (watch_->watching() ? claim::kLookAnyway : claim::kLookWithoutInotify);
    obey(policy_.on_look(now, own_->look()), now);
  }
  const auto orders = policy_.on_time(now, interruption);
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
