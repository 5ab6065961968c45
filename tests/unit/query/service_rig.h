// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole query path on a real loop and real workers, with a host behind the real ABI and no network.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "aclk/loop/loop.h"
#include "aclk/loop/worker_pool.h"
#include "aclk/query/service.h"
#include "tests/unit/query/fake_host.h"
#include "tests/unit/query/fake_nodes.h"

namespace aclk::query::test {

struct Published {
  std::string topic;
  nlohmann::json header;
  std::string http;

  [[nodiscard]] int code() const { return header.value("http-code", 0); }
  [[nodiscard]] std::string id() const { return header.value("msg-id", ""); }
  [[nodiscard]] std::string body() const {
    const auto at = http.find("\r\n\r\n");
    return at == std::string::npos ? "" : http.substr(at + 4);
  }
};

inline std::string message(const std::string &id, const std::string &target, const std::string &more = "",
                           const std::string &headers = "") {
  return R"({"type":"http","version":2,"callback-topic":"/reply","msg-id":")" + id + "\"" + more + "}\r\n\r\nGET " +
         target + " HTTP/1.1\r\n" + headers + "\r\n";
}

class Rig {
 public:
  explicit Rig(unsigned threads = 2, std::size_t waiting = 100, FakeHost::Hook hook = FakeHost::Hook::blocks)
      : host(hook) {
    ServiceOptions o;
    o.limits.running = threads;
    o.limits.waiting = waiting;
    o.limits.grace = std::chrono::milliseconds(20);
    o.agent_version = "v1.37.1";
    ServiceEvents e;
    e.publish = [this](std::string topic, Bytes bytes) {
      const std::string payload(bytes.view());
      if (on_publish && !on_publish()) return false;
      Published p;
      p.topic = std::move(topic);
      const auto end = payload.find("\r\n\r\n");
      p.header = nlohmann::json::parse(payload.substr(0, end));
      if (end != std::string::npos) p.http = payload.substr(end + 4);
      sent.push_back(std::move(p));
      return true;
    };
    e.log = [this](naclk_log_source source, naclk_log_level, std::string_view line) {
      (source == NACLK_LOG_ACCESS ? access : daemon) += std::string(line) + "\n";
    };
    pool = std::make_unique<loop::WorkerPool>("QUERY", threads, *inbox);
    service =
        std::make_unique<Service>(loop.uv(), host.host(), *pool, inbox->poster(), nodes, std::move(o), std::move(e));
    service->connection_up(1'700'000'000'000'001, 0);
  }
  ~Rig() {
    service.reset();
    host.release();
    pool.reset();
    inbox.reset();
    loop.drain();
  }
  Rig(const Rig &) = delete;
  Rig &operator=(const Rig &) = delete;

  void ask(const std::string &payload) { service->on_cmd(payload, 1'700'000'001'000'000, loop::now()); }

  // Turns the loop until `done`; false after five seconds.
  bool until(const std::function<bool()> &done) {
    bool late = false;
    loop::Timer guard(loop.uv());
    guard.start(std::chrono::seconds(5), [&late] { late = true; });
    while (!late && !done()) uv_run(&loop.uv(), UV_RUN_ONCE);
    return !late;
  }
  bool until_sent(std::size_t n) {
    return until([this, n] { return sent.size() >= n; });
  }
  bool until_idle() {
    return until([this] { return service->running() == 0; });
  }
  int active_timers() {
    int n = 0;
    uv_walk(
        &loop.uv(),
        [](uv_handle_t *h, void *count) {
          if (h->type == UV_TIMER && uv_is_active(h) != 0) ++*static_cast<int *>(count);
        },
        &n);
    return n;
  }
  bool logged(const std::string &part) const { return (access + daemon).find(part) != std::string::npos; }

  FakeHost host;
  FakeNodes nodes;
  loop::Loop loop;
  std::unique_ptr<loop::Inbox> inbox = std::make_unique<loop::Inbox>(loop.uv());
  std::unique_ptr<loop::WorkerPool> pool;
  std::vector<Published> sent;
  std::string access;
  std::string daemon;
  std::function<bool()> on_publish;
  std::unique_ptr<Service> service;
};

}  // namespace aclk::query::test
