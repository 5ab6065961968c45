// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/node.h"

#include "proto/aclk_node.pb-c.h"
#include "proto/wire.h"

namespace aclk::proto {
namespace {

AclkWire__MachineLearningInfo ml(const MachineLearningInfo &m) {
  AclkWire__MachineLearningInfo w = ACLK_WIRE__MACHINE_LEARNING_INFO__INIT;
  w.ml_capable = m.ml_capable ? 1 : 0;
  w.ml_enabled = m.ml_enabled ? 1 : 0;
  return w;
}

void fill(wire::Arena &a, const NodeInfo &d, AclkWire__NodeInfo &w) {
  w.name = a.text(d.name);
  w.os = a.text(d.os);
  w.os_name = a.text(d.os_name);
  w.os_version = a.text(d.os_version);
  w.kernel_name = a.text(d.kernel_name);
  w.kernel_version = a.text(d.kernel_version);
  w.architecture = a.text(d.architecture);
  w.cpus = d.cpus;
  w.cpu_frequency = a.text(d.cpu_frequency);
  w.memory = a.text(d.memory);
  w.disk_space = a.text(d.disk_space);
  w.version = a.text(d.version);
  w.release_channel = a.text(d.release_channel);
  w.timezone = a.text(d.timezone);
  w.virtualization_type = a.text(d.virtualization_type);
  w.container_type = a.text(d.container_type);
  w.custom_info = a.text(d.custom_info);
  w.machine_guid = a.text(d.machine_guid);
  w.n_host_labels = d.host_labels.size();
  w.host_labels = a.list(w.n_host_labels, aclk_wire__node_info__host_labels_entry__init);
  std::size_t n = 0;
  for (const auto &[k, v] : d.host_labels) {
    w.host_labels[n]->key = a.text(k);
    w.host_labels[n]->value = a.text(v);
    ++n;
  }
}

}  // namespace

std::string encode(const UpdateAgentConnection &m) {
  wire::Arena a;
  AclkWire__UpdateAgentConnection w = ACLK_WIRE__UPDATE_AGENT_CONNECTION__INIT;
  w.claim_id = a.text(m.claim_id);
  w.reachable = m.reachable ? 1 : 0;
  w.session_id = m.session_id;
  w.update_source = static_cast<std::int32_t>(m.update_source);
  w.updated_at = a.timestamp(m.updated_at_us);
  a.capabilities(m.capabilities, w.n_capabilities, w.capabilities);
  return ACLK_PACK(update_agent_connection, UpdateAgentConnection)(w);
}

std::string encode(const CreateNodeInstance &m) {
  wire::Arena a;
  AclkWire__CreateNodeInstance w = ACLK_WIRE__CREATE_NODE_INSTANCE__INIT;
  w.claim_id = a.text(m.claim_id);
  w.machine_guid = a.text(m.machine_guid);
  w.hostname = a.text(m.hostname);
  w.hops = m.hops;
  return ACLK_PACK(create_node_instance, CreateNodeInstance)(w);
}

std::string encode(const UpdateNodeInstanceConnection &m) {
  wire::Arena a;
  AclkWire__UpdateNodeInstanceConnection w = ACLK_WIRE__UPDATE_NODE_INSTANCE_CONNECTION__INIT;
  w.claim_id = a.text(m.claim_id);
  w.node_id = a.text(m.node_id);
  w.liveness = m.liveness ? 1 : 0;
  w.queryable = m.queryable ? 1 : 0;
  w.session_id = m.session_id;
  w.updated_at = a.timestamp(m.updated_at_us);
  w.hops = m.hops;
  a.capabilities(m.capabilities, w.n_capabilities, w.capabilities);
  return ACLK_PACK(update_node_instance_connection, UpdateNodeInstanceConnection)(w);
}

std::string encode(const UpdateNodeInfo &m) {
  wire::Arena a;
  auto ml_of_node = ml(m.data.ml_info);
  auto ml_here = ml(m.ml_info);
  AclkWire__NodeInfo data = ACLK_WIRE__NODE_INFO__INIT;
  fill(a, m.data, data);
  data.ml_info = &ml_of_node;
  AclkWire__CapabilityList node = ACLK_WIRE__CAPABILITY_LIST__INIT;
  AclkWire__CapabilityList instance = ACLK_WIRE__CAPABILITY_LIST__INIT;
  a.capabilities(m.node_capabilities, node.n_capabilities, node.capabilities);
  a.capabilities(m.node_instance_capabilities, instance.n_capabilities, instance.capabilities);
  AclkWire__UpdateNodeInfo w = ACLK_WIRE__UPDATE_NODE_INFO__INIT;
  w.claim_id = a.text(m.claim_id);
  w.data = &data;
  w.updated_at = a.timestamp(m.updated_at_us);
  w.session_id = m.session_id;
  w.machine_guid = a.text(m.machine_guid);
  w.child = m.child ? 1 : 0;
  w.node_id = a.text(m.node_id);
  w.ml_info = &ml_here;
  w.node_info = &node;
  w.node_instance_info = &instance;
  return ACLK_PACK(update_node_info, UpdateNodeInfo)(w);
}

std::string encode(const UpdateNodeCollectors &m) {
  wire::Arena a;
  AclkWire__UpdateNodeCollectors w = ACLK_WIRE__UPDATE_NODE_COLLECTORS__INIT;
  w.claim_id = a.text(m.claim_id);
  w.node_id = a.text(m.node_id);
  w.n_collectors = m.collectors.size();
  w.collectors = a.list(w.n_collectors, aclk_wire__collector_info__init);
  for (std::size_t i = 0; i < w.n_collectors; ++i) {
    w.collectors[i]->module = a.text(m.collectors[i].module);
    w.collectors[i]->plugin = a.text(m.collectors[i].plugin);
  }
  return ACLK_PACK(update_node_collectors, UpdateNodeCollectors)(w);
}

}  // namespace aclk::proto
