# SPDX-License-Identifier: GPL-3.0-or-later
"""How faults are brought about. Each function gives one that is called with the rig.

Where a fault stands (it holds for every attempt until it is lifted) the current connection is cut, so that the next
attempt meets it. Where it acts once, it hits what is open at that moment.
"""
import base64

from testenv import wait_until

LEGS = {"env": "env", "challenge": "auth", "password": "auth", "upgrade": "broker", "CONNECT": "broker",
        "SUBSCRIBE": "broker", "online": "broker", "draining": "broker"}


def standing(**switches):
    """The local cloud misbehaves."""
    def trigger(rig):
        rig.configure(**_wire(switches))
        rig.cut()
    return trigger


def leg(name, rule=None, **how):
    """The way to the cloud (env), to its login (auth) or to its broker: Rule, or refuse=True, blackhole=True."""
    def trigger(rig):
        proxy = getattr(rig, name)
        if rule:
            proxy.rule = rule
        for verb in how:
            getattr(proxy, verb)()
        rig.cut()
    return trigger


def at(stage, how, after=0, **switches):
    """When the attempt has come to this stage, its connection is broken: see FaultProxy.break_links(). `after` so many more
    bytes have come, the request is answered; else it is broken first."""
    def trigger(rig):
        reach(rig, stage, **switches)
        proxy = getattr(rig, LEGS[stage])
        proxy.break_links(how, after)
        if after:
            release(rig, stage)
    return trigger


def reach(rig, stage, **switches):
    """A new attempt waits at this stage for its answer."""
    if stage in ("CONNECT", "SUBSCRIBE"):
        before = _newest_id(rig)
        rig.configure(on_up={stage: {"hold": True}}, **switches)
        rig.cut()
        wait_triggered(rig, stage, before)
    else:
        since = (rig.cloud.https_requests()[-1:] or [{"n": 0}])[0]["n"]
        rig.configure(**{stage + "_pause": True}, **switches)
        rig.cut()
        wait_until(lambda: [r for r in rig.cloud.https_requests(stage, since) if rig.claim in r["target"]], 15,
                   lambda: f"a request of {rig.name} at {stage}:\n{rig.story()}", 0.03)


def release(rig, stage):
    """What reach() holds goes on; later attempts are not held."""
    rig.configure()
    if stage in ("CONNECT", "SUBSCRIBE"):
        rig.cloud.release(rig.claim)


def wait_triggered(rig, packet, before=None):
    """By a connection newer than `before`: of one whose client has just left, the cloud may not know it yet."""
    def there():
        c = rig.cloud.newest(rig.claim)
        return c and c["id"] != before and c["open"] and c["triggered"] == packet
    wait_until(there, 15, lambda: f"{packet} of {rig.name}:\n{rig.story()}", 0.03)


def _newest_id(rig):
    c = rig.cloud.newest(rig.claim)
    return c and c["id"]


def now(how, after=0):
    """To the connection that is online."""
    return lambda rig: rig.broker.break_links(how, after)


def rule_now(rule):
    """Online by a connection to which this rule applies."""
    def trigger(rig):
        before = rig.last_attempt()
        rig.broker.rule = rule
        rig.cut()
        rig.wait_online(before)
    return trigger


def disconnect(**how):
    return lambda rig: rig.cloud.disconnect(rig.claim, **how)


def inject(data, level="mqtt", times=1, **frame):
    def trigger(rig):
        for _ in range(times):
            rig.cloud.inject(data, rig.claim, level=level, **frame)
    return trigger


def keepalive(trigger, seconds=2, **switches):
    """Online by a connection with so short a keep-alive; then the fault."""
    def both(rig):
        before = rig.last_attempt()
        rig.configure(connack={"server_keep_alive": seconds}, **switches)
        rig.cut()
        rig.wait_online(before)
        rig.works()
        trigger(rig)
    return both


def hold(*directions):
    return lambda rig: rig.cloud.hold(rig.claim, directions=directions or ("up", "down"))


def switch(**switches):
    """Of the local cloud, for the connection that is online."""
    return lambda rig: rig.configure(**_wire(switches))


def ask(rig):
    """Something for the link to say."""
    rig.cloud.send(rig.claim, "SendNodeInstances", {"claim_id": rig.claim})


def then(*triggers):
    def all_of_them(rig):
        for s in triggers:
            s(rig)
    return all_of_them


def b64(data):
    return base64.b64encode(data).decode()


def _wire(switches):
    return {k: b64(v) if isinstance(v, bytes) else v for k, v in switches.items()}
