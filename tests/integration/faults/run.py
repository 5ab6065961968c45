# SPDX-License-Identifier: GPL-3.0-or-later
"""The cells of one file on its lanes: as many at a time as there are lanes, whatever order the tests ask in.

    CELLS = table_x.cells()
    matrix = matrix_fixture(CELLS, plain=4, hasty=2)

    @pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.id)
    def test_90_10_cell(matrix, cell, record_property):
        matrix.check(cell, record_property)
"""
import queue
import threading
import traceback
from concurrent.futures import Future

import pytest

from testenv import ProxyLoop

from .cell import judge
from .lane import Lane

PATIENCE = 170      # of a test for its cell, which may have to wait for its turn


class Matrix:
    """judge(cell, lane) gives what check() records, as a `record`; lanes are made as Lane is."""

    def __init__(self, build, servers, cells, plain, hasty, busy=0, busy_hasty=0, seed=1, lane=Lane, judge=judge,
                 record="fault"):
        self._judge, self._record = judge, record
        self.cloud = servers.cloud(f"cloud{seed}")
        loop = servers.add("proxies", ProxyLoop(), lambda: "")
        kinds = [(False, False)] * plain + [(True, False)] * hasty + [(False, True)] * busy + [(True, True)] * busy_hasty
        self._todo = {kind: queue.SimpleQueue() for kind in dict.fromkeys(kinds)}
        self._outcomes = {c.id: Future() for c in cells}
        assert len(self._outcomes) == len(cells), "two cells have the same name"
        for c in cells:
            self._todo[(c.hasty, c.busy)].put(c)
        self.lanes, self._threads = [], []
        for n, (hurry, traffic) in enumerate(kinds):
            name = f"lane{seed}-{n}" + ("-hasty" if hurry else "") + ("-busy" if traffic else "")
            made = lane(build, servers.base, name, self.cloud, loop, seed * 100 + n, hurry, traffic)
            self.lanes.append(servers.add(name, made, made.recent))
        self._stop = threading.Event()
        for made, kind in zip(self.lanes, kinds):
            t = threading.Thread(target=self._run, args=(made, self._todo[kind]), name=made.name, daemon=True)
            self._threads.append(t)
            t.start()

    def _run(self, lane, todo):
        broken = None
        try:
            lane.start()
        except Exception:
            broken = traceback.format_exc()
        while not self._stop.is_set():
            try:
                cell = todo.get_nowait()
            except queue.Empty:
                return
            outcome = self._outcomes[cell.id]
            try:
                if broken:
                    raise AssertionError(f"{lane.name} does not start:\n{broken}")
                outcome.set_result(self._judge(cell, lane))
            except BaseException as e:
                outcome.set_exception(e)

    def check(self, cell, record_property):
        """The cell's outcome, as the test's own."""
        try:
            seen = self._outcomes[cell.id].result(PATIENCE)
            record_property(self._record, [cell.stage, cell.fault, seen["status"], round(seen["seconds"], 2), cell.busy])
        except BaseException:
            record_property(self._record, [cell.stage, cell.fault, "FAILED", 0, cell.busy])
            raise

    def end(self):
        self._stop.set()
        for t in self._threads:
            t.join(60)


def matrix_fixture(cells, **lanes):
    @pytest.fixture(scope="module")
    def matrix(build, servers):
        m = Matrix(build, servers, cells, **lanes)
        yield m
        m.end()
    return matrix


