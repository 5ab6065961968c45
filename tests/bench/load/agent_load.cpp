// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/load/agent_load.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "claim/base/c_own.h"
#include "plugin-api/external/agent/http_multi.h"

namespace aclk::load {
namespace {

using Clock = std::chrono::steady_clock;
using Easy = COwn<CURL, curl_easy_cleanup>;
using Headers = COwn<curl_slist, curl_slist_free_all>;

struct Lane {
  Easy easy{curl_easy_init()};
  std::string url;
  Clock::time_point began;
};

std::size_t count_bytes(char * /*data*/, std::size_t size, std::size_t count, void *user) {
  *static_cast<std::uint64_t *>(user) += size * count;
  return size * count;
}

class AgentLoad {
 public:
  explicit AgentLoad(const AgentPlan &plan) : plan_(plan) {
    headers_.reset(curl_slist_append(nullptr, "Connection: keep-alive"));
    curl_slist_append(headers_.get(), plan.gzip ? "Accept-Encoding: gzip" : "Accept-Encoding: identity");
  }
  ~AgentLoad() {
    for (const auto &lane : lanes_) multi_.remove(lane->easy.get());
  }
  AgentLoad(const AgentLoad &) = delete;
  AgentLoad &operator=(const AgentLoad &) = delete;

  Result<Figures> run() {
    const auto began = Clock::now();
    const auto cpu = own_cpu();
    for (std::size_t i = 0; i < plan_.in_flight && i < plan_.count; ++i) {
      lanes_.push_back(std::make_unique<Lane>());
      ask(*lanes_.back());
    }
    Result<void> all_well;
    while (all_well && figures_.latencies.size() < plan_.count)
      multi_.turn(std::chrono::seconds(1), [&](CURL *easy, CURLcode code) {
        if (auto well = ended(easy, code); !well) all_well = std::move(well);
      });
    ACLK_CHECK(all_well);
    figures_.wall = Clock::now() - began;
    figures_.cpu = own_cpu() - cpu;
    return std::move(figures_);
  }

 private:
  void ask(Lane &lane) {
    auto *c = lane.easy.get();
    lane.url = plan_.url + plan_.targets[asked_++ % plan_.targets.size()];
    curl_easy_setopt(c, CURLOPT_URL, lane.url.c_str());
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 128L << 10);
    curl_easy_setopt(c, CURLOPT_PRIVATE, &lane);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &figures_.bytes);
    lane.began = Clock::now();
    (void)multi_.add(c);
  }

  Result<void> ended(CURL *easy, CURLcode code) {
    if (code != CURLE_OK) return fail(Errc::unavailable, fmt::format("{}: {}", plan_.url, curl_easy_strerror(code)));
    void *user = nullptr;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    auto &lane = *static_cast<Lane *>(user);
    figures_.latencies.push_back(Clock::now() - lane.began);
    ++figures_.statuses[static_cast<int>(status)];
    multi_.remove(lane.easy.get());
    if (asked_ < plan_.count) ask(lane);
    return {};
  }

  const AgentPlan &plan_;
  external::HttpMulti multi_{static_cast<long>(plan_.in_flight)};
  Headers headers_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t asked_ = 0;
  Figures figures_;
};

}  // namespace

Result<Figures> ask_the_agent(const AgentPlan &plan) { return AgentLoad(plan).run(); }

}  // namespace aclk::load
