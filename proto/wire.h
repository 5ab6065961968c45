// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shared by the codecs of this folder only: protobuf-c structs filled from C++ values and read back. Not for others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/aclk_agent.pb-c.h"
#include "proto/agent.h"

namespace aclk::proto::wire {

// Memory behind the pointers of one message while it is packed.
class Arena {
 public:
  // protobuf strings are UTF-8: a reader may refuse the whole message otherwise, so other bytes become U+FFFD.
  char *text(std::string_view s);
  AclkWire__Timestamp *timestamp(std::int64_t us);
  // An array of n pointers to initialised messages; init is protobuf-c's "*__init".
  template <class T>
  T **array(std::size_t n, void (*init)(T *)) {
    if (n == 0) return nullptr;
    auto items = std::make_shared<std::vector<T>>(n);
    auto pointers = std::make_shared<std::vector<T *>>(n);
    for (std::size_t i = 0; i < n; ++i) {
      init(&(*items)[i]);
      (*pointers)[i] = &(*items)[i];
    }
    kept_.push_back(items);
    kept_.push_back(pointers);
    return pointers->data();
  }
  void capabilities(const std::vector<Capability> &from, std::size_t &n, AclkWire__Capability **&to);

 private:
  std::deque<std::string> texts_;  // addresses stay
  std::deque<AclkWire__Timestamp> times_;
  std::vector<std::shared_ptr<void>> kept_;
};

[[nodiscard]] inline std::string str(const char *s) { return s == nullptr ? std::string() : std::string(s); }
[[nodiscard]] std::int64_t micros(const AclkWire__Timestamp *t);
[[nodiscard]] std::vector<Capability> capabilities(std::size_t n, AclkWire__Capability *const *c);

template <class T, std::size_t (*Size)(const T *), std::size_t (*Pack)(const T *, std::uint8_t *)>
std::string pack(const T &m) {
  std::string out(Size(&m), '\0');
  Pack(&m, reinterpret_cast<std::uint8_t *>(out.data()));
  return out;
}

// The message, or null if `bytes` is not one or is longer than `max`.
template <class T, T *(*Unpack)(ProtobufCAllocator *, std::size_t, const std::uint8_t *),
          void (*Free)(T *, ProtobufCAllocator *)>
auto unpack(std::string_view bytes, std::size_t max) {
  const auto free = [](T *m) { Free(m, nullptr); };
  T *m = bytes.size() > max ? nullptr
                            : Unpack(nullptr, bytes.size(), reinterpret_cast<const std::uint8_t *>(bytes.data()));
  return std::unique_ptr<T, decltype(free)>(m, free);
}

// Names of protobuf-c's functions for a message: ACLK_PACK(create_node_instance, CreateNodeInstance)(m).
#define ACLK_PACK(snake, Type) \
  ::aclk::proto::wire::pack<AclkWire__##Type, aclk_wire__##snake##__get_packed_size, aclk_wire__##snake##__pack>
#define ACLK_UNPACK(snake, Type) \
  ::aclk::proto::wire::unpack<AclkWire__##Type, aclk_wire__##snake##__unpack, aclk_wire__##snake##__free_unpacked>

}  // namespace aclk::proto::wire
