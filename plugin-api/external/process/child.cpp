// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

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

[[noreturn]] void run_for_its_version(const char *file, int words, pid_t supervisor) {
  leave_the_agent(supervisor);
  ::dup2(words, STDERR_FILENO);
  std::string name(file);
  std::string version("--version");
  std::array<char *, 3> argv{name.data(), version.data(), nullptr};
  ::execv(file, argv.data());
  const char *const why = std::strerror(errno);
  (void)!::write(STDERR_FILENO, why, std::strlen(why));
  ::_exit(kCannotRun);
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

Result<Child> start_worker(const Options &own, const char *program, int socket, int word) {
  return start_with_pipe(program, false, {socket, word}, [&](int status) {
    return worker_arguments(own, {status, socket, word}, ::getpid());
  });
}

}  // namespace aclk::external
