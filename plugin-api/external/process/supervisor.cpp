// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/plugin_main.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "claim/base/url.h"
#include "claim/claim_retry.h"
#include "claim/claim_sources.h"
#include "claim/cloud_dir.h"
#include "claim/file_watch.h"
#include "claim/identity.h"
#include "plugin-api/external/charts/charts.h"
#include "plugin-api/external/config/netdata_conf.h"
#include "plugin-api/external/control/control_server.h"
#include "plugin-api/external/control/local_socket.h"
#include "plugin-api/external/control/plugin_status.h"
#include "plugin-api/external/process/children.h"
#include "plugin-api/external/process/plugins_d_input.h"
#include "plugin-api/external/process/replacement.h"
#include "plugin-api/external/process/worker_restart_policy.h"

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t wall_s() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

class Supervisor {
 public:
  Supervisor(const Options &options, const Environment &env, AgentLog &log, const char *program, int in, int out)
      : Supervisor(options, env, log, program, in, out,
                   read_settings(NetdataConfFile(env.user_config / "netdata.conf").snapshot(), options)) {}

  // When it has ended: the file that this process is to become; empty: none, it ends.
  std::string run() {
    take_signals();
    prepare_stdout();
    status_.began_s = wall_s();
    control_.on_time(Clock::now());
    look_at_identity(Clock::now());
    while (!done_) {
      print(Clock::now());
      if (!done_) wait();
    }
    return become_ ? replacement_.file() : "";
  }

 private:
  Supervisor(const Options &options, const Environment &env, AgentLog &log, const char *program, int in, int out,
             const Settings &settings)
      : options_(options),
        env_(env),
        conf_(env.user_config / "netdata.conf"),
        cloud_dir_(env.cloud_dir()),
        machine_guid_(env.machine_guid),
        log_(log),
        program_(program),
        in_(in),
        out_(out),
        chart_(options.update_every),
        statistics_(settings.statistics),
        places_{env.cloud_dir(), env.lib, env.user_config},
        watch_(env.cloud_dir(), claim::kCloudFiles),
        config_watch_(env.user_config, claim::kConfigFiles),
        replacement_(program, log),
        control_(socket_places(settings.socket, env.run, env.lib), log,
                 [this](const LocalRequest &request) { return answer(request); }) {}

