// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/module.h"

#include <exception>
#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

#include "aclk/loop/clock.h"
#include "aclk/loop/own_thread.h"
#include "aclk/module/ignored_settings.h"
#include "claim/base/url.h"
#include "claim/cloud_dir_permissions.h"
#include "claim/unclaim.h"

namespace aclk::module {

using namespace std::chrono_literals;

Module::Module(host::Host host, loop::TimeScale scale) : host_(std::move(host)), log_(host_), scale_(scale) {}

Module::~Module() {
  (void)stop(0ms);
  if (thread_.joinable()) thread_.join();
  keeper_.reset();  // it calls reload(), which finds that all is over
}

Result<void> Module::start() {
  std::unique_ptr<ClaimThread> late;
  {
    const std::lock_guard lock(mutex_);
    if (started_) return fail(Errc::invalid_argument, "the link is started already");
    if (thread_alive_)  // begin() would wait for it
      return fail(Errc::unavailable,
                  "the link that was stopped has not ended: a hook of the host has not come back to it; start again "
                  "when that has happened");
    if (keeper_ && !keeper_->wait_end(std::chrono::steady_clock::now()))
      return fail(
          Errc::unavailable,
          "the watch over the claim that was stopped has not ended: a hook of the host has not come back to it, "
          "or a request is being given up; start again when that has happened");
    late = std::move(keeper_);
    started_ = true;
    stopping_ = false;
    began_s_ = loop::wall_us() / 1'000'000;
  }
  late.reset();  // one that ended after it was stopped
  const auto read = [this](const char *section, const char *key) { return host_.config(section, key); };
  for (const auto &line : ignored_settings(read)) log_.info("{}", line);
  std::unique_ptr<ClaimThread> keeper;
  if (host_.wants_claims()) {
    // Before the claim thread takes the print of what is there: putting that right is no change.
    for (const auto &line : claim::repair_permissions(cloud_dir(host_)).repaired) log_.warning("{}", line);
    keeper = std::make_unique<ClaimThread>(host_, log_, [this] { reload(); });
  }
  std::unique_lock lock(mutex_);
  keeper_ = std::move(keeper);
  begin(lock);
  return {};
}

namespace {

// Between two lives.
constexpr auto kEnding = "the link has ended and begins anew when a request to the agent that is under way has ended";

bool may_connect(const Settings &s) { return s.identity.standing == claim::Standing::claimed && s.troubles.empty(); }

bool is_trouble(const Settings &s) {
  return claim::is_trouble(s.identity.standing) ||
         (s.identity.standing == claim::Standing::claimed && !s.troubles.empty());
}

}  // namespace

// Under the mutex.
void Module::remember_why(const Settings &settings) {
  const auto &identity = settings.identity;
  const bool claimed = identity.standing == claim::Standing::claimed;
  why_ = claimed ? fmt::format("{}", fmt::join(settings.troubles, "; and: ")) : identity.why;
  idle_claim_id_ = claimed ? identity.claim_id : std::string();
  idle_url_ = claimed ? masked_url(settings.cloud_url) : std::string();
  idle_proxy_ = claimed ? settings.proxy_shown : std::string();
  const bool off = identity.standing == claim::Standing::disabled;
  const bool unclaimed = identity.standing == claim::Standing::not_claimed;
  idle_ = off ? session::State::disabled : unclaimed ? session::State::not_claimed : session::State::stopped;
  idle_status_ = off ? login::Status::disabled : login::Status::offline;
}

// Under the mutex. What is to be logged about it: once for each reason, until a link was there or somebody asks again.
Module::Lines Module::why_lines(bool trouble) {
  if (std::exchange(said_why_, why_) == why_) return {};
  Lines lines;
  if (trouble)
    lines.push_back({true, why_});
  else
    lines.push_back({false, "CLAIM: " + why_});
  if (idle_ == session::State::not_claimed) lines.push_back({false, std::string(claim::kUnclaimedLine)});
  return lines;
}

void Module::say(const Lines &lines) const {
  for (const auto &[bad, text] : lines)
    if (bad)
      log_.error("{}", text);
    else
      log_.info("{}", text);
}

// Looks at cloud.d and starts the thread if there is something to do. Whoever comes while one is here leaves a mark and
// goes: this may be a hook that we have called.
void Module::begin(std::unique_lock<std::mutex> &lock) {
  reload_ = true;
  if (std::exchange(beginning_, true)) return;
  const auto due = [this] { return !thread_alive_ && (unclaim_ || (reload_ && started_ && !stopping_)); };
  while (due()) {
    reload_ = false;
    lock.unlock();
    try {
      say(look_and_begin());
    } catch (const std::exception &e) {
      log_.error("cannot begin with what is in {}: {}", cloud_dir(host_).native(), e.what());
    }
    lock.lock();
  }
  beginning_ = false;
}

// Without the mutex, as everything that calls a hook.
Module::Lines Module::look_and_begin() {
  wipe();
  const auto upkeep = claim::repair_permissions(cloud_dir(host_));
  for (const auto &lines : {upkeep.repaired, upkeep.wrong})
    for (const auto &line : lines) log_.warning("{}", line);
  const auto settings = read_settings(host_, log_);
  const std::lock_guard lock(mutex_);
  if (!started_ || stopping_) return {};
  remember_why(settings);
  if (!may_connect(settings)) return why_lines(is_trouble(settings));
  if (thread_.joinable()) thread_.join();  // an earlier one that has ended
  try {
    thread_ = std::thread([this] { run(); });
    thread_alive_ = true;
  } catch (const std::system_error &e) {
    why_ = e.what();
    return {{true, "cannot start the link's thread: " + why_}};
  }
  return {};
}

void Module::run() {
  loop::begin_own_thread("ACLK_MAIN");
  for (;;) {
    wipe();
    {
      const std::lock_guard lock(mutex_);
      reload_ = false;  // what is read now is fresh; what changes from here on is not in it
    }
    const auto settings = read_settings(host_, log_);
    const bool connects = may_connect(settings);
    {
      // Also of a link that is about to be: the state has it from here until there is one, and after it.
      const std::lock_guard lock(mutex_);
      remember_why(settings);
    }
    const bool again = connects && one_life(settings);
    Lines lines;
    {
      const std::lock_guard lock(mutex_);
      if (unclaim_ || (again && !stopping_)) continue;
      if (!connects) lines = why_lines(is_trouble(settings));
    }
    say(lines);
    const std::lock_guard lock(mutex_);
    if (unclaim_ || (reload_ && !stopping_)) continue;
    thread_alive_ = false;
    thread_ended_.notify_all();
    return;
  }
}

// Returns true when the identity is to be read again.
bool Module::one_life(Settings settings) {
  log_.info("CLAIM: Found a valid claimed_id, setting state to AGENT_CLAIMED");
  if (std::error_code ec; !std::filesystem::exists(cloud_dir(host_) / "cloud.conf", ec))
    log_.info("CLAIM: cannot load cloud config '{}'. Running with internal defaults.",
              (cloud_dir(host_) / "cloud.conf").native());
  if (!drops_) drops_ = std::make_shared<session::Drops>(scale_);
  const bool no_url = settings.cloud_url.empty();
  auto made = Link::make(host_, log_, std::move(settings), {scale_, drops_});
  if (!made) {
    log_.error("{}", made.error().what);
    const std::lock_guard lock(mutex_);
    why_ = made.error().what;
    if (made.error().code == Errc::invalid_argument)
      idle_status_ = no_url ? login::Status::no_cloud_url : login::Status::invalid_cloud_url;
    return false;
  }
  auto link = std::move(*made);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    if (unclaim_ || reload_) return true;
    said_why_.clear();
    running_ = {link->poster(), link.get()};
  }
  link->run();
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    running_ = {};
    again = std::exchange(reload_, false);
    if (again && !unclaim_ && !stopping_) {
      why_ = kEnding;
      idle_status_ = login::Status::reloading_config;
    }
  }
  // Waits for the hooks that have not come back.
  link.reset();
  const std::lock_guard lock(mutex_);
  why_.clear();
  idle_status_ = login::Status::offline;
  return again;
}

