# SPDX-License-Identifier: GPL-3.0-or-later
"""One case of the matrix and its judgement."""
import dataclasses
import re
import time
from typing import Callable, Optional

from testenv import wait_until

from .link_rig import BACKOFF

# From the lifting of a fault to being online: the backoff, and what an attempt takes on a machine that is busy with
# other tests. A link that waits for one deadline too many (10 s and more when not divided) is beyond it.
RECOVERY = BACKOFF + 8.0


@dataclasses.dataclass
class FaultCase:
    """stage × fault, and what must come of it.

    trigger    brings it about: a function of the rig
    status    symbol of the attempt's status, its prefix left out (or several, with |); None: the link bears it
    sentence  a regular expression for the attempt's sentence
    at        the state in which the attempt ended, as state output names it; None: any
    rung      where netdata-aclk doctor falls, if `at` does not say it (see doctor.py)
    hasty     on a rig with divided deadlines
    busy      on a rig with queries and alerts under way; no alert may be lost
    violates  the kinds of violations that the fault itself makes the cloud see
    lift      what else has to happen for the link to come back
    cpu       seconds of processor time that the host may use, from the fault to being back
    anew      the link begins anew (a reload), and with it the count of attempts
    backs_off the wait after it is not the usual second (an order, a suspicion)
    """
    stage: str
    fault: str
    trigger: Callable
    status: Optional[str]
    sentence: str = ""
    at: Optional[str] = None
    rung: Optional[str] = None
    hasty: bool = False
    busy: bool = False
    violates: tuple = ()
    lift: Optional[Callable] = None
    cpu: float = 1.0
    backs_off: bool = False
    anew: bool = False

    def __post_init__(self):
        assert not self.status or self.sentence, f"{self.id}: nothing is said of the sentence"

    @property
    def id(self):
        return f"{self.stage}-{self.fault}".replace(" ", "_")


PREFIXES = ("ACLK_STATUS_OFFLINE_", "ACLK_STATUS_", "HTTPS_CLIENT_RESP_", "ND_SOCK_ERR_")


def short(symbol):
    """SOCKET_ERROR of ACLK_STATUS_OFFLINE_SOCKET_ERROR."""
    return next((symbol[len(p):] for p in PREFIXES if symbol and symbol.startswith(p)), symbol)


def judge(case, rig):
    """Runs the case; AssertionError when something is not as it should be. What was seen: {status, seconds}."""
    rig.wait_online()
    rig.works()
    seen = len(rig.cloud.violations(claim=rig.claim))
    before, cpu = 0 if case.anew else rig.last_attempt(), rig.cpu()
    began = time.monotonic()
    try:
        case.trigger(rig)
        ended = _borne(case, rig, before) if case.status is None else _failed(case, rig, before)
    finally:
        rig.calm()
        if restore := rig.__dict__.pop("restore", None):
            restore()
    if case.lift:
        case.lift(rig)
    lifted = time.monotonic()
    state = rig.wait_online(0 if case.status is None or case.anew else ended["number"], RECOVERY if not case.backs_off else 60)
    back = time.monotonic() - lifted
    rig.works()
    _unharmed(case, rig, seen, rig.cpu() - cpu, time.monotonic() - began)
    if not case.backs_off and not case.anew:
        _spaced(state["attempts"], before, ended["number"])
    return {"status": short(ended["status-symbol"]) if case.status else None, "seconds": back}


def _failed(case, rig, before):
    """The attempt that ended as the case says. Of a stage before online it is a new one; else the one that ran."""
    def there():
        for a in rig.attempts(before - 1):
            if (short(a["status-symbol"]) or "") in case.status.split("|") and re.search(case.sentence, a["reason"]) \
                    and case.at in (None, a["stage"]):
                return a
        return None
    return wait_until(there, 25, lambda: f"{case.status} at {case.at}: {case.sentence}\nseen, since {before}:\n"
                      + rig.story(), 0.05)


def _borne(case, rig, before):
    """Online and working with the fault in force, without a failure but for the cut that many triggers begin with."""
    rig.wait_online(0)
    rig.works(20)
    tried = rig.attempts(before - 1)
    failed = [a for a in tried[1:] if a["status"] != "connected"]
    assert not failed and len(tried) <= 2, f"it should have been borne:\n{rig.story()}"
    return tried[-1]


def _unharmed(case, rig, seen, cpu, seconds):
    wait_until(lambda: rig.count_descriptors() <= rig.descriptors + 2, 10,
               lambda: f"descriptors as before: {rig.descriptors} were, {rig.count_descriptors()} are")
    assert cpu < case.cpu, f"{cpu:.2f} s of CPU in {seconds:.1f} s"
    if case.busy:
        rig.alerts_agree()
    bad = [v for v in rig.cloud.violations(claim=rig.claim)[seen:] if v["kind"] not in case.violates]
    assert not bad, f"against the protocol: {bad}"


def _spaced(attempts, before, number):
    """No attempt followed another one sooner than the backoff allows: 1 s, or at once after a connection that was
    stable. The times have whole seconds only, so a burst is what can be told."""
    times = [a["began-utc"] for a in attempts if before < a["number"]]
    most = max((times.count(t) for t in times), default=0)
    assert most <= 3 or number - before > 20, f"{most} attempts within a second"
