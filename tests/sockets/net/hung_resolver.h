// SPDX-License-Identifier: GPL-3.0-or-later
//
// A name server that does not answer: as long as a HungResolver lives, looking up a name that ends in ".hung" waits.
#pragma once

namespace aclk::test {

class HungResolver {
 public:
  HungResolver();
  ~HungResolver();  // the lookups fail, and have left when this returns
  HungResolver(const HungResolver &) = delete;
  HungResolver &operator=(const HungResolver &) = delete;

  [[nodiscard]] static int waiting();
};

}  // namespace aclk::test
