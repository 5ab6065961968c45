// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/load/cloud_load.h"

#include <fmt/format.h>
#include <mosquitto.h>
#include <unistd.h>

#include <charconv>
#include <string_view>
#include <unordered_map>

#include "claim/base/c_own.h"
#if LIBMOSQUITTO_VERSION_NUMBER < 2001000  // since then it is a part of mosquitto.h
#include <mqtt_protocol.h>
#endif

namespace aclk::load {
namespace {

using Clock = std::chrono::steady_clock;
using Mosquitto = COwn<mosquitto, mosquitto_destroy>;
constexpr std::chrono::seconds kPatience{30};
constexpr int kTurnMs = 1000;

// The number behind a key of the header that a reply begins with; -1 without one.
long number_after(std::string_view payload, std::string_view key) {
  constexpr std::size_t kHeaderBytes = 1024;
  const auto header = payload.substr(0, kHeaderBytes);
  const auto at = header.find(key);
  if (at == std::string_view::npos) return -1;
  long n = -1;
  const auto rest = header.substr(at + key.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), n);
  return n;
}

class CloudLoad {
 public:
  explicit CloudLoad(const CloudPlan &plan) : plan_(plan) {}

  Result<Figures> run() {
    ACLK_CHECK(connect());
    while (!subscribed_) ACLK_CHECK(turn());
    const auto began = Clock::now();
    const auto cpu = own_cpu();
    for (std::size_t i = 0; i < plan_.in_flight; ++i) ask();
    while (answered_ < plan_.count) ACLK_CHECK(turn());
    figures_.wall = Clock::now() - began;
    figures_.cpu = own_cpu() - cpu;
    mosquitto_disconnect(m_.get());
    return std::move(figures_);
  }

 private:
  static CloudLoad &of(void *user) { return *static_cast<CloudLoad *>(user); }

  Result<void> connect() {
    m_.reset(mosquitto_new(fmt::format("load-{}", ::getpid()).c_str(), true, this));
    if (!m_) return fail(Errc::mqtt, "libmosquitto has no memory");
    auto *m = m_.get();
    mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(m, MOSQ_OPT_SEND_MAXIMUM, 65'535);
    mosquitto_username_pw_set(m, plan_.user.c_str(), plan_.password.c_str());
    mosquitto_connect_callback_set(m, [](mosquitto *mosq, void *user, int) {
      mosquitto_subscribe(mosq, nullptr, of(user).plan_.replies.c_str(), 0);
    });
    mosquitto_subscribe_callback_set(
        m, [](mosquitto *, void *user, int, int, const int *) { of(user).subscribed_ = true; });
    mosquitto_message_callback_set(m, [](mosquitto *, void *user, const mosquitto_message *message) {
      of(user).on_reply({static_cast<const char *>(message->payload), static_cast<std::size_t>(message->payloadlen)});
    });
    return check(mosquitto_connect(m, plan_.host.c_str(), plan_.port, 60));
  }

  static Result<void> check(int rc) {
    if (rc == MOSQ_ERR_SUCCESS) return {};
    return fail(Errc::mqtt, fmt::format("the broker: {}", mosquitto_strerror(rc)));
  }

  Result<void> turn() {
    ACLK_CHECK(check(mosquitto_loop(m_.get(), kTurnMs, 1)));
    if (Clock::now() - heard_ > kPatience)
      return fail(Errc::timeout, fmt::format("{} of {} questions were answered", answered_, plan_.count));
    return {};
  }

  void ask() {
    if (asked_ == plan_.count) return;
    const auto number = asked_++;
    const auto &target = plan_.targets[number % plan_.targets.size()];
    const auto payload = fmt::format(
        "{{\"version\":2,\"type\":\"http\",\"msg-id\":\"{}\",\"callback-topic\":\"{}\"}}\r\n\r\n"
        "GET {} HTTP/1.1\r\n{}\r\n",
        number, plan_.replies, target, plan_.gzip ? "Accept-Encoding: gzip\r\n" : "");
    sent_.emplace(number, Clock::now());
    mosquitto_publish(m_.get(), nullptr, plan_.inbox.c_str(), static_cast<int>(payload.size()), payload.data(), 1,
                      false);
  }

  void on_reply(std::string_view payload) {
    const auto it = sent_.find(static_cast<std::size_t>(number_after(payload, "\"msg-id\":\"")));
    if (it == sent_.end()) return;
    heard_ = Clock::now();
    figures_.latencies.push_back(heard_ - it->second);
    ++figures_.statuses[static_cast<int>(number_after(payload, "\"http-code\":"))];
    figures_.bytes += payload.size();
    sent_.erase(it);
    ++answered_;
    ask();
  }

  const CloudPlan &plan_;
  Mosquitto m_;
  bool subscribed_ = false;
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
  Clock::time_point heard_ = Clock::now();
  std::unordered_map<std::size_t, Clock::time_point> sent_;
  Figures figures_;
};

}  // namespace

Result<Figures> ask_through_the_cloud(const CloudPlan &plan) {
  mosquitto_lib_init();
  return CloudLoad(plan).run();
}

}  // namespace aclk::load
