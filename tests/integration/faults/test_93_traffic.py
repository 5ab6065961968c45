# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: online with queries and alerts under way; leaving."""
import pytest

from faults import table_traffic
from faults.run import matrix_fixture

CELLS = table_traffic.cases()
matrix = matrix_fixture(CELLS, plain=2, hasty=0, busy=3, busy_hasty=2, seed=4)


@pytest.mark.parametrize("case", CELLS, ids=lambda c: c.id)
def test_93_traffic(matrix, case, record_property):
    matrix.check(case, record_property)
