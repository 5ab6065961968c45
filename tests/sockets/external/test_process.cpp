// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole plugin as processes, with a fake module inside and a fake agent beside it: the contract with the agent
// (plugin-api/external/README.md, "State of the process" to "Exit and restart").
#include <fcntl.h>
#include <netdata-aclk/plugin.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/key.h"
#include "plugin-api/external/agent/local_call.h"
#include "tests/sockets/external/fake_agent.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/tests.h"
#include "tests/unit/temp_dir.h"

namespace aclk::external::test {
namespace test_process {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char *kClaimed =
    "[global]\n  url = https://127.0.0.1:9\n  claimed_id = 11111111-2222-3333-4444-555555555555\n";

const std::string &private_key() {
  static const std::string kPem = claim::PrivateKey::generate()->private_pem();
  return kPem;
}

FakeAgent::Handler agent_documents(const std::string &more = "") {
  return serve_documents(
      {{"/api/v1/info", std::string("{\"uid\":\"") + kLocal + "\",\"version\":\"v1.37.1\"" + more + "}"},
       {"/api/v1/", "{}"}});
}

bool wait_until(const std::function<bool()> &condition) {
  const auto deadline = Clock::now() + 10s;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    pollfd none{-1, 0, 0};
    (void)::poll(&none, 1, 10);
  }
  return true;
}

// One plugin with its private directories; ends it if the test has not.
class Plugin {
 public:
  explicit Plugin(FakeAgent::Handler agent = agent_documents(), bool hang = false)
      : agent_(std::move(agent)), hang_(hang) {
    fs::create_directories(dir_ / "etc");
    fs::create_directories(dir_ / "lib");
    (void)!write_file_atomically(dir_ / "etc/netdata.conf",
                                 "[plugin:aclk]\n  agent url = " + agent_.endpoint().describe() + "\n", 0600);
  }
  ~Plugin() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Plugin(const Plugin &) = delete;
  Plugin &operator=(const Plugin &) = delete;

  void claim(const char *conf = kClaimed) const {
    fs::create_directories(dir_ / "lib/cloud.d");
    (void)!write_file_atomically(dir_ / "lib/cloud.d/private.pem", private_key(), 0600);
    (void)!write_file_atomically(dir_ / "lib/cloud.d/cloud.conf", conf, 0600);
  }

  // It runs from a file of its own, which is replaced by another one as a package manager does it: written beside it,
  // renamed over it.
  void install() {
    fs::create_directories(dir_ / "plugins");
    const auto beside = dir_ / "plugins/aclk.plugin.new";
    fs::copy_file(ACLK_FAKE_PLUGIN, beside);
    file_ = dir_ / "plugins/aclk.plugin";
    fs::rename(beside, file_);
  }
  [[nodiscard]] const fs::path &file() const { return file_; }
  // The file that the process runs, "PATH (deleted)" when it has been replaced.
  [[nodiscard]] std::string runs() const {
    std::error_code ec;
    return fs::read_symlink("/proc/" + std::to_string(pid_) + "/exe", ec).string();
  }

