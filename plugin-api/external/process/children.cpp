// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/children.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "aclk/net/claim_put.h"
#include "claim/claim_sources.h"

namespace aclk::external {
namespace {

constexpr int kCannotRun = 127;  // as a shell says it

// In the child: only calls that are safe after fork.
void leave_the_agent(pid_t supervisor) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != supervisor) ::_exit(0);  // it died before that line
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  if (null > STDERR_FILENO) ::close(null);
}

[[noreturn]] void become(char *const *argv, const char *program, const std::array<int, 3> &keep, pid_t supervisor) {
  leave_the_agent(supervisor);
  for (const int fd : keep)  // these stay open
    if (fd >= 0) ::fcntl(fd, F_SETFD, 0);
  ::execv("/proc/self/exe", argv);
  ::execv(program, argv);
  ::_exit(kCannotRun);
}

Result<pid_t> start(std::vector<std::string> args, const char *program, const std::array<int, 3> &keep) {
  const auto supervisor = ::getpid();
  args.insert(args.begin(), "aclk.plugin");
  std::vector<char *> argv;
  argv.reserve(args.size() + 1);
  for (auto &a : args) argv.push_back(a.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail(Errc::io, std::string("fork: ") + std::strerror(errno));
  if (pid == 0) become(argv.data(), program, keep, supervisor);
  return pid;
}

// The read end becomes the child's `status`; what is given is the write end, for the process to come.
Result<Fd> open_pipe(Child &child) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return fail(Errc::io, std::string("pipe: ") + std::strerror(errno));
  child.status = Fd(ends[0]);
  return Fd(ends[1]);
}

// Writing to the pipe may block the child (`blocking`) or not.
template <class Arguments>
Result<Child> start_with_pipe(const char *program, bool blocking, const std::array<int, 2> &keep, Arguments arguments) {
  Child child;
  ACLK_TRY(const auto write_end, open_pipe(child));
  if (blocking) ::fcntl(write_end.get(), F_SETFL, 0);
  ACLK_TRY(const auto pid, start(arguments(write_end.get()), program, {write_end.get(), keep[0], keep[1]}));
  child.pid = pid;
  return child;
}

[[noreturn]] void run_for_its_version(const char *file, int errors, pid_t supervisor) {
  leave_the_agent(supervisor);
  ::dup2(errors, STDERR_FILENO);
  std::string name(file);
  std::string version("--version");
  std::array<char *, 3> argv{name.data(), version.data(), nullptr};
  ::execv(file, argv.data());
  const char *const why = std::strerror(errno);
  (void)!::write(STDERR_FILENO, why, std::strlen(why));
  ::_exit(kCannotRun);
}

constexpr char kChart = 'T';
constexpr char kLooking = 'L';
constexpr char kFound = 'F';
constexpr char kServing = 'S';
constexpr char kMiddle = '\x01';
constexpr char kEnd = '\0';
constexpr std::size_t kMostText = 2048;

// Without what has a meaning of its own here.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, kMostText));
  std::erase_if(out, [](char c) { return c == kMiddle || c == kEnd; });
  return out;
}

constexpr std::size_t kMaxLine = 16U << 10;
constexpr char kBad = 'E';
constexpr char kGood = 'I';

void write_line(int fd, claim::ClaimLine kind, std::string text) {
  std::ranges::replace(text, '\n', ' ');
  text.insert(text.begin(), kind == claim::ClaimLine::failure ? kBad : kGood);
  text += '\n';
  for (std::string_view left = text; !left.empty();) {
    const auto n = ::write(fd, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

Result<Child> start_trial(const char *file) {
  Child child;
  ACLK_TRY(const auto write_end, open_pipe(child));
  const auto supervisor = ::getpid();
  child.pid = ::fork();
  if (child.pid < 0) return fail(Errc::io, std::string("fork: ") + std::strerror(errno));
  if (child.pid == 0) run_for_its_version(file, write_end.get(), supervisor);
  return child;
}

Result<Child> start_claimer(const Options &own, const char *program) {
  return start_with_pipe(program, true, {-1, -1}, [&](int fd) { return claimer_arguments(own, fd); });
}

Result<Child> start_worker(const Options &own, const char *program, int socket, int plugin_status) {
  return start_with_pipe(program, false, {socket, plugin_status}, [&](int status) {
    return worker_arguments(own, {status, socket, plugin_status}, ::getpid());
  });
}

std::string chart_message(const ChartText &chart) {
  if (chart.definition.size() + chart.values.size() + 3 > PIPE_BUF) return {};
  return kChart + chart.definition + kMiddle + chart.values + kEnd;
}

std::string looking_message(std::string_view trouble) { return kLooking + plain(trouble) + kEnd; }

std::string found_message(std::string_view place, std::string_view version) {
  return kFound + plain(place).substr(0, kMostText / 2) + kMiddle + plain(version).substr(0, kMostText / 2) + kEnd;
}

void WorkerPipe::message() {
  const auto middle = text_.find(kMiddle);
  const auto first = text_.substr(0, middle);
  const auto second = middle == std::string::npos ? std::string() : text_.substr(middle + 1);
  if (kind_ == kLooking) events_.looking(first);
  if (middle == std::string::npos) return;
  if (kind_ == kChart) events_.chart({first, second});
  if (kind_ == kFound) events_.found(first, second);
}

void WorkerPipe::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (kind_ == '\0') {
      if (c == '0' || c == '1') events_.online(c == '1');
      if (c == kServing) events_.serving();
      if (c == kChart || c == kLooking || c == kFound) kind_ = c;
      continue;
    }
    if (c != kEnd) {
      text_ += c;
      if (text_.size() > PIPE_BUF) reset();
      continue;
    }
    message();
    reset();
  }
}

int claim_what_is_written(const Environment &env, int lines_fd) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::signal(SIGPIPE, SIG_IGN);
  ::fcntl(lines_fd, F_SETFD, FD_CLOEXEC);
  const auto disk = claim::real_disk();
  const auto environment = claim::real_environment(*disk, net::put_claim, [&](std::string_view line) {
    write_line(lines_fd, claim::ClaimLine::news, std::string(line));
  });
  const auto tell = [&](claim::ClaimLine kind, const std::string &line) { write_line(lines_fd, kind, line); };
  const auto settled = claim::carry_out_written_claims({env.cloud_dir(), env.lib, env.user_config}, environment, tell);
  return settled == claim::Settled::yes ? 0 : kClaimAgain;
}

void ClaimLines::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (c != '\n') {
      if (text_.size() < kMaxLine) text_ += c;
      continue;
    }
    if (text_.size() > 1 && (text_[0] == kBad || text_[0] == kGood))
      line_(text_[0] == kBad ? claim::ClaimLine::failure : claim::ClaimLine::news, text_.substr(1));
    text_.clear();
  }
}

}  // namespace aclk::external
