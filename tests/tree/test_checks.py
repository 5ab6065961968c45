# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks themselves: what is wrong in a small tree is found, what is right is not."""
import pytest

import references
import rooms
from files import Tree

ORDER = "# House\n\n## The order of the rooms\n\n```rooms\nproto\nclaim  aclk/loop\naclk/session\n```\n"


@pytest.fixture
def tree(tmp_path):
    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Tree(tmp_path, files)
    return make


WIRE = {"proto/README.md": "# The wire\n\n## Keep-alive\n\n### Alert checkpoint\n"}


def sentences(wrong):
    return [f"{file}:{line}: {sentence}" for file, line, sentence in wrong]


@pytest.mark.parametrize("text, found", [
    ('// Asks (proto/README.md, "Keep-alive").\n', []),
    ('// Asks (proto/README.md, "Keep-alive" and "Alert checkpoint").\n', []),
    ('// Asks, as in proto/README.md,\n// "Alert\n// checkpoint", often.\n', []),
    ('// Asks (proto/README.md).\n', []),
    ('// Asks (proto/README.md, "Patience").\n', ['a.h:1: proto/README.md has no heading "Patience"']),
    ('int a;\n// Asks (proto/README.md, "Keep-alive",\n// "Patience").\n',
     ['a.h:2: proto/README.md has no heading "Patience"']),
    ("// Asks (notes.md 2.8).\n", ["a.h:1: there is no document notes.md"]),
    ("/* Asks: docs/wire.md. */\n", ["a.h:1: there is no document docs/wire.md"]),
])
def test_headings_in_comments(tree, text, found):
    assert sentences(references.of_documents(tree({**WIRE, "a.h": text}))) == found


def test_a_document_is_found_beside_the_file_and_above_it(tree):
    t = tree({**WIRE, "proto/deep/a.cpp": '// README.md, "Keep-alive"\n', "proto/STATES.md": "# S\n",
              "proto/b.h": "// STATES.md is made from it.\n"})
    assert references.of_documents(t) == []


def test_headings_in_code_blocks_are_none(tree):
    t = tree({"README.md": "# A\n\n```\n# B\n```\n", "a.md": 'See `README.md`, "B" and\n`README.md`, "A".\n'})
    assert sentences(references.of_documents(t)) == ['a.md:1: README.md has no heading "B"']


def test_links(tree):
    t = tree({**WIRE, "README.md": "[a](proto/README.md#keep-alive) [b](https://example.org/x.html)\n[c](#top)\n\n# Top\n\n"
                                   "[d](proto/README.md#patience) [e](nowhere/at/all.html)\n"})
    assert sentences(references.of_links(t)) == [
        "README.md:6: proto/README.md has no heading for #patience",
        "README.md:6: the link goes to nowhere/at/all.html, which is not there"]


def test_files_that_markdown_names(tree):
    t = tree({"claim/proxy.h": "", "claim/read_a.cpp": "",
              "README.md": "`claim/proxy.h`, `proxy.h`, `claim/`, `claim/read_*.cpp`, `cloud.d/x`, `claim/proxy.h --help`\n"
                           "`claim/claim_sources.h`, `claim/deep`, `wish.cpp`\n"})
    assert sentences(references.of_files(t)) == ["README.md:2: there is no claim/claim_sources.h", "README.md:2: there is no claim/deep",
                                                 "README.md:2: there is no file wish.cpp anywhere"]


def test_files_that_comments_name(tree):
    t = tree({"claim/base/log_budget.h": "", "claim/proxy.h": "// See base/log_budget.h, claim/base/log_budget.h and nothing.h.\n#include <a.h>\n",
              "claim/proxy.cpp": '// As claim/gone.h has it.\nconst char *s = "claim/text.h";\n'})
    assert sorted(sentences(references.of_files(t))) == ["claim/proxy.cpp:1: there is no claim/gone.h",
                                                         "claim/proxy.h:1: there is no nothing.h"]


def test_includes_run_upwards_only(tree):
    t = tree({"aclk/README.md": ORDER, "proto/a.h": "", "claim/a.h": '#include "proto/a.h"\n#include "claim/b.h"\n', "claim/b.h": "",
              "aclk/loop/a.h": "", "aclk/session/a.cpp": '#include "aclk/loop/a.h"\n#include <vector>\n'})
    assert rooms.against(t, rooms.order(ORDER)) == []


@pytest.mark.parametrize("file, include, sentence", [
    ("proto/a.h", '#include "claim/a.h"', "proto may not include claim/a.h: claim does not stand above it"),
    ("claim/a.h", '# include "aclk/loop/a.h"', "claim may not include aclk/loop/a.h: aclk/loop does not stand above it"),
    ("aclk/b.h", '#include "proto/a.h"', 'aclk/b.h is in no room of aclk/README.md, "The order of the rooms"'),
])
def test_an_include_against_the_order_is_found(tree, file, include, sentence):
    t = tree({"aclk/README.md": ORDER, file: f"// x\n{include}\n"})
    assert sentences(rooms.against(t, rooms.order(ORDER))) == [f"{file}:2: {sentence}"]


def test_exceptions_are_pairs():
    assert rooms.exceptions("# why\na/b.h c/d.h\n\n") == {("a/b.h", "c/d.h")}


def test_a_room_stands_once_in_the_list():
    with pytest.raises(ValueError):
        rooms.order("```rooms\na\nb a\n```\n")
