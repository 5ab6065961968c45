# SPDX-License-Identifier: GPL-3.0-or-later
"""References to documents, sections and files that are not there.

A reference names a file of the repository and, where it means a section, its heading:

    proto/README.md, "Keep-alive"
    aclk/query/README.md, "Framing", "Paths" and "Replies"; claim/README.md, "Proxy"

Each function gives a list of (file, line, sentence).
"""
import re
from pathlib import Path

from files import CODE, comments, line_of, without_breaks

DOCUMENT = re.compile(r"(?<![\w./*${}-])((?:[\w.-]+/)*[\w-]+\.md)\b")
# What follows the name of a document: "Heading", more of them, `to` and `and` between them.
HEADINGS = re.compile(r'`?,\s+("[^"]+"(?:(?:,|\s+to|,?\s+and)\s+"[^"]+")*)')
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
SOURCE = re.compile(r"(?<![\w./<>*-])((?:[\w.-]+/)*[\w*-]+\.(?:h|c|cpp|py|proto|txt|cmake))(?![\w/])")


def headings(text):
    found, fence = [], False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            fence = not fence
        m = None if fence else re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        if m:
            found.append(m.group(1))
    return found


def slug(heading):
    """The anchor that web pages give to a heading."""
    return re.sub(r" ", "-", re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()))


def resolve(tree, path, here):
    """`path` as written in the file `here`: from the root, from its folder, or from a folder above that."""
    for folder in [Path("."), *[p for p in here.parents if str(p) != "."]]:
        candidate = Path(*[p for p in (folder / path).parts if p != "."])
        if ".." in candidate.parts:
            parts = []
            for p in candidate.parts:
                if p == "..":
                    parts = parts[:-1]
                else:
                    parts.append(p)
            candidate = Path(*parts)
        if tree.exists(candidate):
            return candidate
        if "*" in path and any(f.match(str(candidate)) for f in tree.files):
            return candidate
    return None


def of_documents(tree):
    """Every name of a document, and every heading named with it."""
    wrong = []
    for here in tree.texts():
        text = tree.text(here)
        if ".md" not in text:
            continue
        flat = without_breaks(text)
        for m in DOCUMENT.finditer(flat):
            name, line = m.group(1), line_of(text, m.start())
            target = resolve(tree, name, here)
            if target is None:
                wrong.append((here, line, f"there is no document {name}"))
                continue
            named = HEADINGS.match(flat, m.end())
            if not named:
                continue
            there = headings(tree.text(target)) if str(target) in tree.known else []
            for heading in re.findall(r'"([^"]+)"', named.group(1)):
                heading = re.sub(r"\s+", " ", heading)
                if heading not in there:
                    wrong.append((here, line, f'{target} has no heading "{heading}"'))
    return wrong


def of_links(tree):
    """Links of Markdown files to files and headings of this repository."""
    wrong = []
    for here in tree.texts():
        if here.suffix != ".md":
            continue
        text = tree.text(here)
        for m in LINK.finditer(text):
            target, _, anchor = m.group(1).partition("#")
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            file = resolve(tree, target, here) if target else here
            if file is None:
                wrong.append((here, line_of(text, m.start()), f"the link goes to {target}, which is not there"))
            elif anchor and anchor not in [slug(h) for h in headings(tree.text(file))]:
                wrong.append((here, line_of(text, m.start()), f"{file} has no heading for #{anchor}"))
    return wrong


def of_files(tree):
    """Files and folders that Markdown files name in code spans, and that comments of headers name."""
    wrong = []
    for here in tree.texts():
        text = tree.text(here)
        if here.suffix == ".md":
            for m in SPAN.finditer(text):
                name = m.group(1).split(" ")[0].rstrip("/")
                if not re.fullmatch(r"[\w./*-]+", name) or "NN" in name:
                    continue
                inside = name.split("/")[0] in tree.top and "/" in name
                source = re.fullmatch(r"[\w*-]+\.(?:h|cpp|c|proto)", name)
                if inside and resolve(tree, name, here) is None:
                    wrong.append((here, line_of(text, m.start()), f"there is no {name}"))
                elif source and name not in tree.names and not any(f.match(name) for f in tree.files):
                    wrong.append((here, line_of(text, m.start()), f"there is no file {name} anywhere"))
        elif here.suffix == ".h":
            shown = comments(text, here.suffix)
            for m in SOURCE.finditer(shown):
                name = m.group(1)
                if "/" not in name and name in tree.names:
                    continue
                if resolve(tree, name, here) is None and resolve(tree, f"plugin-api/include/{name}", here) is None:
                    wrong.append((here, line_of(text, m.start()), f"there is no {name}"))
        elif here.suffix in CODE:
            shown = comments(text, here.suffix)
            for m in SOURCE.finditer(shown):
                name = m.group(1)
                if name.split("/")[0] in tree.top and "/" in name and resolve(tree, name, here) is None:
                    wrong.append((here, line_of(text, m.start()), f"there is no {name}"))
    return wrong
