// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/link.h"

#include <algorithm>
#include <utility>

#include "aclk/loop/loop.h"
#include "aclk/loop/worker_pool.h"
#include "aclk/query/service.h"
#include "aclk/report/traffic.h"
#include "aclk/session/connection_manager.h"
#include "aclk/sync/alerts/alerts.h"
#include "aclk/sync/contexts/contexts.h"
#include "aclk/sync/nodes/nodes.h"
#include "aclk/sync/store/write_behind_store.h"
#include "claim/base/files.h"
#include "claim/base/log_budget.h"
#include "claim/base/text.h"
#include "claim/base/url.h"
#include "claim/key.h"
#include "proto/commands.h"

namespace aclk::module {

using mqtt::Priority;
using proto::MessageType;

namespace {

// Topic, properties and header of a PUBLISH, generously.
constexpr std::size_t kPacketOverhead = 512;

// Reads of the host at once, of different nodes or subjects; not more than it serves queries.
constexpr unsigned kReaders = 8;

// The nodes of the host, as queries look them up.
class NodeBook final : public query::NodeIndex {
 public:
  explicit NodeBook(const sync::Nodes &nodes) : nodes_(nodes) {}
  std::optional<query::NodeRef> by_node_id(std::string_view uuid) const override {
    return ref(nodes_.known().by_node_id(uuid));
  }
  std::optional<query::NodeRef> by_machine_guid(std::string_view uuid) const override {
    return ref(nodes_.known().by_machine_guid(uuid));
  }
  std::optional<query::NodeRef> by_hostname(std::string_view hostname) const override {
    return ref(nodes_.known().by_hostname(hostname));
  }

 private:
  static std::optional<query::NodeRef> ref(const host::Node *n) {
    if (n == nullptr) return std::nullopt;
    return query::NodeRef{n->machine_guid, n->local};
  }
  const sync::Nodes &nodes_;
};

query::ServiceOptions query_options(const host::Host &host, const Settings &s) {
  query::ServiceOptions o;
  o.limits.running = s.query_threads;
  o.agent_version = host.identity().agent_version;
  o.scope = s.scope;
  o.functions = host.checks_rights() ? query::Functions::served : query::Functions::refused;
  return o;
}

}  // namespace

// Members are in the order of their needs: each is destroyed before what it uses.
struct Link::Impl final : proto::Commands {
  Impl(const host::Host &h, const host::Log &l, Settings s, session::Plan plan, HookThreads &h_threads)
      : host(h),
        log(l),
        settings(std::move(s)),
        hooks(h_threads),
        store(std::make_unique<sync::WriteBehindStore>(loop.uv(), log, cloud_dir(host) / "aclk.db",
                                                       settings.identity.claim_id)),
        inbox(std::make_unique<loop::Inbox>(loop.uv())),
        session(std::make_unique<session::ConnectionManager>(loop.uv(), std::move(plan), log, session_events())),
        host_workers(
            std::make_unique<loop::WorkerPool>("HOST", std::min(kReaders, settings.query_threads), *inbox, hooks.turn)),
        reader(std::make_unique<host::Reader>(loop.uv(), host, *host_workers, inbox->poster())),
        query_workers(std::make_unique<loop::WorkerPool>("QUERY", settings.query_threads, *inbox)),
        nodes(std::make_unique<sync::Nodes>(
            loop.uv(), host, log, *reader, *host_workers, *store,
            [this](MessageType t, std::string p, sync::Nodes::LostFn lost) {
              publish_node(t, std::move(p), std::move(lost));
            },
            [this](const std::vector<host::Node> &listed) {
              if (publishes()) alerts->listed(listed);
            })),
        contexts(std::make_unique<sync::Contexts>(loop.uv(), log, *reader, *store, nodes->known(), bulk_publisher())),
        alerts(std::make_unique<sync::Alerts>(loop.uv(), host, log, *reader, *store, nodes->known(), bulk_publisher())),
        book(*nodes),
        queries(std::make_unique<query::Service>(loop.uv(), host, *query_workers, inbox->poster(), book,
                                                 query_options(host, settings), query_events())) {
    if (settings.conversation_log.empty()) return;
    conversation.emplace(settings.conversation_log);
    log.info("every message is written to the conversation log {}", settings.conversation_log.native());
  }

