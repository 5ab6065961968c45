# SPDX-License-Identifier: GPL-3.0-or-later
"""The broker itself is restarted, is killed, or stays away. It is everybody's, so one rig has a cloud of its own.

A broker that is killed loses what it had acknowledged and not yet passed on: the versions, which both sides compare when
they meet again, must find that.
"""
from .fault_case import FaultCase
from .injections import reach, release, then
from .table_traffic import leave

CLOSED = r"EC=1000|without giving reason|was reset"


def restart(**how):
    def trigger(rig):
        rig.cloud.restart_broker(**how)
    return trigger


def restart_at(stage, **how):
    """While an attempt waits for what the broker answers at this stage."""
    return then(lambda rig: reach(rig, stage), restart(**how), lambda rig: release(rig, stage))


KINDS = {"restarted": {}, "killed": {"kill": True}, "away for 3 s": {"kill": True, "down_seconds": 3}}


def _case(stage, fault, trigger, busy, **more):
    """Of what is lost the broker's successor knows nothing: the agent has not gone, it was cut off."""
    state = more.pop("at", "online")
    return FaultCase(stage, "broker " + fault, trigger, more.pop("status", "CLOSED_BY_REMOTE|SOCKET_ERROR"),
                more.pop("sentence", CLOSED), state, busy=busy, cpu=4.0, violates=("mqtt", "ws", "goodbye"), **more)


def idle():
    return [_case("online idle", name, restart(**how), False) for name, how in KINDS.items()] \
        + [_case("CONNECT", name, restart_at("CONNECT", **how), False, at="CONNECT") for name, how in KINDS.items()] \
        + [_case("SUBSCRIBE", name, restart_at("SUBSCRIBE", **how), False) for name, how in KINDS.items()]


def busy():
    return [_case("online busy", name, restart(**how), True) for name, how in KINDS.items()] \
        + [_case("draining", name, then(leave(), restart(**how)), True, status="CLOUD_REQUESTED_DISCONNECT",
                 sentence="left in order: make room") for name, how in KINDS.items()]