  void start(std::vector<std::string> args = {"1"}) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    (void)!::pipe2(in.data(), O_CLOEXEC);
    (void)!::pipe2(out.data(), O_CLOEXEC);
    const std::string d = dir_.path().string();
    std::vector<std::string> env{"NETDATA_LIB_DIR=" + d + "/lib",
                                 "NETDATA_USER_CONFIG_DIR=" + d + "/etc",
                                 "NETDATA_LOG_DIR=" + d + "/log",
                                 "NETDATA_VERSION=v1.37.1",
                                 std::string("NETDATA_REGISTRY_UNIQUE_ID=") + kLocal,
                                 "FAKE_MODULE_LOG=" + d + "/module.log"};
    if (hang_) env.emplace_back("FAKE_MODULE_HANG=1");
    args.insert(args.begin(), file_.string());
    const auto pointers = [](std::vector<std::string> &v) {
      std::vector<char *> p;
      p.reserve(v.size() + 1);
      for (auto &s : v) p.push_back(s.data());
      p.push_back(nullptr);
      return p;
    };
    const auto argv = pointers(args);
    const auto envp = pointers(env);
    const auto err = dir_ / "stderr";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::dup2(::open(err.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600), 2);
      ::execve(argv[0], argv.data(), envp.data());
      ::_exit(126);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_.reset(in[1]);
    out_.reset(out[0]);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  // GET at its local socket; "" when nobody answers.
  [[nodiscard]] std::string asks(const char *target, HttpMethod method = HttpMethod::get) const {
    const auto a = call_local(dir_ / "lib/aclk.sock", method, target);
    return a && a->status == 200 ? a->body : "";
  }
  bool says(const std::string &part, const char *target = "/api/v1/aclk") const {
    return wait_until([&] { return asks(target).find(part) != std::string::npos; });
  }
  [[nodiscard]] std::string module_log() const { return read_file(dir_ / "module.log").value_or(""); }
  [[nodiscard]] std::string stderr_text() const { return read_file(dir_ / "stderr").value_or(""); }
  [[nodiscard]] int times(const std::string &line) const {
    const auto log = "\n" + module_log();
    int n = 0;
    for (auto at = log.find("\n" + line + "\n"); at != std::string::npos; at = log.find("\n" + line + "\n", at + 1))
      ++n;
    return n;
  }
  [[nodiscard]] pid_t worker() const {
    const auto p = std::to_string(pid_);
    return std::atoi(read_file("/proc/" + p + "/task/" + p + "/children").value_or("0").c_str());
  }
  void say(const std::string &text) const { (void)!::write(in_.get(), text.data(), text.size()); }
  void close_stdin() { in_.reset(); }
  void close_stdout() { out_.reset(); }

  // Reads stdout until it holds `part`.
  bool prints(const std::string &part) {
    const auto deadline = Clock::now() + 10s;
    std::array<char, 4096> buf{};
    while (printed_.find(part) == std::string::npos && Clock::now() < deadline) {
      pollfd p{out_.get(), POLLIN, 0};
      if (::poll(&p, 1, 1000) <= 0) continue;
      const auto n = ::read(out_.get(), buf.data(), buf.size());
      if (n <= 0) break;
      printed_.append(buf.data(), static_cast<std::size_t>(n));
    }
    return printed_.find(part) != std::string::npos;
  }
  [[nodiscard]] const std::string &printed() const { return printed_; }

  // "" if it ended with status 0 in at most `limit`.
  std::string ends(std::chrono::milliseconds limit = 3500ms) {
    const auto begin = Clock::now();
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) != pid_) {
      if (Clock::now() - begin > limit) return "still there";
      pollfd none{-1, 0, 0};
      (void)::poll(&none, 1, 10);
    }
    pid_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : "status " + std::to_string(status);
  }

 private:
  FakeAgent agent_;
  const bool hang_;
  const aclk::test::TempDir dir_;
  fs::path file_ = ACLK_FAKE_PLUGIN;
  pid_t pid_ = -1;
  Fd in_;
  Fd out_;
  std::string printed_;
};

bool is_gone(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  return stat.empty() || stat.find(") Z ") != std::string::npos;
}

std::string plugin__not_claimed__prints_its_chart_and_has_no_worker() {
  Plugin p;
  p.start();
  EXPECT(p.prints("CHART netdata.aclk_status"));
  EXPECT(p.prints("SET online = 0\nEND\n"));
  EXPECT_EQ(p.worker(), 0);
  EXPECT_EQ(p.module_log(), "");
  EXPECT(p.stderr_text().find("ACLK: ") != std::string::npos);
  p.say("FUNCTION x 5 \"a\"\nQUIT\n");
  EXPECT_EQ(p.ends(), "");
  return {};
}

