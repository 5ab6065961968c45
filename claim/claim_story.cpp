// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/claim_story.h"

#include <fmt/format.h>

#include <utility>

namespace aclk::claim {

void ClaimStory::begin(bool repeats) {
  bad_.clear();
  if (!repeats) outage_ = {};
}

void ClaimStory::line(bool bad, const std::string &text) {
  if (bad)
    bad_.push_back(text);
  else if (outage_.first(text))
    log_(false, text);
}

void ClaimStory::end(std::optional<std::chrono::seconds> pause, Outage::Moment at) {
  const auto bad = std::exchange(bad_, {});
  if (!pause) {  // settled, for better or for worse
    for (const auto &text : bad) log_(true, text);
    if (const auto how = outage_.over(at); how && bad.empty()) log_(false, "it worked " + *how);
    return;
  }
  const auto what = bad.empty() ? std::string("it did not work") : bad.back();
  const auto tell = outage_.failed(fmt::format("{}", fmt::join(bad, "\n")), at);
  if (tell == Outage::Tell::in_full) {
    for (const auto &text : bad) log_(true, text);
    log_(false, fmt::format("trying again in {} s, or when what asks for the claim changes", pause->count()));
  } else if (tell == Outage::Tell::summary) {
    log_(true,
         fmt::format("still not claimed: {}; {}, the next in {}", what, outage_.tally(at), duration_text(*pause)));
  }
}

}  // namespace aclk::claim
