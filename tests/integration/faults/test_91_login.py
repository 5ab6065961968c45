# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: env, challenge, password, upgrade."""
import pytest

from faults import table_login
from faults.run import matrix_fixture

CELLS = table_login.cases()
matrix = matrix_fixture(CELLS, plain=6, hasty=2, seed=2)


@pytest.mark.parametrize("case", CELLS, ids=lambda c: c.id)
def test_91_login(matrix, case, record_property):
    matrix.check(case, record_property)
