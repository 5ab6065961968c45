// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shared by the codecs of this folder only: protobuf-c structs filled from C++ values and read back. Not for others.
#pragma once

#include <protobuf-c/protobuf-c.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/aclk_agent.pb-c.h"
#include "proto/node.h"

namespace aclk::proto::wire {

// Memory behind the pointers of one message while it is packed. The C++ value must live as long: text is not copied
// where it can stand on the wire as it is.
class Arena {
 public:
  // protobuf strings are UTF-8: a reader may refuse the whole message otherwise, so other bytes become U+FFFD. A NUL
  // would end the C string: left out.
  char *text(const std::string &s);
  AclkWire__Timestamp *timestamp(std::int64_t us);
  // n messages, initialised; init is protobuf-c's "*__init". The second form gives the list of pointers to them that
  // a repeated field wants (null for none).
  template <class T>
  T *messages(std::size_t n, void (*init)(T *)) {
    T *items = static_cast<T *>(pool_.allocate(n * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < n; ++i) init(&items[i]);
    return items;
  }
  template <class T>
  T **list(std::size_t n, void (*init)(T *)) {
    if (n == 0) return nullptr;
    T *items = messages(n, init);
    T **pointers = static_cast<T **>(pool_.allocate(n * sizeof(T *), alignof(T *)));
    for (std::size_t i = 0; i < n; ++i) pointers[i] = &items[i];
    return pointers;
  }
  void capabilities(const std::vector<Capability> &from, std::size_t &n, AclkWire__Capability **&to);

 private:
  std::pmr::monotonic_buffer_resource pool_;  // what is made in it needs no destructor
};

// 0 for a time that is not there, or outside of what 64 bits of microseconds hold.
[[nodiscard]] std::int64_t micros(const AclkWire__Timestamp *t);

// Takes text out of an unpacked message and remembers whether all of it may be believed.
class Reader {
 public:
  // proto3 text is UTF-8. Other bytes make the whole message undecodable, as with every parser that keeps the rule.
  [[nodiscard]] std::string text(const char *s);

  template <class T>
  [[nodiscard]] std::optional<T> done(T value) const {
    return ok_ ? std::optional<T>(std::move(value)) : std::nullopt;
  }

 private:
  bool ok_ = true;
};

// protobuf-c's allocator with a ceiling. A repeated message without content is two bytes on the wire and some hundred
// in memory: this keeps a decoder at a stated multiple of its input. Real messages need less than four times their
// length.
class Budget {
 public:
  explicit Budget(std::size_t message_bytes) : left_((16U << 10) + 24 * message_bytes) {}
  ProtobufCAllocator *allocator() { return &allocator_; }

 private:
  static void *take(void *self, std::size_t size);
  static void give(void *self, void *p);
  std::size_t left_;
  ProtobufCAllocator allocator_{take, give, this};
};

template <class T, std::size_t (*Size)(const T *), std::size_t (*Pack)(const T *, std::uint8_t *)>
std::string pack(const T &m) {
  std::string out(Size(&m), '\0');
  Pack(&m, reinterpret_cast<std::uint8_t *>(out.data()));
  return out;
}

// The message, or null if `bytes` is not one or is longer than `max`. Unknown fields are skipped.
template <class T, T *(*Unpack)(ProtobufCAllocator *, std::size_t, const std::uint8_t *),
          void (*Free)(T *, ProtobufCAllocator *)>
auto unpack(std::string_view bytes, std::size_t max) {
  Budget budget(bytes.size());
  // What give() does needs no budget: the allocator may be gone by then.
  const auto free = [](T *m) { Free(m, nullptr); };
  T *m = bytes.size() > max
             ? nullptr
             : Unpack(budget.allocator(), bytes.size(), reinterpret_cast<const std::uint8_t *>(bytes.data()));
  return std::unique_ptr<T, decltype(free)>(m, free);
}

// Names of protobuf-c's functions for a message: ACLK_PACK(create_node_instance, CreateNodeInstance)(m).
#define ACLK_PACK(snake, Type) \
  ::aclk::proto::wire::pack<AclkWire__##Type, aclk_wire__##snake##__get_packed_size, aclk_wire__##snake##__pack>
#define ACLK_UNPACK(snake, Type) \
  ::aclk::proto::wire::unpack<AclkWire__##Type, aclk_wire__##snake##__unpack, aclk_wire__##snake##__free_unpacked>

}  // namespace aclk::proto::wire
