# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for the files of this repository."""
from pathlib import Path

import pytest

import references
import rooms
from files import Tree

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tree():
    return Tree(ROOT)


def told(wrong):
    return "".join(f"\n{file}:{line}: {sentence}" for file, line, sentence in wrong)


def test_documents_and_headings_that_are_named_exist(tree):
    wrong = references.of_documents(tree)
    assert not wrong, told(wrong)


def test_links_lead_somewhere(tree):
    wrong = references.of_links(tree)
    assert not wrong, told(wrong)


def test_files_that_documents_and_headers_name_exist(tree):
    wrong = references.of_files(tree)
    assert not wrong, told(wrong)


def test_includes_follow_the_order_of_the_rooms(tree):
    known = rooms.exceptions(tree.text(rooms.EXCEPTIONS))
    wrong = rooms.against(tree, rooms.order(tree.text("aclk/README.md")))
    included = {(str(file), path) for places in rooms.arrows(tree, rooms.order(tree.text("aclk/README.md"))).values()
                for file, _, path in places}
    used = {(f, p) for f, p in known if (f, p) in included}
    new = [w for w in wrong if not any(str(w[0]) == f and p in w[2] for f, p in known)]
    assert not new, told(new)
    assert used == known, f"not needed any more in {rooms.EXCEPTIONS}: {sorted(known - used)}"


def test_every_room_of_the_list_is_a_folder(tree):
    missing = [r for r in rooms.order(tree.text("aclk/README.md")) if r not in tree.folders]
    assert not missing


def test_tests_of_a_file_stand_in_a_namespace_of_its_name(tree):
    """A folder's files are compiled as one, and each has its own `tests`."""
    missing = [str(f) for f in ROOT.glob("tests/*/*/test_*.cpp") if f"namespace {f.stem} {{" not in f.read_text()]
    assert not missing
