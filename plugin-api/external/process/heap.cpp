// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/process/heap.h"

#include <malloc.h>

namespace aclk::external {

Heap::Heap() {
  // What is larger has pages of its own, which go with it.
  constexpr int kOwnPages = 2 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kOwnPages);
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(kKept));
}

void Heap::give_back() {
  if (::mallinfo2().fordblks <= left_ + kIdle) return;
  ::malloc_trim(kIdle / 4);
  left_ = ::mallinfo2().fordblks;
}

}  // namespace aclk::external
