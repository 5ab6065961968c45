// SPDX-License-Identifier: GPL-3.0-or-later
//
// How much memory this process keeps between two answers of the agent. glibc gives it back to the kernel as soon as it
// can by default, and asks for it again, zeroed page by page, with the next answer: a sixth of what a small query
// cost, a tenth of a large one (tests/bench/README.md, "Queries").
#pragma once

#include <cstddef>

namespace aclk::external {

class Heap {
 public:
  // What a burst of queries may leave free, bytes, until give_back().
  static constexpr std::size_t kKept = 8U << 20;
  // What may have become free since it was given back last.
  static constexpr std::size_t kIdle = 1U << 20;

  // From now on memory is kept. Before there are other threads.
  Heap();
  // Gives free memory back to the kernel if there is more than kIdle of it. Now and then: it looks at each block that
  // is free.
  void give_back();

 private:
  std::size_t left_ = 0;  // free blocks between others, which stay
};

}  // namespace aclk::external
