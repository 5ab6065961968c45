// SPDX-License-Identifier: GPL-3.0-or-later
//
// The host side of the ABI for a running agent: what the hooks (hooks_*.cpp) share. Made by the worker before the
// module, and outlives it. Thread: any.
#pragma once

#include <netdata-aclk/plugin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin-api/external/agent/agent_client.h"
#include "plugin-api/external/alerts/alert_definitions.h"
#include "plugin-api/external/alerts/read_alerts.h"
#include "plugin-api/external/config/agent_log.h"
#include "plugin-api/external/hooks/polled_answers.h"
#include "plugin-api/external/hooks/read_meta_db.h"

namespace aclk::external {

// What does not change while the worker runs.
struct HostFacts {
  Environment env;
  std::vector<naclk_capability> capabilities;  // of the agent; their names are literals
  unsigned query_threads = 1;                  // what the agent serves at once
  std::string proxy_label;                     // none, HTTP, HTTPS, SOCKS5, SOCKS5H
};

// The charts of a node and what else only /api/v1/charts has.
struct NodeCharts {
  ChartsByName by_name;
  std::string os;
  std::string custom_info;
  std::chrono::steady_clock::time_point read_at;
};

class ExternalHost {
 public:
  ExternalHost(HostFacts facts, NetdataConfFile &conf, AgentClient &agent, AgentLog &log);
  ~ExternalHost();
  ExternalHost(const ExternalHost &) = delete;
  ExternalHost &operator=(const ExternalHost &) = delete;

  // For netdata_aclk_create; host points at this object.
  [[nodiscard]] naclk_host table();

  [[nodiscard]] const HostFacts &facts() const { return facts_; }
  [[nodiscard]] NetdataConfFile &conf() { return conf_; }
  [[nodiscard]] AgentClient &agent() { return agent_; }
  [[nodiscard]] AgentLog &log() { return log_; }
  [[nodiscard]] AlertDefinitions &definitions() { return definitions_; }
  [[nodiscard]] std::string config_dir() const { return facts_.env.user_config.string(); }

  // What the cloud listens to, told by the module; and whom to tell it, at once with what was told before (nullptr =
  // nobody any more). The function must neither call back nor block.
  void on_interest(std::function<void(std::uint32_t)> tell);
  void interest(std::uint32_t kinds);

  // From now on every call to the agent is interrupted: hooks come back within 100 ms.
  void begin_stop() {
    stopping_.store(true);
    agent_.stop();
  }
  [[nodiscard]] const Interrupted &stopping() const { return stopped_; }

  // GET for metadata, given up when stopping.
  [[nodiscard]] Result<nlohmann::json> get_json(std::string_view node, std::string_view target) {
    return agent_.get_json(node, target, stopped_);
  }

  // The same of many nodes, side by side (AgentClient::get_each).
  [[nodiscard]] Result<void> get_each(const std::vector<AgentClient::Wanted> &wanted,
                                      const std::function<bool(std::size_t, Result<nlohmann::json>)> &take) {
    return agent_.get_each(wanted, stopped_, take);
  }

  // What looks at the agent announce: each is the answer of the next read of the same.
  [[nodiscard]] PolledAnswers &polled() { return polled_; }
  // /api/v1/info of a node: the one announced, or else as the agent gives it now. Never null on success.
  [[nodiscard]] Result<std::shared_ptr<const nlohmann::json>> info(const std::string &node,
                                                                   AnnouncedAnswers<nlohmann::json> &announced);

  // The agent prints 350 KB for this, so it is kept: as long as wanted by max_age. Never null on success.
  [[nodiscard]] Result<std::shared_ptr<const NodeCharts>> charts(const std::string &node,
                                                                 std::chrono::steady_clock::duration max_age);
  // What is known already; may be an empty one, never null.
  [[nodiscard]] std::shared_ptr<const NodeCharts> known_charts(const std::string &node);

  // The agent's database, for one question. Errors as MetaDb::open; a new one is logged, for debugging.
  [[nodiscard]] Result<MetaDb> meta_db();

  // The children that the agent's database knows, as of its last start, away or not. None if it cannot be read.
  [[nodiscard]] NodeList stored_children();

  // Seconds since 1970 when this object was made.
  [[nodiscard]] std::uint64_t began_s() const { return began_s_; }
  [[nodiscard]] AlertLogCursor &log_cursor() { return log_cursor_; }

  // The list just read.
  void saw_nodes(const std::vector<naclk_node> &nodes);
  // Did health run for this node at the last listing? nullopt if it was not live then.
  [[nodiscard]] std::optional<bool> known_health(std::string_view node) const;
  // May the agent not have linked the alerts of this node yet? It does so 10 s after its start (30 s are allowed), and
  // 30 to 90 s after a child has come (120 s); tests/integration/README.md, "How long things take", "Parent and
  // children".
  [[nodiscard]] bool is_linking(const std::string &node) const;

  // Learns the alert definitions of a node, if that was more than 5 s ago; else it is owed. Failures leave what was
  // known.
  void refresh_definitions(const std::string &node);
  // Is that owed?
  [[nodiscard]] bool owes_definitions(const std::string &node) const;

 private:
  HostFacts facts_;
  NetdataConfFile &conf_;
  AgentClient &agent_;
  AgentLog &log_;
  AlertDefinitions definitions_;
  std::atomic<bool> stopping_{false};
  const Interrupted stopped_{[this] { return stopping_.load(); }};

  PolledAnswers polled_;
  const std::uint64_t began_s_;
  AlertLogCursor log_cursor_;

  std::mutex interest_mutex_;
  std::uint32_t interest_ = 0;
  std::function<void(std::uint32_t)> tell_interest_;

  mutable std::mutex mutex_;
  std::string db_trouble_;  // the last that was logged
  std::optional<unsigned> children_epoch_;
  NodeList children_;
  std::map<std::string, std::chrono::steady_clock::time_point, std::less<>> live_since_;
  std::map<std::string, bool, std::less<>> health_;  // of the live nodes, the local one included
  std::map<std::string, std::shared_ptr<const NodeCharts>> charts_;
  struct DefinitionsRead {
    std::chrono::steady_clock::time_point at;
    bool owed = false;
  };
  std::map<std::string, DefinitionsRead> definitions_read_;
};

}  // namespace aclk::external
