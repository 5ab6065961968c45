# SPDX-License-Identifier: GPL-3.0-or-later
"""Attempts without end, failed ones and others: nothing grows (tests/bench/attempts does it 10 000 times)."""
import pytest

from faults.test_94_soak import bench


@pytest.mark.core
@pytest.mark.timeout(400)
def test_95_01_attempts(build, servers):
    failed, good = (150, 15) if build.sanitizer else (500, 50)
    r = bench("attempts").run(build, servers.base, failed, good)
    assert r["attempts"] >= 0.7 * (failed + good) and r["fds_end"] <= r["fds_start"] + 2, r
    # Sanitizers keep what was freed for a while.
    assert r["rss_end"] < r["rss_warm"] * (1.5 if build.sanitizer else 1.1) + 2000, r
