// SPDX-License-Identifier: GPL-3.0-or-later
//
// The checks of `netdata-aclk doctor`, a file for each group: local_checks.cpp what files and settings say, and
// whether the plugin runs (no socket leaves the machine there); agent_checks.cpp what the plugin and the agent of this
// machine say when they are asked; cloud_checks.cpp the way to the cloud, walked once with the link's own code. What
// the plugin knows is repeated and not looked for a second time, so that it and doctor do not disagree.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "claim/base/result.h"
#include "claim/identity.h"
#include "plugin-api/doctor/doctor_context.h"
#include "plugin-api/doctor/finding.h"

namespace aclk::doctor {

// What the plugin that runs says of itself, at its local socket.
struct RunningLink {
  bool there = false;   // it answers
  std::string trouble;  // somebody listens, and there is no answer: why
  bool online = false;
  std::string state;   // "online", "waiting"
  std::string reason;  // why it is not online, else of its last attempt
  // The agent that it reads.
  std::string agent_place;  // where it was found
  std::string agent_version;
  std::string agent_trouble;  // it is looked for, and why it is not found
  // The claim that is written down.
  std::string claim_line;  // what came of it; empty: nothing yet, or there is none
  bool claim_failed = false;
  bool claim_runs = false;
  std::uint64_t claim_attempts = 0;
  std::string claim_next;  // when it is tried again, UTC
  std::string drops;       // a link that keeps falling: the finding
  std::string not_kept;    // why what should survive a restart is in its memory only; empty: it is on disk
  // What it cannot read of its agent, since when and why: "the alerts of node x, since ...".
  std::vector<std::string> unreadable;
};

// Of GET /api/v1/aclk.
[[nodiscard]] RunningLink read_running_link(const nlohmann::json &state);
[[nodiscard]] RunningLink ask_running_link(const DoctorContext &context);

[[nodiscard]] Finding check_running(const RunningLink &link);
// What it says of its agent; nullopt when it has not looked for it.
[[nodiscard]] std::optional<Finding> agent_as_the_plugin_says(const RunningLink &link);
// Nobody has claimed this node: what it says of the claim that is written down; nullopt when there is none.
[[nodiscard]] std::optional<Finding> claim_as_the_plugin_says(const RunningLink &link);
// A link that keeps falling; nullopt: it does not.
[[nodiscard]] std::optional<Finding> check_drops(const RunningLink &link);

// The documents that the link reads of the agent.
//
// GET of a node's document; an empty node is the local one.
using ReadDocument = std::function<Result<nlohmann::json>(std::string_view node, std::string_view target)>;

// Alarms, alert log, contexts and charts of each live node (the first 100), and the info that lists them. One finding
// for each that cannot be read; a good one if there is none. `local`: machine GUID. Pure, but for reading.
[[nodiscard]] Findings look_at_documents(const std::string &local, const ReadDocument &read);
// Of an agent that was not found just now. Nothing when that has a finding of its own; the plugin may have found it
// before, and does not know yet that it hangs.
[[nodiscard]] Findings documents_not_read(const Error &why, const RunningLink &link);
// The same as look_at_documents of the agent of this machine.
[[nodiscard]] Findings check_documents(const DoctorContext &context, const RunningLink &link);
// Reads that fail each time, as the running plugin says.
[[nodiscard]] Findings check_reads(const RunningLink &link);

// Files, settings, and whether the plugin runs.
//
// Versions of this program and of the libraries that it runs with.
[[nodiscard]] Finding check_versions();
// cloud.conf and netdata.conf [cloud]: URL, proxy, trust, what could not be used.
[[nodiscard]] Findings check_settings(const DoctorContext &context);
// Claimed or not, keys, whether it is this machine's; modes and owners of the files (nothing is changed). What a plugin
// that runs says of a claim that is written down counts.
[[nodiscard]] Findings check_identity(const DoctorContext &context, const RunningLink &running);
// What the agent has to read, and cannot: this process is the agent's user. Empty: nothing of that kind.
[[nodiscard]] Findings check_readable(const DoctorContext &context);
// Can the durable state be written, and its database be read? What a plugin that runs says of it comes first.
[[nodiscard]] Finding check_disk(const DoctorContext &context, const RunningLink &running);
// The agent's API: where a plugin that runs has found it, else as one would find it. Takes up to 10 s.
[[nodiscard]] Finding check_agent(const DoctorContext &context, const RunningLink &running);
// How the plugin is; when it is not: what keeps an agent from starting it.
[[nodiscard]] Finding check_plugin(const DoctorContext &context, const RunningLink &running);

// The way to the cloud: names, addresses, proxy, TLS, login, WebSocket, MQTT.
enum class Depth : std::uint8_t {
  challenge,  // a link is online: nothing that could take its place
  upgrade,    // a link runs: all but CONNECT, which would end its session
  connect,    // nobody else uses this identity
};

// Blocks: a second on a network that works; else each step has as long as the link gives it (10 s for a TCP connection,
// 30 s for an answer, 60 s from TLS to CONNACK, 60 s for the subscriptions), and the first that fails is the last.
// Needs a claimed identity.
[[nodiscard]] Findings check_cloud(const DoctorContext &context, Depth depth);

}  // namespace aclk::doctor