std::string plugin__end_of_stdin__ends() {
  Plugin p;
  p.claim();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  const auto worker = p.worker();
  p.close_stdin();
  EXPECT_EQ(p.ends(), "");
  EXPECT(is_gone(worker));
  EXPECT_EQ(p.times("stop"), 1);
  return {};
}

std::string plugin__stdout_closed__ends() {
  Plugin p;
  p.claim();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  const auto worker = p.worker();
  p.close_stdout();
  EXPECT_EQ(p.ends(), "");
  EXPECT(is_gone(worker));
  return {};
}

std::string plugin__sigterm__stops_the_module_and_ends() {
  Plugin p;
  p.claim();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  ::kill(p.pid(), SIGTERM);
  EXPECT_EQ(p.ends(), "");
  EXPECT_EQ(p.times("stop"), 1);
  EXPECT_EQ(p.times("destroy"), 1);
  return {};
}

std::string plugin__worker_killed__is_started_again() {
  Plugin p;
  p.claim();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  const auto first = p.worker();
  ::kill(first, SIGKILL);
  EXPECT(wait_until([&] { return p.times("start") == 2; }));
  EXPECT(p.worker() != first && p.worker() > 0);
  EXPECT(p.stderr_text().find("ACLK: the worker was killed by signal 9") != std::string::npos);
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  return {};
}

std::string plugin__claim_comes_changes_and_goes__the_worker_with_it() {
  Plugin p;
  p.start();
  EXPECT(p.prints("END\n"));
  EXPECT_EQ(p.worker(), 0);
  p.claim();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  const auto first = p.worker();
  p.claim((std::string(kClaimed) + "  proxy = none\n").c_str());
  EXPECT(wait_until([&] { return p.times("start") == 2; }));
  EXPECT_EQ(p.times("stop"), 1);
  EXPECT(p.worker() != first);
  p.claim((std::string(kClaimed) + "  enabled = no\n").c_str());
  EXPECT(wait_until([&] { return p.times("stop") == 2 && p.worker() == 0; }));
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  EXPECT_EQ(p.times("start"), 2);
  return {};
}

std::string plugin__worker_hangs__is_killed_within_three_seconds() {
  Plugin p(agent_documents(), true);
  p.claim();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  const auto worker = p.worker();
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  EXPECT(is_gone(worker));
  return {};
}

std::string plugin__supervisor_killed__leaves_no_orphan() {
  Plugin p;
  p.claim();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  const auto worker = p.worker();
  ::kill(p.pid(), SIGKILL);
  EXPECT(wait_until([&] { return is_gone(worker); }));
  EXPECT_EQ(p.times("stop"), 1);
  return {};
}

std::string plugin__its_file_is_replaced__becomes_the_new_one_as_the_same_process() {
  Plugin p;
  p.claim();
  p.install();
  p.start({"1", "--agent-url="});
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  EXPECT_EQ(p.runs(), p.file().string());
  p.install();
  EXPECT_EQ(p.runs(), p.file().string() + " (deleted)");
  EXPECT(wait_until([&] { return p.times("start") == 2; }));
  EXPECT_EQ(p.runs(), p.file().string());
  EXPECT_EQ(p.times("stop"), 1);
  EXPECT_EQ(p.times("destroy"), 1);
  EXPECT(p.stderr_text().find("ACLK: aclk.plugin was replaced by another one") != std::string::npos);
  EXPECT(
      read_file("/proc/" + std::to_string(p.pid()) + "/cmdline")->ends_with(std::string("\0001\0--agent-url=\0", 16)));
  EXPECT(p.says("\"online\""));
  EXPECT(p.prints("END\n"));
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  EXPECT_EQ(p.times("stop"), 2);
  return {};
}

std::string plugin__not_claimed_and_its_file_is_replaced__becomes_the_new_one() {
  Plugin p;
  p.install();
  p.start();
  EXPECT(p.prints("END\n"));
  p.install();
  EXPECT(wait_until([&] { return p.runs() == p.file(); }));
  EXPECT(p.says("not claimed"));
  ::kill(p.pid(), SIGTERM);
  EXPECT_EQ(p.ends(), "");
  return {};
}

