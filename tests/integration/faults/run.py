# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of one file on its rigs: as many at a time as there are rigs, whatever order the tests ask in.

    CELLS = table_x.cases()
    matrix = matrix_fixture(CELLS, plain=4, hasty=2)

    @pytest.mark.parametrize("case", CELLS, ids=lambda c: c.id)
    def test_90_10_case(matrix, case, record_property):
        matrix.check(case, record_property)
"""
import queue
import threading
import traceback
from concurrent.futures import Future

import pytest

from testenv import ProxyLoop

from .fault_case import judge
from .link_rig import LinkRig

PATIENCE = 170      # of a test for its case, which may have to wait for its turn


class Matrix:
    """judge(case, rig) gives what check() records, as a `record`; rigs are made as LinkRig is."""

    def __init__(self, build, servers, cases, plain, hasty, busy=0, busy_hasty=0, seed=1, rig=LinkRig, judge=judge,
                 record="fault"):
        self._judge, self._record = judge, record
        self.cloud = servers.cloud(f"cloud{seed}")
        loop = servers.add("proxies", ProxyLoop(), lambda: "")
        kinds = [(False, False)] * plain + [(True, False)] * hasty + [(False, True)] * busy + [(True, True)] * busy_hasty
        self._todo = {kind: queue.SimpleQueue() for kind in dict.fromkeys(kinds)}
        self._outcomes = {}
        for c in cases:
            assert c.id not in self._outcomes, "two cases have the same name"
            self._begin(c)
        self.rigs, self._threads = [], []
        for n, (hurry, traffic) in enumerate(kinds):
            name = f"rig{seed}-{n}" + ("-hasty" if hurry else "") + ("-busy" if traffic else "")
            made = rig(build, servers.base, name, self.cloud, loop, seed * 100 + n, hurry, traffic)
            self.rigs.append(servers.add(name, made, made.recent))
        self._stop = threading.Event()
        for made, kind in zip(self.rigs, kinds):
            t = threading.Thread(target=self._run, args=(made, self._todo[kind]), name=made.name, daemon=True)
            self._threads.append(t)
            t.start()

    def _run(self, rig, todo):
        broken = None
        try:
            rig.start()
        except Exception:
            broken = traceback.format_exc()
        while (case := todo.get()) and not self._stop.is_set():
            outcome = self._outcomes[case.id]
            try:
                if broken:
                    raise AssertionError(f"{rig.name} does not start:\n{broken}")
                outcome.set_result(self._judge(case, rig))
            except BaseException as e:
                outcome.set_exception(e)

    def check(self, case, record_property):
        """The case's outcome, as the test's own."""
        try:
            seen = self._outcomes[case.id].result(PATIENCE)
            record_property(self._record, [case.stage, case.fault, seen["status"], round(seen["seconds"], 2), case.busy])
        except BaseException:
            record_property(self._record, [case.stage, case.fault, "FAILED", 0, case.busy])
            if self._outcomes[case.id].done():
                self._begin(case)       # a test that is run again sees another outcome, not this one once more
            raise

    def _begin(self, case):
        self._outcomes[case.id] = Future()
        self._todo[(case.hasty, case.busy)].put(case)

    def end(self):
        self._stop.set()
        for todo in self._todo.values():
            for _ in self.rigs:
                todo.put(None)
        for t in self._threads:
            t.join(60)


def matrix_fixture(cases, **rigs):
    @pytest.fixture(scope="module")
    def matrix(build, servers):
        m = Matrix(build, servers, cases, **rigs)
        yield m
        m.end()
    return matrix


