# SPDX-License-Identifier: GPL-3.0-or-later
"""How faults are brought about. Each function gives one that is called with the lane.

Where a fault stands (it holds for every attempt until it is lifted) the current connection is cut, so that the next
attempt meets it. Where it strikes, it hits what is open at that moment.
"""
import base64

from testenv import wait_until

LEGS = {"env": "env", "challenge": "auth", "password": "auth", "upgrade": "broker", "CONNECT": "broker",
        "SUBSCRIBE": "broker", "online": "broker", "draining": "broker"}


def standing(**switches):
    """The local cloud misbehaves."""
    def strike(lane):
        lane.configure(**_wire(switches))
        lane.cut()
    return strike


def leg(name, rule=None, **how):
    """The way to the cloud (env), to its login (auth) or to its broker: Rule, or refuse=True, blackhole=True."""
    def strike(lane):
        proxy = getattr(lane, name)
        if rule:
            proxy.rule = rule
        for verb in how:
            getattr(proxy, verb)()
        lane.cut()
    return strike


def at(stage, how, after=0, **switches):
    """When the attempt has come to this stage, its connection is struck: see FaultProxy.strike(). `after` so many more
    bytes have come, the request is answered; else it is struck first."""
    def strike(lane):
        reach(lane, stage, **switches)
        proxy = getattr(lane, LEGS[stage])
        proxy.strike(how, after)
        if after:
            release(lane, stage)
    return strike


def reach(lane, stage, **switches):
    """A new attempt waits at this stage for its answer."""
    if stage in ("CONNECT", "SUBSCRIBE"):
        lane.configure(on_up={stage: {"hold": True}}, **switches)
        lane.cut()
        wait_struck(lane, stage)
    else:
        since = (lane.cloud.https_requests()[-1:] or [{"n": 0}])[0]["n"]
        lane.configure(**{stage + "_pause": True}, **switches)
        lane.cut()
        wait_until(lambda: [r for r in lane.cloud.https_requests(stage, since) if lane.claim in r["target"]], 15,
                   lambda: f"a request of {lane.name} at {stage}:\n{lane.story()}", 0.03)


def release(lane, stage):
    """What reach() holds goes on; later attempts are not held."""
    lane.configure()
    if stage in ("CONNECT", "SUBSCRIBE"):
        lane.cloud.release(lane.claim)


def wait_struck(lane, packet):
    def there():
        c = lane.cloud.newest(lane.claim)
        return c and c["open"] and c["struck"] == packet
    wait_until(there, 15, lambda: f"{packet} of {lane.name}:\n{lane.story()}", 0.03)


def now(how, after=0):
    """To the connection that is online."""
    return lambda lane: lane.broker.strike(how, after)


def rule_now(rule):
    """Online by a connection to which this rule applies."""
    def strike(lane):
        before = lane.last_attempt()
        lane.broker.rule = rule
        lane.cut()
        lane.wait_online(before)
    return strike


def disconnect(**how):
    return lambda lane: lane.cloud.disconnect(lane.claim, **how)


def inject(data, level="mqtt", times=1, **frame):
    def strike(lane):
        for _ in range(times):
            lane.cloud.inject(data, lane.claim, level=level, **frame)
    return strike


def keepalive(strike, seconds=2, **switches):
    """Online by a connection with so short a keep-alive; then the strike."""
    def both(lane):
        before = lane.last_attempt()
        lane.configure(connack={"server_keep_alive": seconds}, **switches)
        lane.cut()
        lane.wait_online(before)
        lane.works()
        strike(lane)
    return both


def hold(*directions):
    return lambda lane: lane.cloud.hold(lane.claim, directions=directions or ("up", "down"))


def switch(**switches):
    """Of the local cloud, for the connection that is online."""
    return lambda lane: lane.configure(**_wire(switches))


def ask(lane):
    """Something for the link to say."""
    lane.cloud.send(lane.claim, "SendNodeInstances", {"claim_id": lane.claim})


def then(*strikes):
    def all_of_them(lane):
        for s in strikes:
            s(lane)
    return all_of_them


def b64(data):
    return base64.b64encode(data).decode()


def _wire(switches):
    return {k: b64(v) if isinstance(v, bytes) else v for k, v in switches.items()}