  Impl(const Impl &) = delete;
  Impl &operator=(const Impl &) = delete;
  // Nothing is begun any more; what runs is interrupted if it can be.
  bool stop_workers(std::chrono::milliseconds at_most) {
    const auto until = loop::now() + at_most;
    (void)host_workers->stop(std::chrono::milliseconds(0));
    (void)query_workers->stop(std::chrono::milliseconds(0));
    queries.reset();
    reader->stop();
    const auto left = [&] { return std::chrono::ceil<std::chrono::milliseconds>(until - loop::now()); };
    const bool host_idle = host_workers->stop(left());
    if (!host_idle) host_workers->leave_threads_to(hooks.host);
    const bool queries_idle = query_workers->stop(left());
    if (!queries_idle) query_workers->leave_threads_to(hooks.queries);
    return host_idle && queries_idle;
  }
  ~Impl() override {
    // Workers first: nothing they still do may come back to what goes away after them.
    if (queries) {
      (void)host_workers->stop(std::chrono::milliseconds(0));
      (void)query_workers->stop(std::chrono::milliseconds(0));
      queries.reset();  // interrupts what runs
    }
    reader.reset();
    query_workers.reset();
    host_workers.reset();
    // Before anything that results are for: ending the session turns the loop, and what still waits here would run.
    inbox.reset();
    alerts.reset();
    contexts.reset();
    nodes.reset();
    session.reset();
    store.reset();
    loop.drain();
  }

  const host::Host &host;
  const host::Log &log;
  const Settings settings;
  HookThreads &hooks;
  loop::Loop loop;
  std::unique_ptr<sync::WriteBehindStore> store;
  std::unique_ptr<loop::Inbox> inbox;
  std::unique_ptr<session::ConnectionManager> session;
  std::unique_ptr<loop::WorkerPool> host_workers;
  std::unique_ptr<host::Reader> reader;
  std::unique_ptr<loop::WorkerPool> query_workers;
  std::unique_ptr<sync::Nodes> nodes;
  std::unique_ptr<sync::Contexts> contexts;
  std::unique_ptr<sync::Alerts> alerts;
  NodeBook book;
  std::unique_ptr<query::Service> queries;
  LogBudget strange_log{20, std::chrono::seconds(10)};
  const std::int64_t began_s = loop::wall_us() / 1'000'000;
  report::Traffic traffic;
  std::optional<report::ConversationLog> conversation;
  bool conversation_lost = false;
  bool stopping = false;
  bool online = false;
  std::uint32_t interest = 0;  // as the host was told

  session::ConnectionManager::SessionEvents session_events() {
    session::ConnectionManager::SessionEvents e;
    e.session_id = [this](std::int64_t now_us) { return store->new_session_id(now_us); };
    e.online = [this](const session::Online &o) {
      queries->connection_up(o.session_us, o.limits.max_packet);
      online = true;
      if (!publishes()) return tell_interest();
      nodes->online(o.session_us);
      const auto max_payload = std::max<std::size_t>(o.limits.max_packet, 2 * kPacketOverhead) - kPacketOverhead;
      contexts->online(max_payload);
      alerts->online(max_payload);
      tell_interest();
    };
    e.offline = [this] {
      queries->connection_down();
      nodes->offline();
      contexts->offline();
      alerts->offline();
      online = false;
      tell_interest();
    };
    e.message = [this](std::string_view type, std::string_view payload) {
      traffic.received(type, payload, loop::wall_us());
      converse(proto::Direction::from_cloud, type, payload);
      on_message(type, payload);
    };
    e.sending = [this](MessageType type, std::string_view payload) {
      const auto name = proto::row_of(type).name;
      traffic.sending(name, payload, loop::wall_us());
      converse(proto::Direction::to_cloud, name, payload);
    };
    e.delivered = [this](MessageType type, mqtt::Delivery how) { traffic.ended(proto::row_of(type).name, how); };
    return e;
  }

  query::ServiceEvents query_events() {
    query::ServiceEvents e;
    e.publish = [this](const std::string &topic, Bytes payload) { return session->reply(topic, std::move(payload)); };
    e.log = [this](naclk_log_source source, naclk_log_level level, std::string_view line) {
      if (source == NACLK_LOG_ACCESS)
        log.access(level, line);
      else if (level >= NACLK_LOG_ERROR)
        log.error("{}", line);
      else if (level == NACLK_LOG_DEBUG)
        log.debug("{}", line);
      else
        log.info("{}", line);
    };
    return e;
  }

  // [cloud] scope = license manager: the cloud learns that the agent is there, and what it asks about nodes
  // (aclk/query/README.md, "What may be asked").
  //
  [[nodiscard]] bool publishes() const { return settings.scope == query::Scope::full; }

