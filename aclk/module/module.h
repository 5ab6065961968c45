// SPDX-License-Identifier: GPL-3.0-or-later
//
// The module behind the C ABI: it has a thread while the node is claimed and the link enabled, and nothing otherwise;
// but for one that watches the claim, if the host wants that.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "aclk/host/log.h"
#include "aclk/module/claim_thread.h"
#include "aclk/module/lifecycle.h"
#include "aclk/module/link.h"
#include "aclk/report/state.h"
#include "claim/claim_node.h"

namespace aclk::module {

// What a link that begins anew waits for hooks of the old one.
inline constexpr std::chrono::milliseconds kHookPatience{2'000};

class Module {
 public:
  explicit Module(host::Host host, loop::TimeScale scale = {});
  ~Module();  // stop(), then waits for as long as it takes, for hooks too
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  // Errc::invalid_argument when it is started already; Errc::unavailable while a thread of an earlier life, for which
  // stop() did not wait long enough, is still there.
  [[nodiscard]] Result<void> start();
  // False when a thread is still there at the deadline.
  [[nodiscard]] bool stop(std::chrono::milliseconds deadline);

  // Any thread, hooks included. Never blocks on the network or a worker's hook; reload() may read cloud.d and call the
  // hooks config and log.
  void host_event(std::uint32_t kind, std::string_view machine_guid);
  // cloud.d changed: stop and begin again under what it says now, or begin, or end.
  void reload();
  // The same because somebody orders it: what asks for a claim is looked at again too (NACLK_OPTION_CLAIM). The order
  // is taken when it returns; the old link still says goodbye then, and waits up to kHookPatience for hooks that have
  // not come back, and state() says so. A hook that takes longer is left behind: the new link connects and asks the
  // host for queries only, until it has come back.
  void reload_claim();
  // Ends the link and wipes the claim (claim/unclaim.h). nullopt: not done yet; it will be.
  [[nodiscard]] std::optional<claim::ClaimReport> unclaim(std::chrono::milliseconds timeout);
  // Any thread. nullopt when the loop does not answer in time.
  [[nodiscard]] std::optional<report::LinkState> state(std::chrono::milliseconds timeout);

  // What is-sent as JSON, and the numbers for charts; as state(). Without a link there is no traffic and no number.
  [[nodiscard]] std::optional<std::string> what_is_sent(std::chrono::milliseconds timeout);
  [[nodiscard]] std::optional<report::Numbers> take_numbers(std::chrono::milliseconds timeout);

  [[nodiscard]] const host::Host &host() const { return host_; }

 private:
  // What the link's thread shows to others; under mutex_.
  struct Running {
    loop::Inbox::Post post;
    Link *link = nullptr;  // to be used on its loop only
  };

  struct Line {
    bool bad;
    std::string text;
  };
  using Lines = std::vector<Line>;

  // What came of a look at cloud.d: lines for the log; and the link's thread looks from now on, if one has begun.
  struct Look {
    Lines lines;
    bool thread_begun = false;
  };

  // Runs a function on the link's loop. nullopt: no answer in time.
  template <class T>
  std::optional<T> ask(std::chrono::milliseconds timeout, T (*question)(Link &), T without_link);
  void obey(Lifecycle::Turn turn, std::unique_lock<std::mutex> &lock);
  void look(std::unique_lock<std::mutex> &lock);
  [[nodiscard]] Look look_once(Lifecycle::Due due);
  [[nodiscard]] Lines why_lines(const Settings &settings);
  void write(const Lines &lines) const;
  void wipe();
  void run();
  void run_link(Settings settings);
  void remember_why(const Settings &settings);

  const host::Host host_;
  const host::Log log_;
  const loop::TimeScale scale_;
  HookThreads hooks_;
  std::mutex mutex_;  // not held while a hook is called: that one may call host_event() or reload()
  std::condition_variable thread_ended_;
  std::thread thread_;
  Lifecycle life_;
  std::int64_t began_s_ = 0;  // start(), epoch
  Running running_;
  std::shared_ptr<session::Drops> drops_;        // of all links, one after the other; the link's thread only
  std::optional<claim::ClaimReport> unclaimed_;  // what came of unclaim()
  std::condition_variable wiped_;
  std::unique_ptr<ClaimThread> claim_thread_;  // with NACLK_OPTION_CLAIM, while started
  // There is no link: the reason, as sentence, state and status.
  std::string why_;
  std::string logged_why_;  // as it was logged last
  session::ConnectionState idle_ = session::ConnectionState::not_claimed;
  login::Status idle_status_ = login::Status::offline;
  // Of a claimed node whose settings cannot be understood; else empty.
  std::string idle_claim_id_;
  std::string idle_url_;
  std::string idle_proxy_;
};

}  // namespace aclk::module
