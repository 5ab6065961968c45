// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/agent_processes.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <system_error>

#include "claim/base/files.h"
#include "claim/base/text.h"

namespace aclk::claim {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kAgent = "netdata";
constexpr std::string_view kLibVariable = "NETDATA_LIB_DIR=";
constexpr std::string_view kDatabase = "netdata-meta.db";

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId &) const = default;
};

std::optional<FileId> id_of(const fs::path &path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return std::nullopt;
  return FileId{st.st_dev, st.st_ino};
}

Belongs same(const std::optional<FileId> &a, const std::optional<FileId> &b) {
  if (!a || !b) return Belongs::unknown;
  return *a == *b ? Belongs::yes : Belongs::no;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number n = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || r.ec != std::errc{} || r.ptr != text.data() + text.size()) return std::nullopt;
  return n;
}

// PATH as the process sees it, whatever is mounted for it.
fs::path in_its_view(const fs::path &process, const fs::path &path) {
  return process / "root" / path.lexically_normal().relative_path();
}

// "PPid:\t1\n", "Uid:\t0\t0\t0\t0\n", "NSpid:\t7\t1\n" of /proc/PID/status: the words behind the name.
std::vector<std::string_view> words_of(std::string_view status, std::string_view name) {
  const auto at = status.find(name);
  if (at == std::string_view::npos) return {};
  auto line = status.substr(at + name.size());
  line = line.substr(0, line.find('\n'));
  std::vector<std::string_view> out;
  for (line = trimmed(line); !line.empty(); line = trimmed_start(line)) {
    const auto word = line.substr(0, line.find_first_of(kWhiteSpace));
    out.push_back(word);
    line.remove_prefix(word.size());
  }
  return out;
}

Belongs by_environment(const fs::path &process, const AgentFiles &files) {
  const auto text = read_file(process / "environ", 1U << 20);
  if (!text) return Belongs::unknown;
  std::string_view left = *text;
  while (!left.empty()) {
    const auto variable = left.substr(0, left.find('\0'));
    left.remove_prefix(std::min(left.size(), variable.size() + 1));
    if (!variable.starts_with(kLibVariable)) continue;
    const fs::path theirs = variable.substr(kLibVariable.size());
    const auto by_id = same(id_of(in_its_view(process, theirs)), id_of(files.lib));
    if (by_id != Belongs::unknown) return by_id;
    return theirs.lexically_normal() == files.lib.lexically_normal() ? Belongs::yes : Belongs::no;
  }
  return Belongs::unknown;
}

Belongs by_database(const fs::path &process, const AgentFiles &files) {
  if (files.cache.empty()) return Belongs::unknown;
  std::error_code ec;
  for (auto it = fs::directory_iterator(process / "fd", ec); !ec && it != fs::directory_iterator(); it.increment(ec)) {
    std::error_code ignored;
    if (fs::read_symlink(it->path(), ignored).filename() != kDatabase) continue;
    const auto ours = id_of(files.cache / kDatabase);
    if (!ours && errno == ENOENT) return Belongs::no;
    return same(id_of(it->path()), ours);
  }
  return Belongs::unknown;
}

bool is_agent(const Process &p) { return p.name == kAgent && p.program == kAgent; }
bool is_plugin(const Process &p) { return p.name.find(".plugin") != std::string::npos; }

std::optional<Process> read_process(const fs::path &dir, const AgentFiles &files) {
  const auto pid = number<int>(dir.filename().native());
  const auto status = pid ? read_file(dir / "status", 1U << 16) : Result<std::string>(std::string());
  if (!pid || !status) return std::nullopt;
  Process p;
  p.pid = *pid;
  p.name = trimmed(read_file(dir / "comm", 64).value_or(""));
  const auto arguments = read_file(dir / "cmdline", 1U << 20).value_or("");
  p.program = fs::path(arguments.substr(0, arguments.find('\0'))).filename();
  if (const auto w = words_of(*status, "\nPPid:"); !w.empty()) p.parent = number<int>(w[0]).value_or(0);
  if (const auto w = words_of(*status, "\nUid:"); w.size() > 1)
    p.uid = number<uid_t>(w[1]).value_or(static_cast<uid_t>(-1));
  p.nested = words_of(*status, "\nNSpid:").size() > 1;
  if (is_plugin(p)) p.lib = by_environment(dir, files);
  if (!is_agent(p)) return p;
  p.database = by_database(dir, files);
  if (same(id_of(in_its_view(dir, files.lib)), id_of(files.lib)) == Belongs::no) p.view = Belongs::no;
  return p;
}

bool below(const std::vector<Process> &all, const Process &p, int ancestor) {
  std::set<int> seen;  // a list that was read while processes ended may have circles
  for (int at = p.parent; at > 0 && seen.insert(at).second;) {
    if (at == ancestor) return true;
    const auto up = std::ranges::find(all, at, &Process::pid);
    if (up == all.end()) return false;
    at = up->parent;
  }
  return false;
}

Belongs judge(const std::vector<Process> &all, const Process &agent) {
  for (const auto &p : all)
    if (p.lib != Belongs::unknown && below(all, p, agent.pid)) return p.lib;
  return agent.database != Belongs::unknown ? agent.database : agent.view;
}

// Agents have a process of their own name that starts others.
bool is_helper(const std::vector<Process> &all, const Process &p) {
  return std::ranges::any_of(all, [&](const Process &q) { return q.pid == p.parent && is_agent(q); });
}

bool of_user(const Process &p, uid_t user) { return p.uid == user || p.uid == 0; }

}  // namespace

std::vector<Process> read_processes(const AgentFiles &files) {
  std::vector<Process> out;
  std::error_code ec;
  for (auto it = fs::directory_iterator("/proc", ec); !ec && it != fs::directory_iterator(); it.increment(ec))
    if (auto p = read_process(it->path(), files)) out.push_back(std::move(*p));
  return out;
}

std::optional<int> plugin_of(const std::vector<Process> &all, std::string_view name, uid_t user) {
  for (const auto &p : all)
    if (p.name == name && !p.program.empty() && !p.nested && p.lib != Belongs::no &&
        (p.lib == Belongs::yes || of_user(p, user)))
      return p.pid;
  return std::nullopt;
}

std::optional<int> agent_of(const std::vector<Process> &all, uid_t user, Certainty certainty) {
  for (const auto &p : all) {
    if (!is_agent(p) || is_helper(all, p) || p.nested || !of_user(p, user)) continue;
    const auto verdict = judge(all, p);
    if (verdict == Belongs::yes || (verdict == Belongs::unknown && certainty == Certainty::likely)) return p.pid;
  }
  return std::nullopt;
}

std::optional<int> running_for_sure(const std::vector<Process> &all, uid_t user) {
  for (const auto &p : all)
    if (is_plugin(p) && !p.program.empty() && !p.nested && p.lib == Belongs::yes) return p.pid;
  return agent_of(all, user, Certainty::sure);
}

}  // namespace aclk::claim
