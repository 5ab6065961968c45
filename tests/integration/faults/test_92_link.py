# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: CONNECT, SUBSCRIBE, online with nothing to do."""
import pytest

from faults import table_link
from faults.run import matrix_fixture

CELLS = table_link.cases()
matrix = matrix_fixture(CELLS, plain=6, hasty=3, seed=3)


@pytest.mark.parametrize("case", CELLS, ids=lambda c: c.id)
def test_92_link(matrix, case, record_property):
    matrix.check(case, record_property)
