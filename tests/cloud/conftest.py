# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the local cloud's own tests. Each test has a cloud of its own: none can disturb another."""
import pytest

from client import LocalCloud
from fake_agent import FakeAgent


@pytest.fixture
def cloud(tmp_path):
    with LocalCloud.start(tmp_path / "cloud", verbose=True) as c:
        yield c


@pytest.fixture
def agent(cloud):
    """Claimed, connected, hello sent."""
    a = FakeAgent(cloud).start()
    yield a
    a.drop()
