// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the plugin itself says at the local socket: what it knows beside the link (the agent that it reads and what came
// of looking for it, the claim that is written down and what came of that), and the answers while there is no link that
// could give them. The supervisor knows it; a worker that answers in its place reads it from memory that both have
// open.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "claim/base/c_own.h"
#include "claim/claim_retry.h"
#include "claim/identity.h"
#include "plugin-api/external/config/environment.h"
#include "plugin-api/external/control/local_socket.h"

namespace aclk::external {

// The agent that is read. Times are of the wall clock, epoch seconds; 0 = never, or not known.
struct AgentStatus {
  std::string place;    // where it was found; empty: it is not
  std::string version;  // of the one that was found, without v
  std::string trouble;  // it is looked for, and why it is not found yet; one sentence
  std::int64_t since_s = 0;
};

// All that the supervisor knows.
struct PluginStatus {
  std::int64_t began_s = 0;  // the plugin
  AgentStatus agent;
  claim::ClaimOutcome claim;
  // There is no worker: the reason, and when the next one is started; empty while one runs, or none is wanted.
  std::string rests;
  std::int64_t next_start_s = 0;
};

[[nodiscard]] std::string status_to_json(const PluginStatus &status);
// What status_to_json() has made; anything else gives an empty one.
[[nodiscard]] PluginStatus status_from_json(std::string_view json);

// What came of the written claim: shown here, or in the state's own Reason.
enum class ClaimOutcomeText : std::uint8_t { written_out, see_reason };

// "Agent: …", "Written Claim: …": lines for the state, each with its line feed; times in local time.
[[nodiscard]] std::string status_lines(const PluginStatus &status,
                                       ClaimOutcomeText outcome = ClaimOutcomeText::written_out);

// The state as a link prints it (aclk/report/state.h), with what the plugin knows put into it: the lines before the
// first blank line, the object as last key "plugin". What does not look like a state stays as it is.
[[nodiscard]] std::string with_status_lines(std::string state, const PluginStatus &status);
[[nodiscard]] std::string with_status_object(std::string state, const PluginStatus &status);

// One text that a process writes over and over and its child reads when it needs it. The writer never waits for a
// reader, nor the other way round; a text that is only half written is not read.
class SharedText {
 public:
  static constexpr std::size_t kMaxText = 16U << 10;

  // Of the writer. Without memory for it (fd() is -1) nobody reads anything.
  [[nodiscard]] static SharedText make();
  // Of the reader: a descriptor that was inherited, -1 for none.
  explicit SharedText(int fd) : fd_(fd) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  // A longer text than kMaxText leaves it empty.
  void write(std::string_view text) const;
  // Empty: nothing was written, or it is being written for longer than anybody needs for that.
  [[nodiscard]] std::string read() const;

 private:
  Fd fd_;
};

// While there is no link: the same paths, the same texts, and why there is none. Pure.
//
// As "durable state" while there is no link: nobody has opened the database.
inline constexpr const char *kDatabaseNotOpen = "not open";

// What is known then.
struct Unlinked {
  claim::Identity identity;
  PluginStatus status;
  std::string cloud_url{};  // as the link would use it, no credentials; shown of a node that is claimed
  std::string proxy{};      // the same
};

// Nobody has asked for a link, and nothing is wrong: a claim is what it needs. (Not: cloud.conf cannot be read.)
[[nodiscard]] bool needs_only_a_claim(const claim::Identity &identity);

// Why there is no link, as one sentence with the next step: the outcome of the claim that is written down, what is
// wrong with the identity, the agent that is not found, the worker that does not run.
[[nodiscard]] std::string why_unlinked(const Unlinked &now);

// reload: called for POST /api/v1/reload-claiming-state. now_s: epoch.
[[nodiscard]] HttpResponse answer_unlinked(const LocalRequest &request, const Unlinked &now, const Environment &env,
                                           std::int64_t now_s, const std::function<void()> &reload);

}  // namespace aclk::external
