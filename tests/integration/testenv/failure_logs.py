# SPDX-License-Identifier: GPL-3.0-or-later
"""What can tell why a test failed: logs of the servers that run, and the record of the local cloud."""

_sources = []


def add(title, tell):
    """tell() gives text; called only when a test fails."""
    _sources.append((title, tell))


def remove(title):
    _sources[:] = [w for w in _sources if w[0] != title]


def statements(lines=80):
    out = []
    for title, tell in _sources:
        try:
            text = tell()
        except Exception as e:  # a server that is gone has nothing to say; that must not hide the failure
            text = f"(nothing: {e!r})"
        if text:
            out.append((title, "\n".join(text.splitlines()[-lines:])))
    return out
