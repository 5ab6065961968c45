// SPDX-License-Identifier: GPL-3.0-or-later
//
// How fast time goes. It is as written, but in the programs of tests/time_scale: nobody waits there for minutes until a
// deadline has passed. No setting reaches it.
#pragma once

namespace aclk::loop {

struct TimeScale {
  unsigned deadlines = 1;  // of requests, dialing, set-up and acknowledgements: divided by this; 1 or more
  unsigned pauses = 1;     // waits before attempts: the same
};

}  // namespace aclk::loop
