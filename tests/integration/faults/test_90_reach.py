# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: names, TCP, TLS."""
import pytest

from faults import table_reach
from faults.run import matrix_fixture

CELLS = table_reach.cases()
matrix = matrix_fixture(CELLS, plain=5, hasty=2, seed=1)


@pytest.mark.parametrize("case", CELLS, ids=lambda c: c.id)
def test_90_reach(matrix, case, record_property):
    matrix.check(case, record_property)
