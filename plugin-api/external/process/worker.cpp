// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/plugin_main.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "claim/base/files.h"
#include "claim/proxy.h"
#include "claim/settings.h"
#include "plugin-api/external/charts/charts.h"
#include "plugin-api/external/control/local_socket.h"
#include "plugin-api/external/control/plugin_status.h"
#include "plugin-api/external/hooks/external_host.h"
#include "plugin-api/external/hooks/read_api.h"
#include "plugin-api/external/json/lenient_json.h"
#include "plugin-api/external/json/values.h"
#include "plugin-api/external/poll/poller.h"
#include "plugin-api/external/process/children.h"
#include "plugin-api/external/process/heap.h"
#include "plugin-api/external/process/worker_restart_policy.h"

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kStopTime = 2400ms;   // of the supervisor's 2800
constexpr unsigned kLastResort = 3;  // seconds after which SIGALRM ends a worker that hangs while it stops
constexpr auto kFirstPause = 1s;     // to find the agent
constexpr auto kPauseAfterManyTries = 5s;
constexpr std::size_t kErrorText = 512;

using Module = COwn<naclk_module, netdata_aclk_destroy>;

// Waits for the end: SIGTERM and its like, the death of the supervisor, a call of wake().
class End {
 public:
  explicit End(pid_t supervisor) : supervisor_(supervisor), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    sigset_t set;
    sigemptyset(&set);
    for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);  // for all threads to come
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  // True: time to end. False: woken, or the time is over.
  bool wait(std::chrono::milliseconds at_most) {
    std::array<pollfd, 2> fds{{{signals_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    (void)::poll(fds.data(), fds.size(), static_cast<int>(at_most.count()));
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info)
      if (info.ssi_signo != SIGHUP) came_ = true;
    return came();
  }
  bool came() {
    if (supervisor_ > 0 && ::getppid() != supervisor_) came_ = true;
    return came_;
  }
  void wake() {
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

 private:
  const pid_t supervisor_;
  Fd signals_;
  Fd wake_;
  bool came_ = false;
};

// If memory gets short, this process is the one to lose: it is started again, the agent is not.
void volunteer_for_oom() {
  constexpr int kScore = 500;
  const auto now = read_file("/proc/self/oom_score_adj", 64);
  if (!now || std::atoi(now->c_str()) >= kScore) return;
  const Fd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  const auto text = std::to_string(kScore);
  if (fd) (void)!::write(fd.get(), text.data(), text.size());
}

std::string proxy_label(NetdataConfFile &conf, const Environment &env) {
  const auto ours = conf.get("cloud", "proxy");
  const auto cloud = claim::read_cloud_conf(env.cloud_dir() / "cloud.conf");
  const auto proxy =
      claim::configured_proxy(ours, cloud.value_or(claim::CloudConf{}).proxy, claim::process_environment());
  switch (proxy ? proxy->kind : claim::ProxyKind::none) {
    case claim::ProxyKind::http:
      return "HTTP";
    case claim::ProxyKind::https:
      return "HTTPS";
    case claim::ProxyKind::socks5:
      return "SOCKS5";
    case claim::ProxyKind::socks5h:
      return "SOCKS5H";
    case claim::ProxyKind::none:
      break;
  }
  return "none";
}

// To the supervisor. What has no room is lost.
void tell_supervisor(const Options &options, std::string_view message) {
  if (options.status_fd >= 0) (void)!::write(options.status_fd, message.data(), message.size());
}

// Looks until the agent is found; nullopt when it is time to end. The trouble is logged, and told, when it changes.
std::optional<Result<AgentFacts>> find(AgentClient &agent, End &end, AgentLog &log, const Options &options) {
  std::string said;
  std::string told;
  auto pause = std::chrono::milliseconds(kFirstPause);
  for (unsigned tries = 0; !end.came(); ++tries) {
    auto facts = agent.locate([&] { return end.wait(0ms); });
    if (!facts && facts.error().code == Errc::cancelled) break;
    if (!facts && std::exchange(told, facts.error().what) != facts.error().what)
      tell_supervisor(options, looking_message(facts.error().what));
    if (facts || (facts.error().code != Errc::unavailable && facts.error().code != Errc::timeout)) return facts;
    // An agent needs half a second after it has started its plugins.
    if (tries >= 3 && facts.error().what != said) {
      said = facts.error().what;
      log.warning(said);
    }
    if (end.wait(pause)) break;
    if (tries >= 10) pause = kPauseAfterManyTries;
  }
  return std::nullopt;
}

int exit_of(const Error &e, AgentLog &log) {
  switch (e.code) {
    case Errc::denied:
      return kExitProtected;
    case Errc::unsupported:
      return kExitNoWebServer;
    case Errc::invalid_argument:
      return kExitBadSetting;
    default:
      log.error(e.what);
      return kExitFailed;
  }
}

bool is_online(naclk_module *module) {
  bool online = false;
  constexpr std::string_view kCommand = "aclk-state json";
  const auto take = [](void *ctx, naclk_str text) -> int {
    const auto state = parse_agent_json(external::text(text), "state");
    *static_cast<bool *>(ctx) = state && bool_of(*state, "online");
    return 0;
  };
  (void)netdata_aclk_command(module, view(kCommand), take, &online);
  return online;
}

Numbers numbers_of(naclk_module *module) {
  Numbers numbers;
  const auto take = [](void *ctx, naclk_str text) -> int {
    *static_cast<Numbers *>(ctx) = parse_numbers(external::text(text));
    return 0;
  };
  (void)netdata_aclk_command(module, view("aclk-statistics"), take, &numbers);
  return numbers;
}

// A request on the local socket is one to the module. The state gets what the plugin knows beside the link.
HttpResponse serve(naclk_module *module, const LocalRequest &request, const std::function<PluginStatus()> &status) {
  naclk_http_request q{};
  q.size = sizeof q;
  q.method = view(request.method);
  q.path = view(request.path);
  q.query = view(request.query);
  HttpResponse out;
  const auto take = [](void *ctx, const naclk_reply *reply) -> int {
    auto &to = *static_cast<HttpResponse *>(ctx);
    to.status = reply->status;
    to.content_type = text(reply->content_type);
    to.body = text(reply->body);
    return 0;
  };
  const int rc = netdata_aclk_http(module, &q, take, &out);
  if (rc == -ENOENT) return local_error(404, "There is nothing at this path.");
  if (out.status == 0) return local_error(503, "The link cannot answer now.");
  if (out.status == 200 && request.path == "/api/v1/aclk") out.body = with_status_object(std::move(out.body), status());
  if (out.status == 200 && request.path == "/api/v1/aclk/text")
    out.body = with_status_lines(std::move(out.body), status());
  return out;
}

// Runs the module until the end. Gives back the exit status.
class Work {
 public:
  Work(const Options &options, End &end, AgentLog &log, ExternalHost &host, Settings settings,
       const CreateModule &create, Heap &heap)
      : options_(options),
        end_(end),
        log_(log),
        host_(host),
        settings_(std::move(settings)),
        create_(create),
        heap_(heap) {}

  int run() {
    std::array<char, kErrorText> error{};
    const auto table = host_.table();
    module_.reset(create_(&table, error.data(), error.size()));
    if (!module_) {
      log_.error(fmt::format("the module does not start: {}", error.data()));
      return kExitFailed;
    }
    if (const int rc = netdata_aclk_start(module_.get(), error.data(), error.size()); rc < 0) {
      log_.error(fmt::format("the module does not start: {}", error.data()));
      return kExitFailed;
    }
    answer_at_socket();
    {
      Poller poller(host_.agent(), host_.polled(), log_, settings_.polls,
                    {[this](const Event &e) { tell(e); },
                     [this] {
                       own_link_.store(true);
                       end_.wake();
                     }});
      host_.on_interest([&poller](std::uint32_t kinds) { poller.listen(kinds); });
      watch();
      host_.on_interest(nullptr);
      host_.begin_stop();  // the poller's and the module's calls come back at once
    }
    return stop();
  }

 private:
  // In the supervisor's place, from now on. The link works without it.
  void answer_at_socket() {
    if (options_.socket_fd < 0) return;
    auto started = LocalSocket::start(options_.socket_fd, [this](const LocalRequest &r) {
      return serve(module_.get(), r, [this] { return plugin_status(); });
    });
    if (!started) return log_.warning(fmt::format("nobody answers at the local socket: {}", started.error().what));
    socket_ = std::move(*started);
    tell_supervisor(options_, kServingMessage);
  }

  PluginStatus plugin_status() const {
    auto w = status_from_json(shared_status_.read());
    auto &agent = host_.agent();
    w.agent.place = agent.place();
    w.agent.version = agent.facts().version;
    w.agent.trouble = w.agent.place.empty() ? agent.trouble() : "";
    return w;
  }

  void tell(const Event &event) {
    naclk_event e{};
    e.size = sizeof e;
    e.kind = event.kind;
    e.machine_guid = view(event.machine_guid);
    (void)netdata_aclk_notify(module_.get(), &e);
  }

  // Tells the supervisor whether the link is up, as often as the chart has values.
  void watch() {
    const auto period = std::max<std::chrono::milliseconds>(options_.update_every, 10s) / 2;
    auto pause = std::chrono::milliseconds(1s);  // at first; the chart shall not be late by half a minute
    const auto every = chart_interval(options_.update_every);
    StatisticsCharts charts(every);
    auto due = Clock::now();
    for (int looks = 0; !end_.wait(pause) && !own_link_.load(); ++looks) {
      const char byte = is_online(module_.get()) ? '1' : '0';
      tell_supervisor(options_, {&byte, 1});
      if (looks >= 10) pause = period;
      heap_.give_back();
      if (Clock::now() < due) continue;
      due = std::max(due + every, Clock::now());
      if (settings_.statistics) show_charts(charts);
    }
  }

  void show_charts(StatisticsCharts &charts) const {
    for (const auto &c : charts.take(numbers_of(module_.get()))) tell_supervisor(options_, chart_message(c));
  }

  int stop() {
    ::alarm(kLastResort);  // the default action ends the process
    const auto rc = netdata_aclk_stop(module_.get(), static_cast<std::uint32_t>(kStopTime.count()));
    socket_.reset();
    if (rc < 0) {
      log_.warning("the module did not stop in time");
      (void)module_.release();  // its threads may still be in a hook; the process ends with them
    }
    module_.reset();
    return own_link_.load() ? kExitOwnLink : kExitStopped;
  }

  const Options &options_;
  End &end_;
  AgentLog &log_;
  ExternalHost &host_;
  const Settings settings_;
  const CreateModule &create_;
  Heap &heap_;
  const SharedText shared_status_{options_.plugin_status_fd};  // the supervisor's
  Module module_;
  std::unique_ptr<LocalSocket> socket_;  // asks the module
  std::atomic<bool> own_link_{false};
};

}  // namespace

int work(const Options &options, const Environment &env, AgentLog &log, const CreateModule &create) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  for (const int fd : {options.status_fd, options.socket_fd, options.plugin_status_fd})
    if (fd >= 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  End end(options.supervisor);
  if (end.came()) return kExitStopped;
  volunteer_for_oom();
  Heap heap;
  if (env.machine_guid.empty()) return kExitUnknownMachine;
  curl_global_init(CURL_GLOBAL_DEFAULT);

  NetdataConfFile conf(env.user_config / "netdata.conf");
  const auto settings = read_settings(conf.snapshot(), options);
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  const auto limit = query_limit(settings, cores);
  const auto ask =
      ask_command_sockets(env, claim::process_environment(), [&log](const std::string &line) { log.warning(line); });
  AgentClient agent(env.machine_guid, {limit.safe, limit.most}, [&] { return find_candidates(settings, ask); });
  const auto facts = find(agent, end, log, options);
  if (!facts) return kExitStopped;
  if (!*facts) return exit_of(facts->error(), log);
  if ((*facts)->own_link) return kExitOwnLink;
  if ((*facts)->built_in_link) return kExitBuiltInLink;
  log.info(fmt::format("reading the data of netdata {} at {}", (*facts)->version, agent.place()));
  if (!agent.owner_known())
    log.warning(
        fmt::format("whose process listens at {} is not told by /proc/net/tcp: that it is the agent is known by "
                    "its machine guid alone",
                    agent.place()));
  tell_supervisor(options, found_message(agent.place(), (*facts)->version));

  HostFacts host_facts;
  host_facts.env = env;
  if (host_facts.env.version.empty()) host_facts.env.version = (*facts)->version;
  host_facts.query_threads = limit.most;
  host_facts.proxy_label = proxy_label(conf, env);
  host_facts.capabilities = agent_capabilities(**facts);
  ExternalHost host(std::move(host_facts), conf, agent, log);
  return Work(options, end, log, host, settings, create, heap).run();
}

}  // namespace aclk::external
