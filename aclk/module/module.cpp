// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/module.h"

#include <fmt/ranges.h>

#include <exception>
#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

#include "aclk/loop/clock.h"
#include "aclk/loop/loop.h"
#include "aclk/module/settings.h"
#include "claim/base/url.h"
#include "claim/cloud_dir.h"
#include "claim/unclaim.h"

namespace aclk::module {

using namespace std::chrono_literals;

namespace {

constexpr auto kHookHangs =
    "the link that was stopped has not ended: a hook of the host has not come back to it; start again when that has "
    "happened";

}  // namespace

Module::Module(host::Host host, loop::TimeScale scale) : host_(std::move(host)), log_(host_), scale_(scale) {}

Module::~Module() {
  (void)stop(0ms);
  if (thread_.joinable()) thread_.join();
  claim_thread_.reset();  // it calls reload(), which finds that all is over
}

Result<void> Module::start() {
  std::unique_ptr<ClaimThread> late;
  {
    const std::lock_guard lock(mutex_);
    if (claim_thread_ && !life_.started() && !life_.has_thread() &&
        !claim_thread_->wait_end(std::chrono::steady_clock::now()))
      return fail(
          Errc::unavailable,
          "the watch over the claim that was stopped has not ended: a hook of the host has not come back to it, "
          "or a request is being given up; start again when that has happened");
    if (life_.state() == Lifecycle::State::off && hooks_.any()) return fail(Errc::unavailable, kHookHangs);
    switch (life_.start()) {
      case Lifecycle::Start::started_already:
        return fail(Errc::invalid_argument, "the link is started already");
      case Lifecycle::Start::still_ending:
        return fail(Errc::unavailable, kHookHangs);
      case Lifecycle::Start::done:
        break;
    }
    late = std::move(claim_thread_);
    began_s_ = loop::wall_us() / 1'000'000;
  }
  late.reset();  // one that ended after it was stopped
  const auto read = [this](const char *section, const char *key) { return host_.config(section, key); };
  for (const auto &line : ignored_settings(read)) log_.info("{}", line);
  std::unique_ptr<ClaimThread> claims;
  if (host_.wants_claims()) {
    // Before the claim thread takes the print of what is there: putting that right is no change.
    for (const auto &line : claim::repair_permissions(cloud_dir(host_)).repaired) log_.warning("{}", line);
    claims = std::make_unique<ClaimThread>(host_, log_, [this] { reload(); });
  }
  std::unique_lock lock(mutex_);
  claim_thread_ = std::move(claims);
  obey(life_.begin(), lock);
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
  using session::Event;
  const bool off = identity.standing == claim::Standing::disabled;
  const bool unclaimed = identity.standing == claim::Standing::not_claimed;
  const auto to = session::next(idle_, off ? Event::turned_off : unclaimed ? Event::unclaimed : Event::claimed, {});
  if (to.known) idle_ = to.state;
  idle_status_ = off ? login::Status::disabled : login::Status::offline;
}

// Under the mutex. What is to be logged about it: once for each reason, until a link was there or somebody asks again.
Module::Lines Module::why_lines(const Settings &settings) {
  if (std::exchange(logged_why_, why_) == why_) return {};
  Lines lines;
  if (is_trouble(settings))
    lines.push_back({true, why_});
  else
    lines.push_back({false, "CLAIM: " + why_});
  if (idle_ == session::ConnectionState::not_claimed) lines.push_back({false, std::string(claim::kUnclaimedLine)});
  return lines;
}

void Module::write(const Lines &lines) const {
  for (const auto &[bad, text] : lines)
    if (bad)
      log_.error("{}", text);
    else
      log_.info("{}", text);
}

void Module::obey(Lifecycle::Turn turn, std::unique_lock<std::mutex> &lock) {
  switch (turn) {
    case Lifecycle::Turn::go:
      return;
    case Lifecycle::Turn::look:
      return look(lock);
    case Lifecycle::Turn::end_link:
      if (running_.link == nullptr) return;  // its thread sees what is due before it makes one
      const auto kind = life_.due() == Lifecycle::Due::wipe ? session::Stop::for_good : session::Stop::to_reload;
      running_.post([link = running_.link, kind] { link->stop(kind); });
  }
}

// Looks at cloud.d, and begins the link's thread if there is something for it.
void Module::look(std::unique_lock<std::mutex> &lock) {
  do {
    const auto due = life_.take();
    lock.unlock();
    bool thread_begun = false;
    try {
      const auto result = look_once(due);
      thread_begun = result.thread_begun;
      write(result.lines);
    } catch (const std::exception &e) {
      log_.error("cannot begin with what is in {}: {}", cloud_dir(host_).native(), e.what());
    }
    lock.lock();
    if (thread_begun) return;  // it looks; and may have ended by now
  } while (!life_.leave());
}

// Without the mutex, as everything that calls a hook.
Module::Look Module::look_once(Lifecycle::Due due) {
  if (due == Lifecycle::Due::wipe) wipe();
  const auto permissions = claim::repair_permissions(cloud_dir(host_));
  for (const auto &lines : {permissions.repaired, permissions.wrong})
    for (const auto &line : lines) log_.warning("{}", line);
  const auto settings = read_settings(host_, log_);
  const std::lock_guard lock(mutex_);
  if (!life_.started()) return {};
  remember_why(settings);
  if (!may_connect(settings)) return {why_lines(settings), false};
  if (thread_.joinable()) thread_.join();  // an earlier one that has ended
  try {
    thread_ = std::thread([this] { run(); });  // it waits for the mutex
  } catch (const std::system_error &e) {
    why_ = e.what();
    return {{{true, "cannot start the link's thread: " + why_}}, false};
  }
  return {{}, life_.thread_begun()};
}

void Module::run() {
  loop::begin_own_thread("ACLK_MAIN");
  for (;;) {
    auto due = Lifecycle::Due::nothing;
    {
      const std::lock_guard lock(mutex_);
      due = life_.take();
    }
    if (due == Lifecycle::Due::wipe) wipe();
    const auto settings = read_settings(host_, log_);
    const bool connects = may_connect(settings);
    {
      // Also of a link that is about to be: the state has it from here until there is one, and after it.
      const std::lock_guard lock(mutex_);
      remember_why(settings);
    }
    if (connects) run_link(settings);
    Lines lines;
    {
      const std::lock_guard lock(mutex_);
      if (!connects && life_.due() != Lifecycle::Due::wipe) lines = why_lines(settings);
    }
    write(lines);
    const std::lock_guard lock(mutex_);
    if (!life_.leave()) continue;
    thread_ended_.notify_all();
    return;
  }
}

// One link, from its making until it has ended.
void Module::run_link(Settings settings) {
  log_.info("CLAIM: Found a valid claimed_id, setting state to AGENT_CLAIMED");
  if (std::error_code ec; !std::filesystem::exists(cloud_dir(host_) / "cloud.conf", ec))
    log_.info("CLAIM: cannot load cloud config '{}'. Running with internal defaults.",
              (cloud_dir(host_) / "cloud.conf").native());
  if (!drops_) drops_ = std::make_shared<session::Drops>(scale_);
  const bool no_url = settings.cloud_url.empty();
  auto made = Link::make(host_, log_, std::move(settings), {scale_, drops_, &hooks_});
  if (!made) {
    log_.error("{}", made.error().what);
    const std::lock_guard lock(mutex_);
    why_ = made.error().what;
    if (made.error().code == Errc::invalid_argument)
      idle_status_ = no_url ? login::Status::no_cloud_url : login::Status::invalid_cloud_url;
    return;
  }
  auto link = std::move(*made);
  {
    const std::lock_guard lock(mutex_);
    if (!life_.started() || life_.due() != Lifecycle::Due::nothing) return;
    logged_why_.clear();
    running_ = {link->poster(), link.get()};
  }
  link->run();
  {
    const std::lock_guard lock(mutex_);
    running_ = {};
    if (life_.started() && life_.due() == Lifecycle::Due::reread) {
      why_ = kEnding;
      idle_status_ = login::Status::reloading_config;
    }
  }
  bool goes_on = false;
  {
    const std::lock_guard lock(mutex_);
    goes_on = life_.started();
  }
  if (goes_on && !link->leave_hooks(kHookPatience / scale_.deadlines))
    log_.warning(
        "a request to the agent that began before the link begins anew has not ended within {} ms; the link does not "
        "wait for it any longer, but asks the agent for nodes, contexts and alerts only when it has ended",
        (kHookPatience / scale_.deadlines).count());
  link.reset();  // waits for hooks if the host has stopped us
  const std::lock_guard lock(mutex_);
  why_.clear();
  idle_status_ = login::Status::offline;
}

bool Module::stop(std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  life_.stop();
  const auto until = std::chrono::steady_clock::now() + deadline;
  if (claim_thread_) claim_thread_->ask_end();
  if (running_.link != nullptr) running_.post([link = running_.link] { link->stop(session::Stop::for_good); });
  if (!thread_ended_.wait_until(lock, until, [this] { return !life_.has_thread(); })) return false;
  lock.unlock();
  if (thread_.joinable()) thread_.join();
  if (!hooks_.wait_until_none(until)) return false;
  // Nobody else changes the pointer: start, stop and destroy come one at a time.
  if (claim_thread_ && !claim_thread_->wait_end(until)) return false;
  lock.lock();
  claim_thread_.reset();
  return true;
}

void Module::host_event(std::uint32_t kind, std::string_view machine_guid) {
  const std::lock_guard lock(mutex_);
  if (running_.link == nullptr) return;
  running_.post([link = running_.link, kind, guid = std::string(machine_guid)] { link->host_event(kind, guid); });
}

void Module::reload() {
  std::unique_lock lock(mutex_);
  obey(life_.reload(), lock);
}

void Module::reload_claim() {
  std::unique_lock lock(mutex_);
  if (!life_.started()) return;
  logged_why_.clear();
  if (claim_thread_) claim_thread_->look_again();
  obey(life_.reload(), lock);
}

// On the link's thread between two lives, or on a caller's while there is none: nobody has the durable state open.
// Without the mutex.
void Module::wipe() {
  const auto disk = claim::real_disk();
  const auto &dirs = host_.directories();
  auto report = claim::unclaim_node({cloud_dir(host_), dirs.lib, {}, "the agent's command unclaim"},
                                    claim::real_unclaim_environment(*disk));
  const auto line = report.message.substr(0, report.message.find('\n'));
  log_.notice("CLAIM: {}", line);
  const std::lock_guard lock(mutex_);
  unclaimed_ = std::move(report);
  wiped_.notify_all();
}

std::optional<claim::ClaimReport> Module::unclaim(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  unclaimed_.reset();
  obey(life_.unclaim(), lock);
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

std::optional<report::LinkState> Module::state(std::chrono::milliseconds timeout) {
  report::LinkState none;
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
  auto s = ask<report::LinkState>(
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
