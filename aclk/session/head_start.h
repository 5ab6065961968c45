// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an attempt may do before its turn, so that a connection takes fewer round trips. The broker is dialed as soon as
// it is known where it is: from the answer of /env on; right at the beginning, if the attempt follows a connection that
// was stable. After one that had lasted, the challenge is asked for beside /env, too: the cloud says the same then
// almost always. What turns out to be wrong is dropped, and done when its turn comes. Only the first attempt after such
// a connection is so bold: whatever made it fail, those after it go step by step. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "aclk/login/env.h"
#include "claim/base/url.h"

namespace aclk::session {

// Where an attempt may begin.
struct KnownWay {
  Url endpoint;              // the broker's
  std::optional<Url> login;  // Agreement::auth
};

class HeadStart {
 public:
  // A connection that fell earlier says less about the next, and where all of them keep falling the cloud is spared the
  // challenges.
  static constexpr std::chrono::seconds kLasted{60};

  // An attempt begins. What the cloud is believed to say; none: it has to be asked first.
  [[nodiscard]] std::optional<KnownWay> begin();
  // The answer of /env. True: the broker is to be dialed now, and what is dialed already, if anything, is another one.
  [[nodiscard]] bool agreed(const login::Agreement &agreement);
  // The connection that this attempt has made is a good one; and it has ended after so long.
  void stable() { known_ = agreement_; }
  void ended(std::chrono::milliseconds lasted) { long_ = lasted >= kLasted; }

 private:
  std::optional<login::Agreement> known_;      // of the last stable connection, until an attempt has used it
  std::optional<login::Agreement> agreement_;  // of this attempt
  bool long_ = false;                          // the last connection lasted
  std::string dialed_;                         // endpoint
};

}  // namespace aclk::session
