# SPDX-License-Identifier: GPL-3.0-or-later
"""The ABI is frozen for its major version: sizes, offsets and values of <netdata-aclk/plugin.h> are those recorded.

abi_layout.txt has a line for each: what was released never changes; a field at the end of a struct, a new function's
struct or a new value is added with the next minor version. To record an addition: ACLK_RECORD_ABI=1.
"""
import os
import platform
import re
import subprocess
from pathlib import Path

import pytest

from testenv.paths import REPO

HEADER = REPO / "plugin-api/include/netdata-aclk/plugin.h"
RECORDED = Path(__file__).with_name("abi_layout.txt")
ADDED = "# added by minor version "


def declarations():
    """Structs with their members, and enumerators, as the header writes them."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    structs = {}
    for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", text, flags=re.S | re.M):
        members = []
        for line in re.split(r";", body):
            line = " ".join(line.split())
            function = re.match(r".*?\(\*(\w+)\)\(", line)
            plain = re.match(r"^[\w ]+?[ *]+(\w+)$", line)
            assert not line or function or plain, f"struct {name}: a member that this test does not read: {line}"
            if line:
                members.append((function or plain).group(1))
        structs[name] = members
    values = [v for body in re.findall(r"^enum \w+ \{(.*?)\};", text, flags=re.S | re.M) for v in re.findall(r"(\w+) =", body)]
    return structs, values


def layout(tmp):
    structs, values = declarations()
    lines = ['#include <stddef.h>', '#include <stdio.h>', '#include <netdata-aclk/plugin.h>', "int main(void) {"]
    for name, members in structs.items():
        for m in members:
            lines.append(f'printf("{name}.{m} at %zu, %zu bytes\\n", offsetof(struct {name}, {m}), '
                         f"sizeof(((struct {name} *)0)->{m}));")
    lines += [f'printf("{v} = %u\\n", (unsigned){v});' for v in values]
    (tmp / "layout.c").write_text("\n".join([*lines, "return 0; }"]))
    subprocess.run(["cc", f"-I{HEADER.parents[1]}", tmp / "layout.c", "-o", tmp / "layout"], check=True)
    return subprocess.run([tmp / "layout"], capture_output=True, text=True, check=True).stdout.splitlines()


def number(name):
    return int(re.search(rf"#define {name} (\d+)u", HEADER.read_text()).group(1))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="recorded on x86-64")
def test_191_01_what_the_abi_has_is_where_it_was(tmp_path):
    now = layout(tmp_path)
    major, minor = number("NACLK_ABI_MAJOR"), number("NACLK_ABI_MINOR")
    head = f"# ABI {major}, x86-64"
    if os.environ.get("ACLK_RECORD_ABI"):
        old = RECORDED.read_text().splitlines() if RECORDED.exists() else [head]
        new = [x for x in now if x not in old]
        RECORDED.write_text("\n".join(old + ([f"{ADDED}{minor}"] if minor and new else []) + new) + "\n")
    recorded = RECORDED.read_text().splitlines()
    assert recorded[0] == head
    gone = [x for x in recorded if not x.startswith("#") and x not in now]
    assert not gone, f"no longer so, which only a new major version may change: {gone}"
    unrecorded = [x for x in now if x not in recorded]
    assert not unrecorded, f"new: raise the minor version and record it: {unrecorded}"


def test_191_02_additions_come_with_a_minor_version_that_the_header_has():
    added = [int(x.removeprefix(ADDED)) for x in RECORDED.read_text().splitlines() if x.startswith(ADDED)]
    assert added == sorted(added) and max(added, default=0) == number("NACLK_ABI_MINOR")


def test_191_03_every_struct_that_crosses_the_border_begins_with_its_size():
    structs, _ = declarations()
    without = {"naclk_str", "naclk_pair", "naclk_capability", "naclk_request"}    # values, which never grow
    assert {n for n, members in structs.items() if members[0] != "size"} == without
