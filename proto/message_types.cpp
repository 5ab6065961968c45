// SPDX-License-Identifier: GPL-3.0-or-later
#include "proto/message_types.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include <nlohmann/json.hpp>

#include "proto/aclk_agent.pb-c.h"
#include "proto/aclk_alarms.pb-c.h"
#include "proto/aclk_commands.pb-c.h"
#include "proto/aclk_contexts.pb-c.h"
#include "proto/aclk_node.pb-c.h"
#include "proto/wire.h"

namespace aclk::proto {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const ProtobufCMessageDescriptor *, 20> kMessages{
    &aclk_wire__update_agent_connection__descriptor,
    &aclk_wire__create_node_instance__descriptor,
    &aclk_wire__update_node_instance_connection__descriptor,
    &aclk_wire__update_node_info__descriptor,
    &aclk_wire__update_node_collectors__descriptor,
    &aclk_wire__contexts_snapshot__descriptor,
    &aclk_wire__contexts_updated__descriptor,
    &aclk_wire__alarm_log_entry__descriptor,
    &aclk_wire__alarm_snapshot__descriptor,
    &aclk_wire__provide_alarm_configuration__descriptor,
    &aclk_wire__send_node_instances__descriptor,
    &aclk_wire__create_node_instance_result__descriptor,
    &aclk_wire__contexts_checkpoint__descriptor,
    &aclk_wire__stop_streaming_contexts__descriptor,
    &aclk_wire__start_alarm_streaming__descriptor,
    &aclk_wire__send_alarm_checkpoint__descriptor,
    &aclk_wire__send_alarm_snapshot__descriptor,
    &aclk_wire__send_alarm_configuration__descriptor,
    &aclk_wire__disconnect_req__descriptor,
    &aclk_wire__cancel_pending_request__descriptor,
};

Json object(const ProtobufCMessage &m);

template <class T>
T at(const void *p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

std::size_t size_of(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return 8;
    case PROTOBUF_C_TYPE_BOOL:
      return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof(std::uintptr_t);  // a pointer
    case PROTOBUF_C_TYPE_BYTES:
      return sizeof(ProtobufCBinaryData);
    default:
      return 4;
  }
}

Json enumeration(const ProtobufCFieldDescriptor &f, int value) {
  const auto *const e =
      protobuf_c_enum_descriptor_get_value(static_cast<const ProtobufCEnumDescriptor *>(f.descriptor), value);
  return e == nullptr ? Json(value) : Json(e->name);
}

Json single(const ProtobufCFieldDescriptor &f, const void *p) {
  switch (f.type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
      return at<std::int32_t>(p);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      return at<std::uint32_t>(p);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      return at<std::int64_t>(p);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      return at<std::uint64_t>(p);
    case PROTOBUF_C_TYPE_FLOAT:
      return at<float>(p);
    case PROTOBUF_C_TYPE_DOUBLE:
      return at<double>(p);
    case PROTOBUF_C_TYPE_BOOL:
      return at<protobuf_c_boolean>(p) != 0;
    case PROTOBUF_C_TYPE_ENUM:
      return enumeration(f, at<int>(p));
    case PROTOBUF_C_TYPE_STRING: {
      const char *const s = at<const char *>(p);
      return s == nullptr ? "" : s;
    }
    case PROTOBUF_C_TYPE_BYTES:
      return Json{{"bytes", at<ProtobufCBinaryData>(p).len}};
    case PROTOBUF_C_TYPE_MESSAGE: {
      const auto *const m = at<const ProtobufCMessage *>(p);
      return m == nullptr ? Json(nullptr) : object(*m);
    }
  }
  return nullptr;
}

// proto3's optional fields have a flag of their own; messages are pointers, and absent when null.
bool absent(const ProtobufCFieldDescriptor &f, const char *base) {
  if (f.type == PROTOBUF_C_TYPE_MESSAGE) return at<const void *>(base + f.offset) == nullptr;
  if ((f.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) return at<std::uint32_t>(base + f.quantifier_offset) != f.id;
  if (f.label != PROTOBUF_C_LABEL_OPTIONAL) return false;
  if (f.type == PROTOBUF_C_TYPE_STRING) return at<const void *>(base + f.offset) == nullptr;
  return at<protobuf_c_boolean>(base + f.quantifier_offset) == 0;
}

// As deep as the messages are declared, and none of them holds itself.
// NOLINTNEXTLINE(misc-no-recursion)
Json object(const ProtobufCMessage &m) {
  auto out = Json::object();
  const auto *const base = reinterpret_cast<const char *>(&m);
  for (unsigned i = 0; i < m.descriptor->n_fields; ++i) {
    const auto &f = m.descriptor->fields[i];
    if (f.label == PROTOBUF_C_LABEL_REPEATED) {
      auto list = Json::array();
      const auto n = at<std::size_t>(base + f.quantifier_offset);
      const auto *const items = at<const char *>(base + f.offset);
      for (std::size_t k = 0; k < n; ++k) list.push_back(single(f, items + k * size_of(f.type)));
      out[f.name] = std::move(list);
    } else if (!absent(f, base)) {
      out[f.name] = single(f, base + f.offset);
    }
  }
  return out;
}

}  // namespace

std::string message_json(std::string_view type, std::string_view bytes) {
  const auto *const found = std::ranges::find_if(kMessages, [&](const auto *d) { return type == d->short_name; });
  if (found == kMessages.end() || bytes.size() > kMaxClear) return {};
  wire::Budget budget(bytes.size());
  const auto free = [](ProtobufCMessage *m) { protobuf_c_message_free_unpacked(m, nullptr); };
  const std::unique_ptr<ProtobufCMessage, decltype(free)> m(
      protobuf_c_message_unpack(*found, budget.allocator(), bytes.size(),
                                reinterpret_cast<const std::uint8_t *>(bytes.data())),
      free);
  if (!m) return {};
  return object(*m).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace aclk::proto
