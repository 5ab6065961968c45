# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: the broker itself goes."""
import pytest

from faults import table_broker
from faults.run import matrix_fixture

IDLE, BUSY = table_broker.idle(), table_broker.busy()
quiet = matrix_fixture(IDLE, plain=1, hasty=0, seed=5)
traffic = matrix_fixture(BUSY, plain=0, hasty=0, busy=1, seed=6)


@pytest.mark.parametrize("case", IDLE, ids=lambda c: c.id)
def test_89_01_idle(quiet, case, record_property):
    quiet.check(case, record_property)


@pytest.mark.parametrize("case", BUSY, ids=lambda c: c.id)
def test_89_02_busy(traffic, case, record_property):
    traffic.check(case, record_property)
