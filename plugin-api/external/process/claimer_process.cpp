// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/claimer_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "aclk/net/claim_put.h"
#include "claim/claim_sources.h"

namespace aclk::external {
namespace {

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
