// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the plugin knows beside the link, for who asks at the local socket: the agent that it reads and what came of
// looking for it, and the claim that is written down and what came of that. The supervisor knows it; a worker that
// answers in its place reads it from memory that both have open.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "claim/base/c_own.h"
#include "claim/claim_retry.h"

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

[[nodiscard]] std::string status_to_json(const PluginStatus &word);
// What status_to_json() has made; anything else gives an empty word.
[[nodiscard]] PluginStatus status_from_json(std::string_view json);

// What came of the written claim: told here, or in the state's own Reason.
enum class ClaimOutcomeText : std::uint8_t { is_told, stands_elsewhere };

// "Agent: …", "Written Claim: …": lines for the state, each with its line feed; times in local time.
[[nodiscard]] std::string status_lines(const PluginStatus &word, ClaimOutcomeText outcome = ClaimOutcomeText::is_told);

// The state as a link prints it (aclk/report/state.h), with what the plugin knows put into it: the lines before the
// first blank line, the object as last key "plugin". What does not look like a state stays as it is.
[[nodiscard]] std::string with_status_lines(std::string state, const PluginStatus &word);
[[nodiscard]] std::string with_status_object(std::string state, const PluginStatus &word);

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

}  // namespace aclk::external
