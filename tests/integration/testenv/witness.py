# SPDX-License-Identifier: GPL-3.0-or-later
"""What can tell why a test failed: logs of the servers that run, and the record of the local cloud."""

_witnesses = []


def add(title, tell):
    """tell() gives text; called only when a test fails."""
    _witnesses.append((title, tell))


def remove(title):
    _witnesses[:] = [w for w in _witnesses if w[0] != title]


def statements(lines=80):
    out = []
    for title, tell in _witnesses:
        try:
            text = tell()
        except Exception as e:  # a server that is gone has nothing to say; that must not hide the failure
            text = f"(nothing: {e!r})"
        if text:
            out.append((title, "\n".join(text.splitlines()[-lines:])))
    return out
