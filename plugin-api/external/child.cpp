// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/child.h"

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
[[noreturn]] void become_worker(char *const *argv, const char *program, int status_fd, pid_t supervisor) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != supervisor) ::_exit(0);  // it died before that line
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  if (null > STDERR_FILENO) ::close(null);
  ::fcntl(status_fd, F_SETFD, 0);  // the one that stays open
  ::execv("/proc/self/exe", argv);
  ::execv(program, argv);
  ::_exit(kCannotRun);
}

}  // namespace

Result<Child> start_worker(const Options &own, const char *program) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return fail(Errc::io, std::string("pipe: ") + std::strerror(errno));
  Child child;
  child.status = Fd(ends[0]);
  const Fd write_end(ends[1]);
  const auto supervisor = ::getpid();
  auto args = worker_arguments(own, write_end.get(), supervisor);
  args.insert(args.begin(), "aclk.plugin");
  std::vector<char *> argv;
  argv.reserve(args.size() + 1);
  for (auto &a : args) argv.push_back(a.data());
  argv.push_back(nullptr);
  child.pid = ::fork();
  if (child.pid < 0) return fail(Errc::io, std::string("fork: ") + std::strerror(errno));
  if (child.pid == 0) become_worker(argv.data(), program, write_end.get(), supervisor);
  return child;
}

}  // namespace aclk::external
