// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/login/topics.h"

namespace aclk::login {
namespace {

constexpr std::array<std::string_view, kTopicCount> kNames{"inbox-cmd",
                                                           "inbox-cmd-v1",
                                                           "agent-connection",
                                                           "create-node-instance",
                                                           "node-instance-connection",
                                                           "node-instance-info",
                                                           "node-instance-collectors",
                                                           "contexts-snapshot",
                                                           "contexts-updated",
                                                           "alarm-log-v2",
                                                           "alarm-snapshot-v2",
                                                           "alarm-config"};

}  // namespace

std::string_view topic_name(Topic topic) { return kNames[static_cast<std::size_t>(topic)]; }

}  // namespace aclk::login
