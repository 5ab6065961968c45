// SPDX-License-Identifier: GPL-3.0-or-later
//
// netdata.conf, in the format of claim/ini.h (the last of equal keys wins): the file, what it says to this plugin
// ([plugin:aclk]) and about the agent beside it ([web]). Pure, but for what takes a file.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "claim/limits.h"
#include "claim/proxy.h"
#include "plugin-api/external/config/environment.h"

namespace aclk::external {

// The text of it, taken apart.
class NetdataConf {
 public:
  // Never fails.
  [[nodiscard]] static NetdataConf parse(std::string_view text);

  [[nodiscard]] std::optional<std::string> get(std::string_view section, std::string_view key) const;

 private:
  std::map<std::pair<std::string, std::string>, std::string> values_;
};

// The file, read again when it changed. Thread: any.
class NetdataConfFile {
 public:
  explicit NetdataConfFile(std::filesystem::path file) : file_(std::move(file)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view section, std::string_view key);
  [[nodiscard]] NetdataConf snapshot();
  // What the file limits (claim/limits.h): in trouble it has no settings. nullopt for one that does not exist.
  [[nodiscard]] std::optional<claim::Limit> limit();

 private:
  void refresh();  // with mutex_ held

  std::filesystem::path file_;
  std::mutex mutex_;
  NetdataConf conf_;
  std::optional<claim::Limit> limit_;
  // Of what was read: by the state of the file, so that a mode that changes counts. nullopt: look.
  struct Seen {
    bool operator==(const Seen &) const = default;
    dev_t device = 0;
    ino_t inode = 0;
    off_t bytes = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
  };
  static Seen seen(const struct stat &st);
  std::optional<Seen> seen_;
};

// How often the agent is asked whether something changed. A poll costs it 0.03 to 0.2 ms
// (plugin-api/external/README.md, "What a poll costs").
struct PollIntervals {
  std::chrono::milliseconds alerts{1000};     // [plugin:aclk] poll alerts every = 1 (seconds, 1 to 300)
  std::chrono::milliseconds nodes{5000};      // [plugin:aclk] poll nodes every = 5
  std::chrono::milliseconds contexts{10000};  // [plugin:aclk] poll contexts every = 10
};

// What it says to this plugin, and about the agent's web server.
struct Settings {
  std::string agent_url;          // command line, else [plugin:aclk] agent url; empty = look for it
  std::string bind_to;            // [web] bind to, else [global] bind socket to IP, else bind to there; empty = not set
  std::uint16_t default_port{};   // [web] default port, else [global] port, else default port there, else 19999
  std::string allow_connections;  // [web] allow connections from; empty = not set
  std::string allow_dashboard;    // [web] allow dashboard from
  bool web_disabled = false;      // [web] mode = none
  unsigned web_threads = 0;       // [web] web server threads; 0 = not set
  PollIntervals polls;
  bool statistics = true;  // [cloud] statistics
  std::string socket;      // [plugin:aclk] socket; see local_socket.h
};

inline constexpr std::uint16_t kNetdataPort = 19999;
// A port number as the agent reads it: also 0x4e1f; what follows the number does not count.
[[nodiscard]] std::optional<std::uint16_t> port_of(const std::string &text);

[[nodiscard]] Settings read_settings(const NetdataConf &conf, const Options &options);

// What a worker takes from netdata.conf when it starts, but for where the agent listens: text that changes when one of
// these settings does. `statistics` and `socket` are the supervisor's, which reads them once.
[[nodiscard]] std::string link_settings(const NetdataConf &conf);

// How many of the cloud's queries the agent may work on at once (plugin-api/external/README.md, "Queries at the same
// time"). It has min(6, cores) web threads if no setting says otherwise, and computes in them. `safe`: all but one of
// them, and at least one, so that nobody else waits behind slow queries; `most`: of those that it answers quickly, four
// a thread.
struct QueryThreads {
  unsigned safe = 1;
  unsigned most = 1;
};
[[nodiscard]] QueryThreads query_limit(const Settings &settings, unsigned cores);

// [web] mode = none: an agent without a web server cannot be read.
[[nodiscard]] bool has_no_web_server(const NetdataConf &conf);
inline constexpr std::string_view kNoWebServer =
    "this agent runs no web server ([web] mode = none in netdata.conf), so its data cannot be read; set "
    "mode = static-threaded, with bind to = unix:/run/netdata/netdata.sock if nothing is to listen on TCP";

}  // namespace aclk::external
