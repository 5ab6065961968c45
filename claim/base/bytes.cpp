// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/bytes.h"

#include <algorithm>

namespace aclk {

void Bytes::prepend(std::string_view head) {
  if (!is_lent()) {
    own_.insert(0, head);
  } else if (head.size() <= loan_.room) {
    loan_.data -= head.size();
    loan_.size += head.size();
    loan_.room -= head.size();
    std::ranges::copy(head, loan_.data);
  } else {
    own_.reserve(head.size() + loan_.size);
    own_.assign(head).append(loan_.data, loan_.size);
    give_back();
  }
}

}  // namespace aclk
