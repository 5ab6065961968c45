# SPDX-License-Identifier: GPL-3.0-or-later
"""The text files of a tree, and what is comment in them."""
import re
import subprocess
from pathlib import Path

CODE = {".h", ".c", ".cpp"}
TEXT = CODE | {".md", ".py", ".proto", ".txt", ".cmake", ".sh", ".in", ".ini", ".json", ".conf", ".bash", ".1", ".5", ""}
# Samples of what others wrote, and sentences that are wrong on purpose.
LEFT_OUT = ("LICENSE", "tests/fuzz/corpus/", "tests/golden/", "tests/unit/external/samples/", "tests/tree/test_checks.py")
KEPT = ("tests/golden/README.md", "tests/unit/external/samples/README.md")


def tracked(root):
    """Paths relative to root: what git knows or would add; without git everything but build directories."""
    try:
        out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, check=True,
                             capture_output=True, text=True).stdout
        found = [Path(f) for f in out.split("\0") if f]
    except (OSError, subprocess.CalledProcessError):
        found = [p.relative_to(root) for p in Path(root).rglob("*")]
        found = [p for p in found if p.parts[0] not in ("build", ".git")]
    return sorted(p for p in found if (root / p).is_file())


class Tree:
    def __init__(self, root, files=None):
        self.root = Path(root)
        self.files = sorted(Path(f) for f in files) if files is not None else tracked(self.root)
        self.known = {str(f) for f in self.files}
        self.folders = {str(p) for f in self.files for p in f.parents if str(p) != "."}
        self.names = {f.name for f in self.files}
        self.top = {f.parts[0] for f in self.files if len(f.parts) > 1}
        self._text = {}

    def text(self, path):
        path = Path(path)
        if path not in self._text:
            self._text[path] = (self.root / path).read_text(errors="replace")
        return self._text[path]

    def texts(self):
        for f in self.files:
            name = str(f)
            if f.suffix in TEXT and (name in KEPT or not name.startswith(LEFT_OUT)) and "\0" not in self.text(f):
                yield f

    def exists(self, path):
        return str(path) in self.known or str(path).rstrip("/") in self.folders


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def without_breaks(text):
    """The same text with every line break, and the comment mark behind it, as spaces: what is found at an offset here is
    at the same offset there."""
    return re.sub(r"\n[ \t]*(?:///?|#+(?!include)|\*(?!/)|\.\\\")?[ \t]*", lambda m: " " * len(m.group(0)), text)


def comments(text, suffix):
    """The text with everything but comments blanked out, offsets kept. Python: docstrings and comments; Markdown: all."""
    if suffix == ".md":
        return text
    if suffix in CODE or suffix == ".proto":
        pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    else:
        pattern = r"\#[^\n]*|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\""
    out = list(re.sub(r"[^\n]", " ", text))
    for m in re.finditer(pattern, text, re.S):
        if m.group(0).startswith(("//", "/*", "#", '"""')):
            out[m.start():m.end()] = m.group(0)
    return "".join(out)
