// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/module/command_dispatch.h"

#include <algorithm>
#include <array>

namespace aclk::module {
namespace {

template <auto Decode>
Dispatched pass(std::string_view payload, Commands &to) {
  const auto m = Decode(payload);
  if (!m) return Dispatched::undecodable;
  to.on(*m);
  return Dispatched::handled;
}

Dispatched obsolete(std::string_view /*payload*/, Commands & /*to*/) { return Dispatched::obsolete; }

// The request is the message itself; agents do not look at its payload (proto/README.md, "From cloud to agent").
Dispatched send_node_instances(std::string_view payload, Commands &to) {
  to.on(proto::decode_send_node_instances(payload).value_or(proto::SendNodeInstances{}));
  return Dispatched::handled;
}

Dispatched cmd(std::string_view payload, Commands &to) {
  to.on_cmd(payload);
  return Dispatched::handled;
}

struct Route {
  std::string_view type;
  Dispatched (*handle)(std::string_view payload, Commands &to);
};

constexpr std::array kRoutes{
    Route{"CancelPendingRequest", pass<proto::decode_cancel_pending_request>},
    Route{"ChartsAndDimensionsAck", obsolete},
    Route{"ContextsCheckpoint", pass<proto::decode_contexts_checkpoint>},
    Route{"CreateNodeInstanceResult", pass<proto::decode_create_node_instance_result>},
    Route{"DisconnectReq", pass<proto::decode_disconnect_req>},
    Route{"SendAlarmCheckpoint", pass<proto::decode_send_alarm_checkpoint>},
    Route{"SendAlarmConfiguration", pass<proto::decode_send_alarm_configuration>},
    Route{"SendAlarmSnapshot", pass<proto::decode_send_alarm_snapshot>},
    Route{"SendNodeInstances", send_node_instances},
    Route{"StartAlarmStreaming", pass<proto::decode_start_alarm_streaming>},
    Route{"StopStreamingContexts", pass<proto::decode_stop_streaming_contexts>},
    Route{"StreamChartsAndDimensions", obsolete},
    Route{"UpdateChartConfigs", obsolete},
    Route{"cmd", cmd},
};
static_assert(std::ranges::is_sorted(kRoutes, {}, &Route::type));

}  // namespace

Dispatched dispatch(std::string_view type, std::string_view payload, Commands &to) {
  const auto *const r = std::ranges::lower_bound(kRoutes, type, {}, &Route::type);
  if (r == kRoutes.end() || r->type != type) return Dispatched::unknown;
  return r->handle(payload, to);
}

}  // namespace aclk::module
