# SPDX-License-Identifier: GPL-3.0-or-later
"""Includes against the order of the rooms, which stands in aclk/README.md, "The order of the rooms"."""
import re

from files import CODE, line_of

PRODUCT = ("aclk", "claim", "proto", "plugin-api")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<(netdata-aclk/[^>]+)>)', re.M)
# Folders that only group rooms and hold no code.
EXCEPTIONS = "tests/tree/exceptions.txt"


def order(readme):
    """{room: line}, the lowest line first. The list is the fenced block named `rooms`."""
    m = re.search(r"^```rooms\n(.*?)^```", readme, re.M | re.S)
    if not m:
        raise ValueError('aclk/README.md has no block "rooms"')
    found = {}
    for level, line in enumerate(m.group(1).splitlines()):
        for room in line.split():
            if room in found:
                raise ValueError(f"{room} stands twice in the list of rooms")
            found[room] = level
    return found


def room_of(path, rooms):
    """The innermost room that holds this file; None: it is in none."""
    parts = str(path).split("/")[:-1]
    for n in range(len(parts), 0, -1):
        name = "/".join(parts[:n])
        if name in rooms:
            return name
    return None


def includes(tree, here):
    """(line, path) of everything that a file includes of this repository; also what the build makes."""
    text = tree.text(here)
    for m in INCLUDE.finditer(text):
        path = m.group(1) or f"plugin-api/include/{m.group(2)}"
        if "/" not in path:
            path = str(here.parent / path)
        yield line_of(text, m.start()), path


def arrows(tree, rooms):
    """{(room, room): [(file, line, included)]} between different rooms."""
    found = {}
    for here in tree.files:
        if here.parts[0] in PRODUCT and here.suffix in CODE:
            for line, path in includes(tree, here):
                pair = (room_of(here, rooms), room_of(path, rooms))
                if pair[0] != pair[1]:
                    found.setdefault(pair, []).append((here, line, path))
    return found


def against(tree, rooms):
    """[(file, line, sentence)] of includes that run against the order, and of code in no room."""
    wrong = []
    for (room, used), where in sorted(arrows(tree, rooms).items(), key=str):
        for here, line, path in where:
            if room is None or used is None:
                nowhere = here if room is None else path
                wrong.append((here, line, f'{nowhere} is in no room of aclk/README.md, "The order of the rooms"'))
            elif rooms[used] >= rooms[room]:
                wrong.append((here, line, f"{room} may not include {path}: {used} does not stand above it"))
    return wrong


def exceptions(text):
    """`file included` on each line: includes that are known to run the wrong way. The list only shrinks."""
    return {tuple(line.split()) for line in text.splitlines() if line.strip() and not line.startswith("#")}
