// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/unclaim.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <string_view>
#include <system_error>
#include <thread>

#include "claim/base/c_own.h"
#include "claim/base/files.h"
#include "claim/base/url.h"
#include "claim/cloud_dir.h"
#include "claim/identity.h"
#include "claim/ini.h"

namespace aclk::claim {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

constexpr auto kGoodbyeTimeout = 5s;  // for a link to say goodbye: the worker's 2.4 s, generously
constexpr auto kLook = 100ms;

// What a claim leaves in cloud.d, by whatever version.
constexpr std::array kClaimFiles{"claimed_id", "private.pem", "public.pem", "token",
                                 "rooms",      "tmpin.txt",   "tmpout.txt"};
// aclk.db is ours (aclk/sync/store/store.h); the other two are SQLite's, the last is one that was set aside.
constexpr std::array kStateFiles{"aclk.db", "aclk.db-wal", "aclk.db-shm", "aclk.db.damaged"};
// Agents of 2.x remember their guid in status-netdata.json as well, and keep the key for claiming over HTTP.
constexpr std::array kMachineFiles{"registry/netdata.public.unique.id", "netdata_random_session_id",
                                   "status-netdata.json"};

bool there(const fs::path &file) {
  struct stat st {};
  return ::lstat(file.c_str(), &st) == 0;
}

// A connection of SQLite in WAL mode holds a shared lock on these bytes of the file for as long as it is open.
bool in_use(const fs::path &database) {
  const Fd fd(::open(database.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0x40000002;
  lock.l_len = 510;
  return ::fcntl(fd.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

// What the administrator set, without what belonged to the claim.
CloudConf settings_of(const CloudConf &conf) {
  CloudConf kept;
  kept.enabled = conf.enabled;
  kept.url = conf.url;
  kept.proxy = conf.proxy;
  kept.insecure = conf.insecure;
  return kept;
}

bool all_default(const CloudConf &c) {
  const CloudConf d;
  return c.enabled == d.enabled && c.url == d.url && c.proxy == d.proxy && c.insecure == d.insecure;
}

class Wiping {
 public:
  Wiping(Disk &disk, fs::path dir) : disk_(disk), dir_(std::move(dir)) {}

  // After this the node is not claimed.
  Result<void> withdraw() {
    const auto file = dir_ / "cloud.conf";
    const auto conf = read_cloud_conf(file);
    if (!conf && conf.error().code != Errc::not_found) return tl::unexpected<Error>(conf.error());
    if (conf) {
      const auto kept = settings_of(*conf);
      if (all_default(kept)) {
        ACLK_CHECK(remove(file));
      } else {
        ACLK_CHECK(write("cloud.conf", format_cloud_conf(kept)));
        kept_.emplace_back("cloud.conf (the settings that are not the claim's)");
      }
    }
    ACLK_CHECK(remove(dir_ / "claimed_id"));
    return disk_.sync(dir_);
  }

  template <class Names>
  Result<void> remove_all(const fs::path &dir, const Names &names) {
    for (const auto *name : names) ACLK_CHECK(remove(dir / name));
    return {};
  }

  Result<void> remove(const fs::path &file) {
    if (!there(file)) return {};
    ACLK_CHECK(disk_.remove(file));
    removed_.push_back(file.parent_path() == dir_ ? file.filename().string() : file.string());
    return {};
  }

  Result<void> write(const char *name, const std::string &text) {
    ACLK_TRY(const auto staged, disk_.stage(dir_ / name, text, kCloudFileMode));
    return disk_.put_in_place(staged, dir_ / name);
  }

  [[nodiscard]] std::string story() const {
    std::string out =
        fmt::format("Removed: {}", removed_.empty() ? "nothing" : fmt::format("{}", fmt::join(removed_, ", ")));
    auto kept = kept_;
    for (const auto *name : {"trusted.pem", "cloud_fullchain.pem"})
      if (there(dir_ / name)) kept.emplace_back(name);
    if (!kept.empty()) out += fmt::format("\nKept: {}", fmt::join(kept, ", "));
    return out;
  }

 private:
  Disk &disk_;
  fs::path dir_;
  std::vector<std::string> removed_;
  std::vector<std::string> kept_;
};

ClaimReport failed(const Error &e) {
  return {ExitCode::local_files, e.what + ".\nPut that right and run the command again."};
}

// True: nobody has the durable state open any more.
bool wait_for_the_link(const fs::path &dir, const UnclaimEnvironment &environment) {
  for (auto waited = 0ms; in_use(dir / "aclk.db"); waited += kLook) {
    if (waited >= kGoodbyeTimeout) return false;
    environment.sleep(kLook);
  }
  return true;
}

std::optional<int> find_agent(const AgentFiles &files) { return running_for_sure(read_processes(files), ::geteuid()); }

}  // namespace

UnclaimEnvironment real_unclaim_environment(Disk &disk) {
  return {&disk, [](std::chrono::milliseconds t) { std::this_thread::sleep_for(t); },
          [] { return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(std::time(nullptr))); }, find_agent};
}

ClaimReport unclaim_node(const UnclaimOptions &o, const UnclaimEnvironment &environment) {
  const auto id = load_identity(o.cloud_dir);
  if (!there(o.cloud_dir))
    return {ExitCode::claimed, "This node is not claimed: there is no " + o.cloud_dir.string() + "."};
  const auto dir = CloudDir::open(o.cloud_dir);
  if (!dir)
    return {dir.error().code == Errc::unavailable ? ExitCode::busy : ExitCode::local_files, dir.error().what + "."};

  // It may hold the claim id: what is left of the file would still be a claim.
  if (id.unclear)
    return {ExitCode::local_files, id.why + ".\nNothing was changed. Put that right and run the command again."};
  Wiping w(*environment.disk, o.cloud_dir);
  const auto was = id.claim_id.empty() ? id.conf.claimed_id : id.claim_id;
  if (!was.empty()) {
    const auto note =
        fmt::format("{} unclaimed {} at {} by {}\n", environment.now(), was, masked_url(id.conf.url), o.by);
    if (auto r = w.write("unclaimed", note); !r) return failed(r.error());
  }
  if (auto r = w.withdraw(); !r) return failed(r.error());
  const bool stopped = wait_for_the_link(o.cloud_dir, environment);
  if (auto r = w.remove_all(o.cloud_dir, kClaimFiles); !r) return failed(r.error());
  if (auto r = w.remove_all(o.cloud_dir, kStateFiles); !r) return failed(r.error());
  if (auto r = environment.disk->sync(o.cloud_dir); !r) return failed(r.error());

  if (was.empty()) return {ExitCode::claimed, "This node is not claimed.\n" + w.story()};
  auto message = fmt::format(
      "This node is unclaimed.\nIt was: {}\nCloud URL: {}\n{}\nIn your Space the node stays, as offline, until you "
      "remove it "
      "there.",
      was, masked_url(id.conf.url), w.story());
  if (!stopped)
    message +=
        "\nThe agent has not let go of the link yet: if it does not by itself, run netdatacli reload-claiming-state or "
        "restart the agent.";
  return {ExitCode::claimed, message};
}

ClaimReport prepare_template(const UnclaimOptions &o, const UnclaimEnvironment &environment) {
  if (const auto pid = environment.running_agent({o.lib_dir, o.cache_dir}))
    return {
        ExitCode::local_files,
        fmt::format("The agent is running (process {}), and would go on with the machine guid "
                    "that it has read.\nNothing was changed. Stop it (with systemd: systemctl stop netdata), run the "
                    "command again, "
                    "and take the image before it starts again.",
                    *pid)};
  Wiping w(*environment.disk, o.cloud_dir);
  if (there(o.cloud_dir)) {
    const auto dir = CloudDir::open(o.cloud_dir);
    if (!dir)
      return {dir.error().code == Errc::unavailable ? ExitCode::busy : ExitCode::local_files, dir.error().what + "."};
    if (auto r = w.withdraw(); !r) return failed(r.error());
    if (auto r = w.remove_all(o.cloud_dir, kClaimFiles); !r) return failed(r.error());
    if (auto r = w.remove_all(o.cloud_dir, kStateFiles); !r) return failed(r.error());
    if (auto r = w.remove(o.cloud_dir / "unclaimed"); !r) return failed(r.error());
    if (auto r = environment.disk->sync(o.cloud_dir); !r) return failed(r.error());
  }
  if (auto r = w.remove_all(o.lib_dir, kMachineFiles); !r) return failed(r.error());
  if (!o.cache_dir.empty())
    if (auto r = w.remove(o.cache_dir / "status-netdata.json"); !r) return failed(r.error());
  return {
      ExitCode::claimed,
      fmt::format("This machine is ready to be copied.\n{}\nEach copy's agent makes a machine guid of its own when it "
                  "first starts, and is a new node when it is claimed; a claim.conf, or NETDATA_CLAIM_TOKEN in its "
                  "environment, claims each copy by itself.\nNot touched: the agent's own database ({}); a copy shows "
                  "the template's metrics as those of an old node until that is removed too.",
                  w.story(), o.cache_dir.empty() ? "in its cache directory" : o.cache_dir.string())};
}

}  // namespace aclk::claim
