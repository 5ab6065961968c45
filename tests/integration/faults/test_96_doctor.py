# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata-aclk doctor under every fault of the matrix that it can see: the right rung, the right cause, a remedy."""
import pytest

from faults import doctor
from faults.run import matrix_fixture

CELLS = doctor.walked_cases()
BESIDE = doctor.cases_before_the_password()
matrix = matrix_fixture(CELLS, plain=6, hasty=3, seed=5, rig=doctor.Alone, judge=doctor.examine, record="visit")
beside = matrix_fixture(BESIDE, plain=1, hasty=0, seed=6, rig=doctor.Beside, judge=doctor.examine, record="visit")


def test_96_01_all_of_the_matrix():
    """A case is walked, or there is a reason why doctor cannot see it."""
    seen, unseen = {c.id for c in CELLS}, {c.id for c in doctor.unseen_cases()}
    assert seen | unseen == {c.id for c in doctor.all_cases()} and not seen & unseen
    assert all(doctor.UNSEEN[c.stage] for c in doctor.unseen_cases())
    assert not [c.id for c in CELLS if c.status and not doctor.rung(c)]


@pytest.mark.parametrize("case", CELLS, ids=lambda c: c.id)
def test_96_10_names_the_cause(matrix, case, record_property):
    matrix.check(case, record_property)


@pytest.mark.parametrize("case", BESIDE, ids=lambda c: c.id)
def test_96_20_beside_a_link_that_is_online(beside, case, record_property):
    beside.check(case, record_property)
