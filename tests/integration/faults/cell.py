# SPDX-License-Identifier: GPL-3.0-or-later
"""One cell of the matrix and its judgement."""
import dataclasses
import re
import time
from typing import Callable, Optional

from testenv import wait_until

from .lane import BACKOFF

# From the lifting of a fault to being online: the backoff, and what an attempt takes on a machine that is busy with
# other tests. A link that waits for one deadline too many (10 s and more when not divided) is beyond it.
RECOVERY = BACKOFF + 8.0


@dataclasses.dataclass
class Cell:
    """stage × fault, and what must come of it.

    strike    brings it about: a function of the lane
    status    symbol of the attempt's status, its prefix left out (or several, with |); None: the link bears it
    sentence  a regular expression for the attempt's sentence
    at        the state in which the attempt ended, as state output names it; None: any
    rung      where netdata-aclk doctor falls, if `at` does not say it (see doctor.py)
    hasty     on a lane with divided deadlines
    busy      on a lane with queries and alerts under way; no alert may be lost
    violates  the kinds of violations that the fault itself makes the cloud see
    lift      what else has to happen for the link to come back
    cpu       seconds of processor time that the host may use, from the fault to being back
    anew      the link begins anew (a reload), and with it the count of attempts
    backs_off the wait after it is not the usual second (an order, a suspicion)
    """
    stage: str
    fault: str
    strike: Callable
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


def judge(cell, lane):
    """Runs the cell; AssertionError when something is not as it should be. What was seen: {status, seconds}."""
    lane.wait_online()
    lane.works()
    seen = len(lane.cloud.violations(claim=lane.claim))
    before, cpu = 0 if cell.anew else lane.last_attempt(), lane.cpu()
    began = time.monotonic()
    try:
        cell.strike(lane)
        ended = _borne(cell, lane, before) if cell.status is None else _failed(cell, lane, before)
    finally:
        lane.calm()
        if restore := lane.__dict__.pop("restore", None):
            restore()
    if cell.lift:
        cell.lift(lane)
    lifted = time.monotonic()
    state = lane.wait_online(0 if cell.status is None or cell.anew else ended["number"], RECOVERY if not cell.backs_off else 60)
    back = time.monotonic() - lifted
    lane.works()
    _unharmed(cell, lane, seen, lane.cpu() - cpu, time.monotonic() - began)
    if not cell.backs_off and not cell.anew:
        _spaced(state["attempts"], before, ended["number"])
    return {"status": short(ended["status-symbol"]) if cell.status else None, "seconds": back}


def _failed(cell, lane, before):
    """The attempt that ended as the cell says. Of a stage before online it is a new one; else the one that ran."""
    def there():
        for a in lane.attempts(before - 1):
            if (short(a["status-symbol"]) or "") in cell.status.split("|") and re.search(cell.sentence, a["reason"]) \
                    and cell.at in (None, a["stage"]):
                return a
        return None
    return wait_until(there, 25, lambda: f"{cell.status} at {cell.at}: {cell.sentence}\nseen, since {before}:\n"
                      + lane.story(), 0.05)


def _borne(cell, lane, before):
    """Online and working with the fault in force, without a failure but for the cut that many strikes begin with."""
    lane.wait_online(0)
    lane.works(20)
    tried = lane.attempts(before - 1)
    failed = [a for a in tried[1:] if a["status"] != "connected"]
    assert not failed and len(tried) <= 2, f"it should have been borne:\n{lane.story()}"
    return tried[-1]


def _unharmed(cell, lane, seen, cpu, seconds):
    wait_until(lambda: lane.count_descriptors() <= lane.descriptors + 2, 10,
               lambda: f"descriptors as before: {lane.descriptors} were, {lane.count_descriptors()} are")
    assert cpu < cell.cpu, f"{cpu:.2f} s of CPU in {seconds:.1f} s"
    if cell.busy:
        lane.alerts_agree()
    bad = [v for v in lane.cloud.violations(claim=lane.claim)[seen:] if v["kind"] not in cell.violates]
    assert not bad, f"against the protocol: {bad}"


def _spaced(attempts, before, number):
    """No attempt followed another one sooner than the backoff allows: 1 s, or at once after a connection that was
    stable. The times have whole seconds only, so a burst is what can be told."""
    times = [a["began-utc"] for a in attempts if before < a["number"]]
    most = max((times.count(t) for t in times), default=0)
    assert most <= 3 or number - before > 20, f"{most} attempts within a second"
