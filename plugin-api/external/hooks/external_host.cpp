// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/hooks/external_host.h"

#include "plugin-api/external/hooks/hooks.h"
#include "plugin-api/external/hooks/read_meta_db.h"
#include "plugin-api/external/json/lenient_json.h"

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDefinitionsAge{5};
constexpr std::chrono::seconds kLinkTime{30};
constexpr std::chrono::seconds kChildLinkTime{120};

std::uint64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

ExternalHost::ExternalHost(HostFacts facts, NetdataConfFile &conf, AgentClient &agent, AgentLog &log)
    : facts_(std::move(facts)),
      conf_(conf),
      agent_(agent),
      log_(log),
      definitions_(health_directories(conf.snapshot(), facts_.env)),
      began_s_(seconds_now()) {
  agent_.on_lost([&log](const std::string &sentence) { log.error(sentence); });
}

ExternalHost::~ExternalHost() { agent_.on_lost(nullptr); }

naclk_host ExternalHost::table() {
  naclk_host t{};
  t.size = sizeof t;
  t.abi = NACLK_ABI;
  t.host = this;
  t.log = hooks::log;
  t.config = hooks::config;
  t.identity = hooks::identity;
  t.directories = hooks::directories;
  t.nodes = hooks::nodes;
  t.node_info = hooks::node_info;
  t.collectors = hooks::collectors;
  t.contexts = hooks::contexts;
  t.alert_log = hooks::alert_log;
  t.active_alerts = hooks::active_alerts;
  t.alert_config = hooks::alert_config;
  t.query = hooks::query;
  t.query_cancelled = hooks::query_cancelled;
  t.interest = hooks::interest;
  t.options |= NACLK_OPTION_QUERY_NEVER_BLOCKS;
  if (!log_.wants_debug()) t.options |= NACLK_OPTION_NO_DEBUG;
  return t;  // store_node_id and load_node_id stay NULL: the module keeps node ids
}

void ExternalHost::on_interest(std::function<void(std::uint32_t)> tell) {
  const std::lock_guard lock(interest_mutex_);
  tell_interest_ = std::move(tell);
  if (tell_interest_) tell_interest_(interest_);
}

void ExternalHost::interest(std::uint32_t kinds) {
  const std::lock_guard lock(interest_mutex_);
  interest_ = kinds;
  if (tell_interest_) tell_interest_(kinds);
}

Result<std::shared_ptr<const nlohmann::json>> ExternalHost::info(const std::string &node,
                                                                 AnnouncedAnswers<nlohmann::json> &announced) {
  if (auto known = announced.take(node, Clock::now())) return known;
  ACLK_TRY(auto document, get_json(node, "/api/v1/info"));
  return std::make_shared<const nlohmann::json>(std::move(document));
}

std::shared_ptr<const NodeCharts> ExternalHost::known_charts(const std::string &node) {
  const std::lock_guard lock(mutex_);
  const auto it = charts_.find(node);
  return it == charts_.end() ? std::make_shared<const NodeCharts>() : it->second;
}

Result<std::shared_ptr<const NodeCharts>> ExternalHost::charts(const std::string &node, Clock::duration max_age) {
  if (auto known = known_charts(node); known->read_at != Clock::time_point{} && Clock::now() - known->read_at < max_age)
    return known;
  ACLK_TRY(const auto document, get_json(node, "/api/v1/charts"));
  auto fresh = std::make_shared<NodeCharts>();
  fresh->by_name = read_charts(document);
  fresh->os = text_of(document, "os");
  fresh->custom_info = text_of(document, "custom_info");
  fresh->read_at = Clock::now();
  const std::lock_guard lock(mutex_);
  charts_[node] = fresh;
  return std::shared_ptr<const NodeCharts>(std::move(fresh));
}

Result<MetaDb> ExternalHost::meta_db() {
  auto db = MetaDb::open(facts_.env.cache, stopped_);
  if (!db && db.error().code == Errc::cancelled) return db;
  const auto trouble = db ? std::string() : db.error().what;
  {
    const std::lock_guard lock(mutex_);
    if (db_trouble_ == trouble) return db;
    db_trouble_ = trouble;
  }
  if (!db) log_.line(NACLK_LOG_DAEMON, NACLK_LOG_DEBUG, trouble + "; going on with the agent's web API alone");
  return db;
}

NodeList ExternalHost::stored_children() {
  const auto epoch = agent_.epoch();
  {
    const std::lock_guard lock(mutex_);
    if (children_epoch_ == epoch) return children_;
  }
  NodeList nodes;
  if (auto db = meta_db()) {
    auto read = read_children(*db);
    if (read) nodes = std::move(*read);
  }
  const std::lock_guard lock(mutex_);
  children_epoch_ = epoch;
  children_ = std::move(nodes);
  return children_;
}

void ExternalHost::saw_nodes(const std::vector<naclk_node> &nodes) {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  std::map<std::string, Clock::time_point, std::less<>> live;
  health_.clear();
  for (const auto &n : nodes) {
    if (n.live == 0) continue;
    const auto guid = text(n.machine_guid);
    health_.emplace(guid, n.health_enabled != 0);
    if (n.local != 0) continue;
    const auto it = live_since_.find(guid);
    live.emplace(guid, it == live_since_.end() ? now : it->second);
  }
  live_since_ = std::move(live);
}

std::optional<bool> ExternalHost::known_health(std::string_view node) const {
  const std::lock_guard lock(mutex_);
  const auto it = health_.find(node);
  return it == health_.end() ? std::nullopt : std::optional(it->second);
}

bool ExternalHost::is_linking(const std::string &node) const {
  const auto now = Clock::now();
  if (now - agent_.since() < kLinkTime) return true;
  const std::lock_guard lock(mutex_);
  const auto it = live_since_.find(node);
  return it != live_since_.end() && now - it->second < kChildLinkTime;
}

bool ExternalHost::owes_definitions(const std::string &node) const {
  const std::lock_guard lock(mutex_);
  const auto it = definitions_read_.find(node);
  return it != definitions_read_.end() && it->second.owed;
}

void ExternalHost::refresh_definitions(const std::string &node) {
  {
    const std::lock_guard lock(mutex_);
    auto &last = definitions_read_[node];
    last.owed = last.at != Clock::time_point{} && Clock::now() - last.at < kDefinitionsAge;
    if (last.owed) return;
    last.at = Clock::now();
  }
  const auto alarms = get_json(node, "/api/v1/alarms?all");
  if (alarms) learn_alarms(*alarms, node, known_charts(node)->by_name, definitions_);
}

}  // namespace aclk::external