std::string plugin__its_file_is_replaced_by_one_that_cannot_run__goes_on_until_one_can() {
  Plugin p;
  p.claim();
  p.install();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  const auto started = p.file().parent_path() / "started";
  EXPECT(write_file_atomically(p.file(), "#!/bin/sh\necho $* >" + started.string() + "\nexit 3\n", 0700));
  EXPECT(wait_until([&] { return read_file(started).value_or("") == "--version\n"; }));
  EXPECT_EQ(p.times("stop"), 0);
  p.install();
  EXPECT(wait_until([&] { return p.times("start") == 2; }));
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  return {};
}

std::string plugin__its_file_is_removed__stops_the_module_and_ends() {
  Plugin p;
  p.claim();
  p.install();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  fs::remove(p.file());
  EXPECT_EQ(p.ends(10s), "");
  EXPECT_EQ(p.times("stop"), 1);
  EXPECT(p.stderr_text().find("ACLK: aclk.plugin was removed, and ends") != std::string::npos);
  return {};
}

std::string plugin__the_agent_goes_while_its_file_is_replaced__ends() {
  Plugin p(agent_documents(), true);  // a module that does not stop: there is time
  p.claim();
  p.install();
  p.start();
  EXPECT(wait_until([&] { return p.times("start") == 1; }));
  p.install();
  EXPECT(wait_until([&] { return p.times("stop") == 1; }));
  p.close_stdin();
  EXPECT_EQ(p.ends(), "");
  EXPECT_EQ(p.times("start"), 1);
  return {};
}

std::string plugin__agent_with_its_own_link__is_left_alone() {
  Plugin p(agent_documents(",\"aclk-available\":true"));
  p.claim();
  p.start();
  EXPECT(wait_until([&] { return p.stderr_text().find("leaves it alone") != std::string::npos; }));
  EXPECT(wait_until([&] { return p.worker() == 0; }));
  EXPECT_EQ(p.module_log(), "");
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  return {};
}

std::string plugin__agent_of_2_x__is_left_alone_with_one_sentence() {
  Plugin p(agent_documents(",\"version\":\"v2.10.4\",\"cloud-available\":true"));
  p.claim();
  p.start();
  EXPECT(wait_until([&] { return p.stderr_text().find("claim the agent itself") != std::string::npos; }));
  EXPECT(wait_until([&] { return p.worker() == 0; }));
  EXPECT_EQ(p.module_log(), "");
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  return {};
}

std::string plugin__what_the_agent_has__is_told_to_the_module() {
  auto documents = agent_documents(std::string(",\"mirrored_hosts_status\":[{\"guid\":\"") + kLocal + "\"}]");
  Plugin p(std::move(documents));
  p.claim();
  p.start();
  for (const auto kind : {NACLK_EVENT_NODES, NACLK_EVENT_CONTEXTS, NACLK_EVENT_ALERTS})
    EXPECT(wait_until([&] { return p.times("event " + std::to_string(kind)) >= 1; }));
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  return {};
}

std::string plugin__asked_by_a_person__answers_and_ends() {
  for (const auto &[arg, reply] : {std::pair<const char *, const char *>{"--version", "aclk.plugin "},
                                   {"--help", "netdata-aclk claim"},
                                   {"-W", "ACLK:                       YES"}}) {
    Plugin p;
    if (std::string(arg) == "-W")
      p.start({"-W", "buildinfo"});
    else
      p.start({arg});
    EXPECT(p.prints(reply));
    EXPECT_EQ(p.ends(), "");
  }
  return {};
}