  void publish_node(MessageType type, std::string payload, sync::Nodes::LostFn lost) {
    const bool bulk = type == MessageType::update_node_info || type == MessageType::update_node_collectors;
    session->publish(type, std::move(payload), bulk ? Priority::bulk : Priority::control,
                     [lost = std::move(lost)](mqtt::Delivery how, int) {
                       if (lost && how == mqtt::Delivery::lost) lost();
                     });
  }

  void tell_interest() {
    std::uint32_t now = online ? NACLK_INTEREST_NODES : 0;
    if (online && contexts->wanted()) now |= NACLK_INTEREST_CONTEXTS;
    if (online && alerts->wanted()) now |= NACLK_INTEREST_ALERTS;
    if (now != std::exchange(interest, now)) host.interest(now);
  }

  sync::Contexts::PublishFn bulk_publisher() {
    return [this](MessageType type, std::string payload, sync::Contexts::Done done) {
      session->publish(type, std::move(payload), Priority::bulk, [done = std::move(done)](mqtt::Delivery how, int) {
        if (done) done(how);
      });
    };
  }

  // A line that cannot be written is lost, and that is said once.
  void converse(proto::Direction direction, std::string_view type, std::string_view payload) {
    if (!conversation) return;
    const bool lost = !conversation->write(report::conversation_line(direction, type, payload, loop::wall_us()));
    if (lost && !conversation_lost)
      log.error("the conversation log {} cannot be written; is there room, and may the agent's user write there?",
                conversation->file().native());
    conversation_lost = lost;
  }

  void on_message(std::string_view type, std::string_view payload) {
    log.debug("Got message named '{}' from cloud", type);
    const auto what = dispatch(type, payload, *this);
    if (what == proto::Dispatched::handled) return tell_interest();
    if (!strange_log.allow(loop::now())) return;
    const auto name = type.substr(0, 128);
    if (what == proto::Dispatched::undecodable)
      log.error("Error processing message of type '{}'", name);
    else if (what == proto::Dispatched::obsolete)
      log.error("Received obsolete \"{}\" msg", name);
    else
      log.error("Do not know how to handle message of type '{}'. Ignoring", name);
  }

  // Header and request line; what follows may be somebody's data.
  static std::string_view head_of(std::string_view payload) {
    const auto request = payload.find("\r\n\r\n");
    const auto end = request == std::string_view::npos ? payload.size() : payload.find("\r\n", request + 4);
    return payload.substr(0, std::min<std::size_t>(end, 2048));
  }
  void on_cmd(std::string_view payload) override {
    log.debug([&] { return fmt::format("ACLK incoming 'cmd' message ({})", excerpt(head_of(payload), 2048)); });
    queries->on_cmd(payload, loop::wall_us(), loop::now());
  }
  void on(const proto::SendNodeInstances & /*m*/) override {
    if (publishes()) nodes->send_node_instances();
  }
  void on(const proto::CreateNodeInstanceResult &m) override { nodes->node_created(m.machine_guid, m.node_id); }
  void on(const proto::ContextsCheckpoint &m) override {
    if (publishes()) contexts->checkpoint(m);
  }
  void on(const proto::StopStreamingContexts &m) override { contexts->stop_streaming(m); }
  void on(const proto::StartAlarmStreaming &m) override {
    if (publishes()) alerts->start_streaming(m);
  }
  void on(const proto::SendAlarmCheckpoint &m) override {
    if (publishes()) alerts->checkpoint(m);
  }
  void on(const proto::SendAlarmSnapshot &m) override {
    if (publishes()) alerts->snapshot(m);
  }
  void on(const proto::SendAlarmConfiguration &m) override {
    if (publishes()) alerts->configuration(m);
  }
  void on(const proto::DisconnectReq &m) override {
    queries->shutdown();
    session->obey(m);
  }
  void on(const proto::CancelPendingRequest &m) override { queries->on_cancel(m.request_id, m.trace_id, loop::now()); }