  void take_signals() {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);  // log rotation, or a terminal that is none of our business
    sigset_t set;
    sigemptyset(&set);
    for (const int s : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, s);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  // An agent that does not read must not stop us from watching the worker. Only pipes: of a terminal or a file, other
  // processes would notice.
  void prepare_stdout() const {
    struct stat st {};
    if (::fstat(out_, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
      ::fcntl(out_, F_SETFL, ::fcntl(out_, F_GETFL) | O_NONBLOCK);
  }

  void print(Clock::time_point now) {
    chart_.set_silent(restarts_.left_alone() || !statistics_);
    if (const auto text = chart_.take(now)) (void)say(*text, now);
  }

  // One write of at most PIPE_BUF: all or nothing. A full pipe means that the agent sleeps; the value is lost.
  bool say(const std::string &text, Clock::time_point now) {
    for (;;) {
      if (::write(out_, text.data(), text.size()) >= 0) return true;
      if (errno == EAGAIN) return false;
      if (errno == EINTR) continue;
      quit(now);  // EPIPE: the agent is gone
      return false;
    }
  }

  void say_chart(const ChartText &chart) {
    if (restarts_.left_alone() || !statistics_ || output_ended_) return;
    if (say(said_.text(chart), Clock::now())) said_.said(chart);
  }

  void wait() {
    auto &fds = fds_;
    fds.assign({{in_, POLLIN, 0},
                {out_, 0, 0},
                {signals_.get(), POLLIN, 0},
                {watch_.fd(), POLLIN, 0},
                {child_.status.get(), POLLIN, 0},
                {config_watch_.fd(), POLLIN, 0},
                {claimer_child_.status.get(), POLLIN, 0},
                {replacement_.fd(), POLLIN, 0}});
    control_.wait_for(fds);
    if (input_ended_) fds[0].fd = -1;
    if (output_ended_) fds[1].fd = -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_event() - Clock::now()).count();
    const int n = ::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<long long>(left, 0, 60'000)));
    const auto now = Clock::now();
    if (n > 0) {
      if (fds[4].revents != 0) take_status();
      if (fds[6].revents != 0) take_claimer_lines();
      if (fds[2].revents != 0) take_signal(now);
      if (fds[3].revents != 0 && watch_.take()) look_at_ = now + claim::kDebounce;
      if (fds[7].revents != 0) replacement_.take();
      if (fds[5].revents != 0 && config_watch_.take()) look_at_ = now + claim::kDebounce;
      if (fds[0].revents != 0) take_input(now);
      if ((fds[1].revents & (POLLERR | POLLNVAL | POLLHUP)) != 0) {
        output_ended_ = true;
        quit(now);
      }
    }
    control_.take(fds);
    control_.on_time(now);
    if (now >= look_at_ || claimer_.on_time(now)) look_at_identity(now);
    look_at_own_file(now);
    obey(restarts_.on_time(now), now);
  }

  // A claim that the cloud may have heard of already is not cut off for it.
  void look_at_own_file(Clock::time_point now) {
    const auto order =
        replacement_.on_time(now, claimer_child_.pid > 0 ? Interruption::not_now : Interruption::allowed);
    if (order == Replacement::Order::none) return;
    quit(now);
    become_ = order == Replacement::Order::become;
  }

  Clock::time_point next_event() const {
    auto at = std::min({chart_.next(), look_at_, control_.next(), replacement_.next()});
    for (const auto &next : {restarts_.next(), claimer_.next()})
      if (next) at = std::min(at, *next);
    return at;
  }

  void take_input(Clock::time_point now) {
    std::array<char, 4096> buf{};
    const auto n = ::read(in_, buf.data(), buf.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) input_ended_ = true;
    if (n <= 0 || input_.feed({buf.data(), static_cast<std::size_t>(n)})) quit(now);
  }

  void take_signal(Clock::time_point now) {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info)
      if (info.ssi_signo != SIGCHLD) quit(now);
    replacement_.on_child(now);
    int status = 0;
    if (child_.pid > 0 && ::waitpid(child_.pid, &status, WNOHANG) == child_.pid) {
      take_status();  // its last messages
      child_ = {};
      chart_.set_online(false);
      control_.answer_here();
      status_.agent.place.clear();
      obey(restarts_.on_worker_end(now, status), now);
      tell();
    }
    const auto claimer = claimer_child_.pid;
    if (claimer > 0 && ::waitpid(claimer, &status, WNOHANG) == claimer) claimer_ended(now, status);
  }

  void take_status() {
    std::array<char, 4096> buf{};
    for (;;) {
      const auto n = ::read(child_.status.get(), buf.data(), buf.size());
      if (n < 0 && errno == EINTR) continue;
      if (n == 0) child_.status.reset();  // its end follows as SIGCHLD
      if (n <= 0) return;
      words_.feed({buf.data(), static_cast<std::size_t>(n)});
    }
  }

  void looking_for_agent(const std::string &trouble) {
    status_.agent.trouble = trouble;
    tell();
  }

  void found_agent(const std::string &place, const std::string &version) {
    status_.agent = {place, version, {}, wall_s()};
    tell();
  }

  // What we know has changed: whoever answers shall know it too.
  void tell() {
    status_.claim = claim_log_.outcome();
    status_.rests = restarts_.why_waiting();
    const auto next = status_.rests.empty() ? std::nullopt : restarts_.next();
    const auto left = next ? std::chrono::ceil<std::chrono::seconds>(*next - Clock::now()).count() : 0;
    status_.next_start_s = next ? wall_s() + left : 0;
    control_.publish(status_);
  }

  HttpResponse answer(const LocalRequest &request) {
    auto url = identity_.conf.url;
    for (const char *key : {"cloud base url", "url"})
      if (const auto ours = conf_.get("cloud", key); ours && !ours->empty()) url = *ours;
    const auto proxy =
        claim::configured_proxy(conf_.get("cloud", "proxy"), identity_.conf.proxy, claim::process_environment());
    const Unlinked now{identity_, status_, masked_url(url), proxy ? proxy->display() : "cannot be used"};
    return answer_unlinked(request, now, env_, wall_s(), [this] {
      claimer_.on_order();
      reload_ = true;
      look_at_ = Clock::now();
    });
  }

  // To the end of what is there: of a process that has ended, of all that it said.
  void take_claimer_lines() {
    std::array<char, 4096> buf{};
    for (;;) {
      const auto n = ::read(claimer_child_.status.get(), buf.data(), buf.size());
      if (n < 0 && errno == EINTR) continue;
      if (n == 0) claimer_child_.status.reset();
      if (n <= 0) return;
      claim_lines_.feed({buf.data(), static_cast<std::size_t>(n)});
    }
  }

  void look_at_identity(Clock::time_point now) {
    for (auto *const w : {&watch_, &config_watch_})
      if (!w->watching()) w->watch();
    const bool told = watch_.watching() && config_watch_.watching();
    look_at_ = now + (told ? claim::kLookAnyway : claim::kLookWithoutInotify);
    if (leaving_) return;
    const auto permissions = claim::repair_permissions(cloud_dir_);
    for (const auto &line : permissions.repaired) log_.warning(line);
    const auto limit = places_.netdata_conf_limit();
    const auto print = claim::identity_print(cloud_dir_, limit, link_settings(conf_.snapshot()));
    const auto written_claims = claim::claim_files_print(places_, claim::process_environment());
    if (written_claims == 0 && claimer_child_.pid <= 0) claim_log_.forget();
    if (claimer_.on_look(now, written_claims, print)) start_claiming(now);
    tell();
    const bool ordered = std::exchange(reload_, false);
    if (print_ == print && !ordered) return;
    print_ = print;
    if (ordered) why_.clear();
    identity_ = claim::load_identity(cloud_dir_, machine_guid_, claim::process_environment(), limit);
    const auto &identity = identity_;
    const bool wanted = identity.standing == claim::Standing::claimed;
    const bool changed = ordered || print != worker_print_;
    if (wanted && restarts_.has_worker() && changed)
      log_.info(chart_.online()
                    ? "CLAIM: agent was already connected to NC - forcing reconnection under new credentials"
                    : "what is in cloud.d or netdata.conf has changed; the link starts anew with it");
    if (!wanted && identity.why != why_)
      log_.line(NACLK_LOG_DAEMON, claim::is_trouble(identity.standing) ? NACLK_LOG_ERROR : NACLK_LOG_INFO,
                identity.why);
    if (identity.standing == claim::Standing::not_claimed && identity.why != why_) log_.info(claim::kUnclaimedLine);
    why_ = wanted ? "" : identity.why;
    if (!wanted)  // a worker says it itself
      for (const auto &line : permissions.wrong) log_.warning(line);
    if (!wanted) status_.agent = {};
    obey(restarts_.on_identity(now, {.wants_worker = wanted, .changed = changed}), now);
    tell();
  }

  void start_claiming(Clock::time_point now) {
    claim_log_.begin(claimer_.running());
    claim_lines_.reset();
    log_.follow_rotation();
    auto child = start_claimer(options_, program_);
    if (child) {
      claimer_child_ = std::move(*child);
      return;
    }
    claim_log_.line(claim::ClaimLine::failure, fmt::format("cannot start claiming: {}", child.error().what));
    claimer_ended(now, W_EXITCODE(kClaimAgain, 0));
  }

  void claimer_ended(Clock::time_point now, int status) {
    take_claimer_lines();
    claimer_child_ = {};
    const auto how =
        WIFEXITED(status) && WEXITSTATUS(status) == 0 ? claim::ClaimEnd::settled : claim::ClaimEnd::try_again;
    const auto pause = claimer_.on_end(
        now, how, claim::identity_print(cloud_dir_, places_.netdata_conf_limit(), link_settings(conf_.snapshot())));
    look_at_ = std::min(look_at_, now + claim::kDebounce);
    claim_log_.end(pause, {now, wall_s()});
    tell();
  }

  void quit(Clock::time_point now) {
    leaving_ = true;
    become_ = false;
    // A claim that is cut off here leaves nothing behind (claim/identity.h).
    if (claimer_child_.pid > 0 && ::kill(claimer_child_.pid, SIGKILL) == 0) {
      ::waitpid(claimer_child_.pid, nullptr, 0);
      claimer_child_ = {};
    }
    obey(restarts_.on_quit(now), now);
  }

  void obey(const WorkerRestartPolicy::Orders &orders, Clock::time_point now) {
    if (!orders.info.empty()) log_.info(orders.info);
    if (!orders.error.empty()) log_.error(orders.error);
    if (orders.signal != 0 && child_.pid > 0) ::kill(child_.pid, orders.signal);
    if (orders.exit) done_ = true;
    if (!orders.start) return;
    log_.follow_rotation();
    auto child = start_worker(options_, program_, control_.socket_fd(), control_.plugin_status_fd());
    if (!child) return obey(restarts_.on_start_failed(now, child.error().what), now);
    child_ = std::move(*child);
    words_.reset();
    worker_print_ = *print_;
    if (status_.agent.since_s == 0 || status_.agent.trouble.empty()) status_.agent = {{}, {}, {}, wall_s()};
    restarts_.on_started(now);
  }

  const Options &options_;
  const Environment &env_;
  NetdataConfFile conf_;
  const std::filesystem::path cloud_dir_;
  const std::string machine_guid_;
  AgentLog &log_;
  const char *program_;
  const int in_;
  const int out_;
  StatusChart chart_;
  const bool statistics_;  // [cloud] statistics
  WrittenCharts said_;
  WorkerPipe words_{{[this](bool online) { chart_.set_online(online); }, [this](const ChartText &c) { say_chart(c); },
                     [this](const std::string &trouble) { looking_for_agent(trouble); },
                     [this](const std::string &place, const std::string &version) { found_agent(place, version); },
                     [this] { control_.leave_to_worker(); }}};
  const claim::Places places_;
  claim::FileWatch watch_;
  claim::FileWatch config_watch_;
  claim::ClaimRetryPolicy claimer_;
  claim::ClaimLog claim_log_{[this](claim::ClaimLine kind, const std::string &line) {
    log_.line(NACLK_LOG_DAEMON, kind == claim::ClaimLine::failure ? NACLK_LOG_ERROR : NACLK_LOG_INFO, "CLAIM: " + line);
  }};
  Child claimer_child_;
  ClaimLines claim_lines_{[this](claim::ClaimLine kind, const std::string &line) { claim_log_.line(kind, line); }};
  PluginsdInput input_;
  WorkerRestartPolicy restarts_;
  Fd signals_;
  Child child_;
  Clock::time_point look_at_{};
  std::optional<std::uint64_t> print_;  // of what is on disk
  std::uint64_t worker_print_ = 0;      // of what the worker was started with
  std::string why_;
  claim::Identity identity_;  // as it was read last
  PluginStatus status_;
  Replacement replacement_;
  ControlServer control_;
  std::vector<pollfd> fds_;
  bool reload_ = false;  // somebody orders it
  bool input_ended_ = false;
  bool output_ended_ = false;
  bool leaving_ = false;
  bool become_ = false;  // leaving for the file that replaces ours
  bool done_ = false;
};

}  // namespace

int supervise(const Options &options, const Environment &env, AgentLog &log, char *const *argv, int stdin_fd,
              int stdout_fd) {
  for (const auto &word : options.unknown) log.warning("unknown option on the command line, ignored: " + word);
  const auto file = Supervisor(options, env, log, argv[0], stdin_fd, stdout_fd).run();
  if (file.empty()) return 0;
  // Signals that come meanwhile stay blocked and pending until the new one asks for them.
  ::execv(file.c_str(), argv);
  log.error(fmt::format("cannot run {}: {}; the old one goes on", file, std::strerror(errno)));
  ::execv("/proc/self/exe", argv);
  return 0;  // the agent starts it again
}

}  // namespace aclk::external
