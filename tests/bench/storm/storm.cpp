// SPDX-License-Identifier: GPL-3.0-or-later
//
// A million agents lose one cloud at once. How many attempts per second does it see while it is down, when it comes
// back with a limited capacity, and until the last one is online? Each agent is the product's own session::Machine with
// its own jitter; the cloud is two numbers: so many attempts per second that it can answer at all, and so many logins
// among them; the others are refused (HTTP 503, no Retry-After). Attempts beyond the first number get no answer.
// Time is simulated; nothing is random but the jitter, whose seed is fixed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "aclk/session/connection_state_machine.h"

namespace {

using namespace aclk;
using namespace std::chrono_literals;
using Ms = std::chrono::milliseconds;
using session::Event;

struct Options {
  std::uint32_t agents = 1'000'000;
  unsigned down_s = 60;        // nobody gets in until then
  unsigned capacity = 10'000;  // logins per second afterwards
  unsigned front = 100'000;    // attempts per second that get an answer, if only 503
  unsigned per_second = 0;     // the cloud's Retry-After: spread so that this many come per second; 0 = it says nothing
  unsigned spread_s = 0;  // as if the cloud had announced the end with DisconnectReq and times over so many seconds
  bool jitter = true;
  bool check = false;
  bool csv = false;
};

// What one second looked like to the cloud.
struct Second {
  std::uint64_t attempts = 0;
  std::uint64_t accepted = 0;
};

class Storm {
 public:
  explicit Storm(const Options &o) : o_(o) {}

  void run() {
    agents_.reserve(o_.agents);
    for (std::uint32_t i = 0; i < o_.agents; ++i) {
      agents_.push_back(
          std::make_unique<session::ConnectionStateMachine>([this] { return o_.jitter ? unit_(random_) : 0.0; }));
      bring_online(*agents_.back());
      lose(i);
    }
    while (!due_.empty() && now_ < kLimit) {
      const auto [at, agent] = due_.top();
      due_.pop();
      now_ = at;
      attempt(agent);
    }
  }

  [[nodiscard]] const std::vector<Second> &seconds() const { return seconds_; }
  [[nodiscard]] std::uint32_t online() const { return online_; }

 private:
  static constexpr Ms kLimit = 24h;
  static constexpr Ms kAttemptTimeout = 10s;  // of an attempt to connect (aclk/session/README.md, "HTTPS requests")
  using Due = std::pair<Ms, std::uint32_t>;
  static loop::Instant at(Ms t) { return loop::Instant{} + 1h + t; }

  static void climb(session::ConnectionStateMachine &m, Ms now) {
    m.reached(Event::agreed);
    m.reached(Event::challenged);
    (void)m.logged_in();
    for (const auto e : {Event::dialed, Event::secured, Event::upgraded}) m.reached(e);
    (void)m.connected(at(now));
  }
  static void bring_online(session::ConnectionStateMachine &m) {
    (void)m.start(at(-30min));
    (void)m.waited();
    climb(m, -30min);
    for (int i = 0; i < 3; ++i) (void)m.acknowledged();
  }

  void lose(std::uint32_t i) {
    mqtt::ConnectionEnd end;
    end.kind = mqtt::ConnectionEnd::Kind::closed_by_remote;
    auto &m = *agents_[i];
    if (o_.spread_s > 0) {
      proto::DisconnectReq order;
      order.reconnect_after_seconds = 1 + static_cast<std::uint64_t>(unit_(random_) * o_.spread_s);
      (void)m.ordered_to_leave(order, at(0ms));
    }
    plan(i, m.ended(end, at(0ms)));
  }

  void plan(std::uint32_t i, const session::Step &step, Ms after = 0ms) {
    if (step.act == session::Do::wait) due_.emplace(now_ + after + step.wait, i);
  }

  void attempt(std::uint32_t i) {
    auto &m = *agents_[i];
    (void)m.waited();
    const auto s = static_cast<std::size_t>(now_ / 1s);
    if (seconds_.size() <= s) seconds_.resize(s + 1);
    auto &second = seconds_[s];
    ++second.attempts;
    if (s >= o_.down_s && second.accepted < o_.capacity) {
      ++second.accepted;
      ++online_;
      climb(m, now_);
      return;
    }
    login::LoginFailure f;
    f.status = s < o_.down_s ? login::Status::connection_refused : login::Status::env_not_200;
    if (s >= o_.down_s && o_.per_second > 0) {
      // A cloud that knows how many wait tells each its own second.
      const auto waiting = o_.agents - online_;
      f.retry_after_s = 1 + static_cast<std::uint32_t>(next_slot_++ % std::max(1U, waiting / o_.per_second));
    }
    if (s >= o_.down_s && second.attempts > o_.front) {  // nobody has time for it
      f.status = login::Status::socket_timeout;
      f.retry_after_s = 0;
      plan(i, m.login_failed(f, at(now_ + kAttemptTimeout)), kAttemptTimeout);
      return;
    }
    plan(i, m.login_failed(f, at(now_)));
  }

