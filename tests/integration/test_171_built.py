# SPDX-License-Identifier: GPL-3.0-or-later
"""How the programs are built: what an attacker who finds a fault in them still has against him."""
import re
import subprocess

import pytest

PROGRAMS = ("aclk.plugin", "netdata-aclk", "libnetdata-aclk.so")


def readelf(path, *what):
    return subprocess.run(["readelf", "--wide", *what, path], capture_output=True, text=True, check=True).stdout


@pytest.fixture(params=PROGRAMS)
def program(build, request):
    found = [p for p in build.dir.glob(f"plugin-api/**/{request.param}") if p.is_file()]
    assert found, f"{request.param} is not built"
    return found[0]


class TestHardening:
    def test_171_01_addresses_are_resolved_at_the_start_and_then_read_only(self, program):
        assert "GNU_RELRO" in readelf(program, "--program-headers")
        assert re.search(r"BIND_NOW|FLAGS.*NOW", readelf(program, "--dynamic"))

    def test_171_02_programs_are_position_independent_and_the_stack_is_not_executable(self, program):
        assert re.search(r"Type:\s+DYN", readelf(program, "--file-header"))
        stack = next(x for x in readelf(program, "--program-headers").splitlines() if "GNU_STACK" in x)
        assert " RWE " not in stack

    def test_171_03_the_stack_is_protected(self, program):
        assert "__stack_chk_fail" in readelf(program, "--dyn-syms")

    def test_171_04_calls_that_copy_are_checked(self, build, program):
        if build.sanitizer or "CMAKE_BUILD_TYPE:STRING=Debug" in (build.dir / "CMakeCache.txt").read_text():
            pytest.skip("sanitizers bring their own; FORTIFY needs optimizing")
        assert re.search(r"__\w+_chk@", readelf(program, "--dyn-syms"))