  void stop(session::Stop kind) {
    if (std::exchange(stopping, true)) return;
    queries->shutdown();
    session->stop(kind, [this] { loop.stop(); });
  }
};

Link::Link(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Link::~Link() = default;

Result<std::unique_ptr<Link>> Link::make(const host::Host &host, const host::Log &log, Settings settings,
                                         Inherited inherited) {
  // load_identity() has looked at the key; it may have changed since.
  ACLK_TRY(const auto pem, read_file(settings.identity.private_key, 64U << 10));
  ACLK_TRY(auto key, claim::PrivateKey::from_pem(pem));
  auto url = parse_url(settings.cloud_url);
  if (!url)
    return fail(Errc::invalid_argument,
                fmt::format("Agent is claimed but the URL in configuration key \"url\" is invalid, please fix: {}",
                            url.error().what));
  session::Plan plan;
  plan.cloud_url = std::move(*url);
  plan.claim_id = settings.identity.claim_id;
  plan.agent_version = host.identity().agent_version;
  plan.key = std::make_shared<const claim::PrivateKey>(std::move(key));
  plan.reach = settings.reach;
  plan.scratch = cloud_dir(host);
  plan.capabilities = host.identity().capabilities;
  plan.scale = inherited.scale;
  plan.drops = std::move(inherited.drops);
  return std::unique_ptr<Link>(
      new Link(std::make_unique<Impl>(host, log, std::move(settings), std::move(plan), *inherited.hooks)));
}

loop::Inbox::Post Link::poster() const { return impl_->inbox->poster(); }

void Link::run() {
  const auto &i = *impl_;
  i.log.info("{}", i.settings.proxy_line);
  i.log.info("Starting ACLK synchronization thread with {} parallel query threads", i.settings.query_threads);
  i.log.info("ACLK: Starting ACLK query event loop");
  if (!i.publishes()) i.log.info("{}", i.settings.scope_line);
  impl_->nodes->start();
  impl_->session->start();
  impl_->loop.run();
}

bool Link::leave_hooks(std::chrono::milliseconds at_most) { return impl_->stop_workers(at_most); }

void Link::stop(session::Stop kind) { impl_->stop(kind); }

void Link::host_event(std::uint32_t kind, const std::string &machine_guid) {
  if (kind == NACLK_EVENT_RESUMED) impl_->session->resumed();
  impl_->nodes->host_event(kind, machine_guid);
  impl_->contexts->host_event(kind, machine_guid);
  impl_->alerts->host_event(kind, machine_guid);
}

report::LinkState Link::state() const {
  const auto &i = *impl_;
  report::LinkState s;
  s.claimed = true;
  s.claim_id = i.settings.identity.claim_id;
  s.cloud_url = masked_url(i.settings.cloud_url);
  s.proxy = i.settings.proxy_shown;
  if (!i.publishes()) s.limited = i.settings.scope_line;
  s.session = i.session->report();
  s.why = s.session.why;
  s.durable = i.store->trouble();
  s.unreadable = i.host.unreadable();
  if (i.hooks.host.any())
    s.unreadable.push_back({"nodes, contexts and alerts", i.began_s, 1,
                            "a request to the agent that began before the link began anew has not ended yet"});
  s.queries_waiting = i.queries->waiting();
  s.queries_running = i.queries->running();
  for (const auto &[type, t] : i.traffic.sent()) s.traffic.push_back({type, true, t.count, t.bytes});
  for (const auto &[type, t] : i.traffic.received()) s.traffic.push_back({type, false, t.count, t.bytes});
  for (auto &n : i.nodes->known().view()) {
    const auto alerts = i.alerts->view(n.node.machine_guid);
    s.nodes.push_back({std::move(n), alerts.value_or(sync::AlertSync::View{})});
  }
  return s;
}

const report::Traffic &Link::traffic() const { return impl_->traffic; }

report::Numbers Link::take_numbers() {
  auto &i = *impl_;
  const auto session = i.session->report();
  report::Sources from{session, i.queries->counters(), i.traffic};
  from.queries_waiting = i.queries->waiting();
  from.queries_running = i.queries->running();
  from.slowest_query_us = i.queries->take_slowest_us();
  from.slowest_ack_us = static_cast<std::uint64_t>(i.session->take_slowest_ack().count());
  for (const auto &n : i.nodes->known().view())
    if (const auto a = i.alerts->view(n.node.machine_guid)) from.alerts_waiting += a->selected;
  auto numbers = report::numbers(from);
  const auto since = std::max(session.last_disconnect_s, i.began_s);
  const auto now_s = loop::wall_us() / 1'000'000;
  const auto answers = i.host.requests().counters();
  const auto readings = i.host.readings().counters();
  numbers["answers_ignored"] = answers.late + answers.again + readings.late + readings.again;
  numbers["offline_s"] = session.online ? 0 : static_cast<std::uint64_t>(std::max<std::int64_t>(0, now_s - since));
  return numbers;
}

}  // namespace aclk::module