std::string plugin__not_claimed__says_so_at_its_socket() {
  Plugin p;
  p.start();
  EXPECT(p.says("\"agent-claimed\":false"));
  EXPECT(p.says("\"plugin\":{\"began-utc\""));
  EXPECT(p.says("Claimed: No\n", "/api/v1/aclk/text"));
  EXPECT(p.says("Reason: Agent is not claimed yet; claim it with netdata-aclk claim\n", "/api/v1/aclk/text"));
  EXPECT(p.says("\"sent\":[]", "/api/v1/aclk/what-is-sent"));
  EXPECT(p.says("\"status\":\"available\"", "/api/v3/info"));
  EXPECT_EQ(p.asks("/api/v1/reload-claiming-state", HttpMethod::post), "ok");
  EXPECT_EQ(p.worker(), 0);
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  EXPECT_EQ(p.asks("/api/v1/aclk"), "");
  return {};
}

std::string plugin__worker_comes_dies_and_goes__there_is_always_an_answer() {
  Plugin p;
  p.claim();
  p.start();
  EXPECT(p.says("{\"online\":true,\"plugin\":{"));
  EXPECT(p.says("\"place\":\"http:"));
  ::kill(p.worker(), SIGKILL);
  EXPECT(p.says("the worker was killed by signal 9"));
  EXPECT(p.says("{\"online\":true,\"plugin\":{"));
  p.claim((std::string(kClaimed) + "  enabled = no\n").c_str());
  EXPECT(p.says("switched off by 'enabled = no'"));
  EXPECT(p.says("\"status-symbol\":\"ACLK_STATUS_DISABLED\""));
  p.claim();
  EXPECT(p.says("{\"online\":true,\"plugin\":{"));
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  return {};
}

std::string plugin__agent_is_not_there__says_what_it_looks_for() {
  Plugin p(serve_documents({{"/api/v1/info", "{\"uid\":\"00000000-0000-0000-0000-00000000abcd\"}"}}));
  p.claim();
  p.start();
  EXPECT(p.says("Reason: the agent is not found: the agent at http://127.0.0.1:", "/api/v1/aclk/text"));
  EXPECT(p.says("\nAgent: looked for since ", "/api/v1/aclk/text"));
  EXPECT(p.says("\"agent-claimed\":true"));
  p.say("QUIT\n");
  EXPECT_EQ(p.ends(), "");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(plugin__not_claimed__says_so_at_its_socket),
    ACLK_TEST(plugin__worker_comes_dies_and_goes__there_is_always_an_answer),
    ACLK_TEST(plugin__agent_is_not_there__says_what_it_looks_for),
    ACLK_TEST(plugin__not_claimed__prints_its_chart_and_has_no_worker),
    ACLK_TEST(plugin__end_of_stdin__ends),
    ACLK_TEST(plugin__stdout_closed__ends),
    ACLK_TEST(plugin__sigterm__stops_the_module_and_ends),
    ACLK_TEST(plugin__worker_killed__is_started_again),
    ACLK_TEST(plugin__claim_comes_changes_and_goes__the_worker_with_it),
    ACLK_TEST(plugin__worker_hangs__is_killed_within_three_seconds),
    ACLK_TEST(plugin__supervisor_killed__leaves_no_orphan),
    ACLK_TEST(plugin__its_file_is_replaced__becomes_the_new_one_as_the_same_process),
    ACLK_TEST(plugin__not_claimed_and_its_file_is_replaced__becomes_the_new_one),
    ACLK_TEST(plugin__its_file_is_replaced_by_one_that_cannot_run__goes_on_until_one_can),
    ACLK_TEST(plugin__its_file_is_removed__stops_the_module_and_ends),
    ACLK_TEST(plugin__the_agent_goes_while_its_file_is_replaced__ends),
    ACLK_TEST(plugin__agent_with_its_own_link__is_left_alone),
    ACLK_TEST(plugin__agent_of_2_x__is_left_alone_with_one_sentence),
    ACLK_TEST(plugin__what_the_agent_has__is_told_to_the_module),
    ACLK_TEST(plugin__asked_by_a_person__answers_and_ends),
};

}  // namespace
}  // namespace test_process

int process_tests() { return cmocka_run_group_tests_name("process", test_process::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
