# SPDX-License-Identifier: GPL-3.0-or-later
"""Random faults, queries and alerts for two minutes (tests/bench/soak goes on for twenty)."""
import importlib.machinery
import importlib.util
import sys

import pytest

from testenv import REPO


def bench(name):
    """A script of tests/bench as a module."""
    sys.path.insert(0, str(REPO / "tests/bench"))
    try:
        loader = importlib.machinery.SourceFileLoader("bench_" + name, str(REPO / "tests/bench" / name))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
        loader.exec_module(module)
        return module
    finally:
        sys.path.pop(0)


@pytest.mark.timeout(400)
def test_94_01_soak(build, servers):
    figures = bench("soak").run(build, servers.base, 2, 20261121)
    print(figures)
    assert figures["faults"] > 15 and figures["alerts told"] > 100
    assert figures["RSS end KB"] < figures["RSS warm KB"] * 1.2 + 3000, figures
