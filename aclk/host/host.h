// SPDX-License-Identifier: GPL-3.0-or-later
//
// The host behind the C ABI, as C++ values: everything shown by a hook is copied, every return code becomes an Error.
// Source: <netdata-aclk/plugin.h>, whose thread rules hold here too ("worker" = never on the loop thread).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <netdata-aclk/plugin.h>

#include "aclk/host/failing_reads.h"
#include "aclk/host/requests.h"
#include "claim/base/http_message.h"
#include "claim/base/result.h"
#include "proto/alarms.h"
#include "proto/contexts.h"
#include "proto/node.h"

namespace aclk::host {

using Capabilities = std::vector<proto::Capability>;
using Labels = std::vector<std::pair<std::string, std::string>>;

struct Identity {
  std::string machine_guid;
  std::string hostname;
  std::string registry_hostname;
  std::string agent_version;
  Capabilities capabilities;
  std::uint32_t query_threads = 0;
};

struct Directories {
  std::string user_config;
  std::string lib;
  std::string log;
  std::string run;
};

// A node as the host knows it. No message has these fields: what is sent of them is spread over three
// (proto/node.h), and depends on what it has given the node.
struct Node {
  std::string machine_guid;
  std::string hostname;
  std::int32_t hops = 0;
  bool local = false;
  bool live = false;
  bool replicating = false;
  bool health_enabled = false;
  bool ml_capable = false;
  bool ml_enabled = false;
  Capabilities capabilities;

  bool operator==(const Node &) const = default;
};

struct AlertLog {
  std::vector<proto::Alert> entries;  // oldest first
  std::uint64_t last_log_id = 0;
  bool gap = false;  // what lies before the first entry is lost, or ids began anew
};

class Host {
 public:
  // Checks version and compulsory hooks and copies the table; reads identity and directories.
  [[nodiscard]] static Result<Host> adopt(const naclk_host *table);

  [[nodiscard]] const Identity &identity() const { return identity_; }
  [[nodiscard]] const Directories &directories() const { return directories_; }

  // Any thread.
  void log(naclk_log_source source, naclk_log_level level, std::string_view line) const;
  // A setting, nullopt when it is not set. An error with the host's reason: the settings cannot be read.
  [[nodiscard]] Result<std::optional<std::string>> setting(std::string_view section, std::string_view key) const;
  // The same for a setting that limits nothing: one that cannot be read is not set.
  [[nodiscard]] std::optional<std::string> config(std::string_view section, std::string_view key) const;

  // Worker.
  [[nodiscard]] Result<std::vector<Node>> nodes() const;
  // What the host does not know is empty.
  [[nodiscard]] Result<proto::NodeInfo> node_info(std::string_view machine_guid) const;
  [[nodiscard]] Result<std::vector<proto::CollectorInfo>> collectors(std::string_view machine_guid) const;
  // As an update would tell them, without a version.
  [[nodiscard]] Result<std::vector<proto::ContextUpdated>> contexts(std::string_view machine_guid) const;
  // Entries after `after`, at most `limit`; 0, 0 = all there is.
  [[nodiscard]] Result<AlertLog> alert_log(std::string_view machine_guid, std::uint64_t after,
                                           std::uint32_t limit) const;
  [[nodiscard]] Result<std::vector<proto::Alert>> active_alerts(std::string_view machine_guid) const;
  // not_found: no alert has this definition.
  [[nodiscard]] Result<proto::AlarmConfiguration> alert_config(std::string_view config_hash) const;
  // Asks what requests().open() has given the id for; `request` and the functions of `question` are filled in here. The
  // answer comes there, from any thread, maybe before this returns, maybe never. Its errors: not_found (no such node),
  // cancelled, timeout, too_big, unavailable, unsupported, io. Worker; the link's thread if query_never_blocks().
  void query(RequestId id, naclk_query question) const;
  // The link's thread. Its answer is not wanted any more.
  void cancel_query(RequestId id) const;
  [[nodiscard]] bool query_never_blocks() const { return (table_.options & NACLK_OPTION_QUERY_NEVER_BLOCKS) != 0; }
  [[nodiscard]] bool checks_rights() const { return (table_.options & NACLK_OPTION_CHECKS_RIGHTS) != 0; }
  // Any thread.
  [[nodiscard]] Requests &requests() const { return *requests_; }
  // Any thread. Which of the reads above (queries apart) fail each time; each is logged as failing_reads.h says.
  [[nodiscard]] std::vector<Unreadable> unreadable() const;
  // Lines of level debug go somewhere.
  [[nodiscard]] bool wants_debug() const { return (table_.options & NACLK_OPTION_NO_DEBUG) == 0; }
  // The module is to make the claims that are written down.
  [[nodiscard]] bool wants_claims() const { return (table_.options & NACLK_OPTION_CLAIM) != 0; }
  // The link's thread: what the cloud listens to (enum naclk_interest).
  void interest(std::uint32_t kinds) const;
  void store_node_id(std::string_view machine_guid, std::string_view claim_id, std::string_view node_id) const;

 private:
  Host() = default;
  // The same result, noted.
  template <class T>
  [[nodiscard]] Result<T> noted(const std::string &what, Result<T> result) const {
    note(what, result ? nullptr : &result.error());
    return result;
  }
  void note(const std::string &what, const Error *error) const;

  naclk_host table_{};
  Identity identity_;
  Directories directories_;
  std::shared_ptr<FailingReads> reads_ = std::make_shared<FailingReads>();
  std::shared_ptr<Requests> requests_;  // the host has pointers to it
};

}  // namespace aclk::host