bool Module::stop(std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  started_ = false;
  stopping_ = true;
  const auto until = std::chrono::steady_clock::now() + deadline;
  if (keeper_) keeper_->ask_end();
  if (running_.link != nullptr) running_.post([link = running_.link] { link->stop(false); });
  if (!thread_ended_.wait_until(lock, until, [this] { return !thread_alive_; })) return false;
  lock.unlock();
  if (thread_.joinable()) thread_.join();
  // Nobody else changes the pointer: start, stop and destroy come one at a time.
  if (keeper_ && !keeper_->wait_end(until)) return false;
  lock.lock();
  keeper_.reset();
  return true;
}

void Module::host_event(std::uint32_t kind, std::string_view machine_guid) {
  const std::lock_guard lock(mutex_);
  if (running_.link == nullptr) return;
  running_.post([link = running_.link, kind, guid = std::string(machine_guid)] { link->host_event(kind, guid); });
}

void Module::reload() {
  std::unique_lock lock(mutex_);
  if (started_ && !stopping_) begin_anew(lock);
}

void Module::begin_anew(std::unique_lock<std::mutex> &lock) {
  if (!thread_alive_) return begin(lock);
  reload_ = true;
  if (running_.link != nullptr) running_.post([link = running_.link, reloading = !unclaim_] { link->stop(reloading); });
}