  const Options &o_;
  std::mt19937_64 random_{42};
  std::uniform_real_distribution<double> unit_{0.0, 1.0};
  std::vector<std::unique_ptr<session::ConnectionStateMachine>> agents_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<Second> seconds_;
  Ms now_{0};
  std::uint32_t online_ = 0;
  std::uint64_t next_slot_ = 0;
};

std::uint64_t peak(const std::vector<Second> &s, std::size_t from, std::size_t to = SIZE_MAX) {
  std::uint64_t most = 0;
  for (std::size_t i = from; i < std::min(to, s.size()); ++i) most = std::max(most, s[i].attempts);
  return most;
}

// The second by which this share of all was online.
std::size_t online_by(const std::vector<Second> &s, double share, std::uint32_t agents) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    sum += s[i].accepted;
    if (static_cast<double>(sum) >= share * agents) return i;
  }
  return s.size();
}

void print(const Options &o, const Storm &storm) {
  const auto &s = storm.seconds();
  std::uint64_t attempts = 0;
  std::uint64_t busy = 0;
  std::uint64_t over = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    attempts += s[i].attempts;
    if (i >= o.down_s && s[i].attempts > o.capacity) ++busy;
    if (i >= o.down_s && s[i].attempts > o.front) ++over;
  }
  fmt::print("agents {}, down {} s, capacity {}/s of {}/s, jitter {}{}{}\n", o.agents, o.down_s, o.capacity, o.front,
             o.jitter ? "yes" : "no", o.per_second > 0 ? fmt::format(", Retry-After for {}/s", o.per_second) : "",
             o.spread_s > 0 ? fmt::format(", DisconnectReq spread over {} s", o.spread_s) : "");
  fmt::print("  online again: {} of {}; half after {} s, 99 % after {} s, all after {} s\n", storm.online(), o.agents,
             online_by(s, 0.5, o.agents), online_by(s, 0.99, o.agents), online_by(s, 1.0, o.agents));
  fmt::print("  attempts per second: first second {}, then at most {} while down, at most {} once it is back\n",
             s.empty() ? 0 : s[0].attempts, peak(s, 1, o.down_s), peak(s, std::max<std::size_t>(o.down_s, 1)));
  fmt::print(
      "  seconds once it is back with more attempts than logins: {}, than it can answer: {}; attempts in all {} "
      "({:.1f} per agent)\n",
      busy, over, attempts, static_cast<double>(attempts) / o.agents);
  if (o.csv) {
    fmt::print("second,attempts,accepted\n");
    for (std::size_t i = 0; i < s.size(); ++i)
      if (s[i].attempts > 0) fmt::print("{},{},{}\n", i, s[i].attempts, s[i].accepted);
  }
}

}  // namespace

int main(int argc, char **argv) {
  Options o;
  CLI::App app{"What a cloud sees when all its agents lose it at once"};
  app.add_option("--agents", o.agents);
  app.add_option("--down", o.down_s, "seconds until the cloud takes anybody again");
  app.add_option("--capacity", o.capacity, "logins per second that it then takes");
  app.add_option("--front", o.front, "attempts per second that it can answer, if only with 503");
  app.add_option("--retry-after", o.per_second, "refusals say Retry-After, so that so many come per second");
  app.add_option("--spread", o.spread_s, "agents were told to leave, with times over so many seconds");
  app.add_flag("!--no-jitter", o.jitter);
  app.add_flag("--check", o.check,
               "fail unless all get back, the backoff is kept, and every attempt gets an answer once it is back");
  app.add_flag("--csv", o.csv, "attempts and logins of each second");
  CLI11_PARSE(app, argc, argv);
  Storm storm(o);
  storm.run();
  print(o, storm);
  if (!o.check) return 0;
  // After its first attempts an agent waits at least a second: nobody knocks twice in one.
  const bool kept = peak(storm.seconds(), 1) <= o.agents;
  const bool under = peak(storm.seconds(), o.down_s) <= o.front;
  return storm.online() == o.agents && kept && under ? 0 : 1;
}
