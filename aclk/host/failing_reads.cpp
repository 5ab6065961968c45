// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/failing_reads.h"

#include <fmt/format.h>

namespace aclk::host {
namespace {

bool is_failure(Errc code) { return code != Errc::not_found && code != Errc::unsupported && code != Errc::cancelled; }
bool may_pass(Errc code) { return code == Errc::unavailable || code == Errc::timeout; }

}  // namespace

std::optional<FailingReads::Line> FailingReads::ended(const std::string &what, const Error *error, Outage::Moment now) {
  const std::lock_guard lock(mutex_);
  auto it = rows_.find(what);
  if (error != nullptr && error->code == Errc::cancelled) return std::nullopt;
  if (error == nullptr || !is_failure(error->code)) {
    if (it == rows_.end()) return std::nullopt;
    const auto how = it->second.outage.over(now);
    rows_.erase(it);
    if (!how) return std::nullopt;  // nobody was told
    return Line{false, fmt::format("{} can be read again {}", what, *how)};
  }
  if (it == rows_.end()) {
    if (rows_.size() >= kMaxRows) return std::nullopt;
    it = rows_.emplace(what, Row{{what, now.wall_s, 0, {}}, now, {}, true}).first;
  }
  auto &row = it->second;
  ++row.seen.attempts;
  row.seen.why = error->what;
  if (!may_pass(error->code)) row.passing = false;
  if (!row.counts(now)) return std::nullopt;
  switch (row.outage.failed(what, now)) {
    case Outage::Tell::in_full:
      return Line{true,
                  fmt::format("{} cannot be read, and the cloud is told nothing new of it: {}; it is tried again, "
                              "`netdata-aclk doctor` and `netdata-aclk state` show what is wrong",
                              what, error->what)};
    case Outage::Tell::summary:
      return Line{true, fmt::format("{} still cannot be read: {}; {}", what, error->what, row.outage.tally(now))};
    case Outage::Tell::nothing:
      break;
  }
  return std::nullopt;
}

std::vector<Unreadable> FailingReads::unreadable(Outage::Moment now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Unreadable> out;
  for (const auto &[what, row] : rows_)
    if (row.counts(now)) out.push_back(row.seen);
  return out;
}

}  // namespace aclk::host
