// SPDX-License-Identifier: GPL-3.0-or-later
//
// One text that a process writes over and over and its child reads when it needs it: memory that both have open. The
// writer never waits for a reader, nor the other way round; a text that is only half written is not read.
#pragma once

#include <string>
#include <string_view>

#include "claim/base/c_own.h"

namespace aclk::external {

class SharedText {
 public:
  static constexpr std::size_t kMaxText = 16U << 10;

  // Of the writer. Without memory for it (fd() is -1) nobody reads anything.
  [[nodiscard]] static SharedText make();
  // Of the reader: a descriptor that was inherited, -1 for none.
  explicit SharedText(int fd) : fd_(fd) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  // A longer text than kMaxText leaves the board empty.
  void write(std::string_view text) const;
  // Empty: nothing was written, or it is being written for longer than anybody needs for that.
  [[nodiscard]] std::string read() const;

 private:
  Fd fd_;
};

}  // namespace aclk::external
