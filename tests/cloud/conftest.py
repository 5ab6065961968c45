# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the local cloud's own tests."""
import pytest

from client import LocalCloud
from fake_agent import FakeAgent


@pytest.fixture(scope="session")
def one_cloud(tmp_path_factory):
    with LocalCloud.start(tmp_path_factory.mktemp("cloud"), verbose=True) as c:
        yield c


@pytest.fixture
def cloud(one_cloud):
    """As good as new. Starting a process for each test would be most of the time."""
    one_cloud.reset()
    return one_cloud


@pytest.fixture
def agent(cloud):
    """Claimed, connected, hello sent."""
    a = FakeAgent(cloud).start()
    yield a
    a.drop()
