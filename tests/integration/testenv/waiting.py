# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, never for a time."""
import time


class Timeout(AssertionError):
    """What was waited for did not happen."""


def wait_until(cond, timeout=10.0, what=None, interval=0.05):
    """Calls cond() until it gives something true, and returns that.

    Assertion and connection errors inside cond count as "not yet"; the last one is named when time is up.
    """
    end = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = cond()
            if value:
                return value
            last = value
        except (AssertionError, OSError, LookupError) as e:
            last = e
        if time.monotonic() >= end:
            text = what() if callable(what) else what or getattr(cond, "__name__", "the condition")
            raise Timeout(f"not within {timeout:g} s: {text} (last seen: {last!r:.500})")
        time.sleep(interval)


def stays(cond, seconds, what, interval=0.05):
    """The opposite: cond() must stay true for that long. For "does not happen", where nothing can be awaited."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert cond(), f"no longer true: {what}"
        time.sleep(interval)
