// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bytes that are handed from step to step without being copied: a string of their own, or memory that somebody has lent
// and that goes back to him, by whatever thread destroys them. May have room in front, for a head.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace aclk {

class Bytes {
 public:
  // Memory of somebody else, and how he gets it back: once.
  struct Loan {
    char *data = nullptr;
    std::size_t size = 0;
    std::size_t room = 0;  // so many bytes before `data` may be written, too
    void (*release)(void *lender) = nullptr;
    void *lender = nullptr;
  };

  Bytes() = default;
  Bytes(std::string own)
      : own_(std::move(own)) {}  // NOLINT(google-explicit-constructor): moved in, as a string would be
  explicit Bytes(const Loan &loan) : loan_(loan) {}
  // A copy, with so many bytes of room in front of it.
  [[nodiscard]] static Bytes copy(std::string_view what, std::size_t room) {
    auto *const block = new char[room + what.size()];  // not zeroed
    what.copy(block + room, what.size());              // std::ranges::copy goes byte by byte
    return Bytes(Loan{block + room, what.size(), room, free_block, block});
  }
  ~Bytes() { give_back(); }
  Bytes(Bytes &&o) noexcept : own_(std::move(o.own_)), loan_(std::exchange(o.loan_, {})) {}
  Bytes &operator=(Bytes &&o) noexcept {
    if (this == &o) return *this;
    give_back();
    own_ = std::move(o.own_);
    loan_ = std::exchange(o.loan_, {});
    return *this;
  }
  Bytes(const Bytes &) = delete;
  Bytes &operator=(const Bytes &) = delete;

  [[nodiscard]] std::string_view view() const {
    return elsewhere() ? std::string_view(loan_.data, loan_.size) : std::string_view(own_);
  }
  [[nodiscard]] std::size_t size() const { return elsewhere() ? loan_.size : own_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  // By somebody else: not what copy() made.
  [[nodiscard]] bool is_lent() const { return elsewhere() && loan_.release != free_block; }

  // Puts `head` in front. Lent bytes stay where they are if there is room before them.
  void prepend(std::string_view head) {
    if (!elsewhere()) {
      own_.insert(0, head);
    } else if (head.size() <= loan_.room) {
      loan_.data -= head.size();
      loan_.size += head.size();
      loan_.room -= head.size();
      head.copy(loan_.data, head.size());
    } else {
      own_.reserve(head.size() + loan_.size);
      own_.assign(head).append(loan_.data, loan_.size);
      give_back();
    }
  }

 private:
  static void free_block(void *block) { delete[] static_cast<char *>(block); }
  [[nodiscard]] bool elsewhere() const { return loan_.release != nullptr; }
  void give_back() {
    if (const auto loan = std::exchange(loan_, {}); loan.release != nullptr) loan.release(loan.lender);
  }

  std::string own_;
  Loan loan_;
};

}  // namespace aclk