void Module::reload_claim() {
  std::unique_lock lock(mutex_);
  if (!started_ || stopping_) return;
  said_why_.clear();
  if (keeper_) keeper_->look_again();
  begin_anew(lock);
}

// On the link's thread between two lives, or on a caller's while there is none: nobody has the durable state open.
// Without the mutex.
void Module::wipe() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(unclaim_, false)) return;
  }
  const auto disk = claim::real_disk();
  const auto &dirs = host_.directories();
  auto report = claim::unclaim_node({cloud_dir(host_), dirs.lib, {}, "the agent's command unclaim"},
                                    claim::real_unclaim_doors(*disk));
  const auto line = report.message.substr(0, report.message.find('\n'));
  log_.notice("CLAIM: {}", line);
  const std::lock_guard lock(mutex_);
  unclaimed_ = std::move(report);
  wiped_.notify_all();
}

std::optional<claim::ClaimReport> Module::unclaim(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  unclaim_ = true;
  unclaimed_.reset();
  begin_anew(lock);
  if (!wiped_.wait_for(lock, timeout, [this] { return unclaimed_.has_value(); })) return std::nullopt;
  return unclaimed_;
}

template <class T>
std::optional<T> Module::ask(std::chrono::milliseconds timeout, T (*question)(Link &), T without_link) {
  // Shared with the posted function, which may run after we have given up.
  const auto answer = std::make_shared<std::promise<T>>();
  auto future = answer->get_future();
  {
    const std::lock_guard lock(mutex_);
    if (running_.link == nullptr) return without_link;
    running_.post([answer, question, link = running_.link] { answer->set_value(question(*link)); });
  }
  try {
    if (future.wait_for(timeout) != std::future_status::ready) return std::nullopt;
    return future.get();
  } catch (const std::future_error &) {
    return std::nullopt;  // the link ended with the question unread
  }
}

std::optional<report::State> Module::state(std::chrono::milliseconds timeout) {
  report::State none;
  {
    const std::lock_guard lock(mutex_);
    none.why = why_;
    none.session.state = idle_;
    none.session.status = idle_status_;
    none.claimed = !idle_claim_id_.empty();
    none.claim_id = idle_claim_id_;
    none.cloud_url = idle_url_;
    none.proxy = idle_proxy_;
  }
  auto s = ask<report::State>(
      timeout, [](Link &l) { return l.state(); }, std::move(none));
  const std::lock_guard lock(mutex_);
  if (s) s->began_s = began_s_;
  return s;
}

std::optional<std::string> Module::what_is_sent(std::chrono::milliseconds timeout) {
  // A copy, made into text here: the loop has other things to do.
  const auto traffic = ask<report::Traffic>(timeout, [](Link &l) { return l.traffic(); }, {});
  if (!traffic) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return report::traffic_json(*traffic, began_s_);
}

std::optional<report::Numbers> Module::take_numbers(std::chrono::milliseconds timeout) {
  return ask<report::Numbers>(timeout, [](Link &l) { return l.take_numbers(); }, {});
}

}  // namespace aclk::module
