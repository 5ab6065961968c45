# SPDX-License-Identifier: GPL-3.0-or-later
"""Is an answer the agent's own, although the agent does not stand still?

An agent asked twice within a second does not answer with the same bytes: counters, clocks and present values move, and
charts, dimensions and alarms come and go. So the agent is asked before and after, and the answer in question has to lie
between the two: `wrong` compares the three. `difference` compares two. Both leave out what moves back and forth;
VOLATILE is the list of those keys, by endpoint.
"""
import json

VOLATILE = {
    "info": {"alarms", "charts-count", "metrics-count"},
    "charts": {"first_entry", "last_entry", "duration", "rrd_memory_bytes", "alarms_count"},
    "chart": {"first_entry", "last_entry", "duration"},
    "contexts": {"first_time_t", "last_time_t"},
    "context": {"first_time_t", "last_time_t"},
    "alarms": {"now", "latest_alarm_log_unique_id", "value", "value_string", "last_updated", "next_update", "status",
               "last_status_change", "last_repeat", "times_repeat", "delay", "delay_up_to_timestamp"},
    "alarm_log": {"processed", "updated", "updated_by_id", "exec_run", "exec_failed", "exec_code"},
    "allmetrics": {"value", "last_updated"},
}


def endpoint(target):
    """"/node/…/api/v1/data?x" → "data"."""
    return target.partition("?")[0].rstrip("/").rpartition("/")[2]


def strip(value, keys):
    if isinstance(value, dict):
        return {k: strip(v, keys) for k, v in value.items() if k not in keys}
    if isinstance(value, list):
        return [strip(v, keys) for v in value]
    return value


def first_difference(a, b, where=""):
    """Path and values of the first place where two JSON values differ; None when they are equal."""
    if isinstance(a, dict) and isinstance(b, dict):
        for k in list(a) + [k for k in b if k not in a]:
            if k not in a or k not in b:
                return f"{where}/{k}: only in the {'second' if k not in a else 'first'}"
            if d := first_difference(a[k], b[k], f"{where}/{k}"):
                return d
        return None
    if isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return f"{where}: {len(a)} items, {len(b)} items"
        for i, (x, y) in enumerate(zip(a, b)):
            if d := first_difference(x, y, f"{where}[{i}]"):
                return d
        return None
    return None if a == b else f"{where}: {a!r:.80} and {b!r:.80}"


def _log_entries(entries, other):
    """Entries of an alert log that the other reading has too: a newer one may have come in between."""
    ids = {e["unique_id"] for e in other}
    return {str(e["unique_id"]): e for e in entries if e["unique_id"] in ids}


def difference(target, a: bytes, b: bytes):
    """None when both bodies are the same; "" when only what moves differs; else what differs, as text."""
    if a == b:
        return None
    name = endpoint(target)
    try:
        x, y = json.loads(a), json.loads(b)
    except ValueError:
        return f"{len(a)} and {len(b)} bytes that are not both JSON"
    if name == "alarm_log":
        if not x and y or not y and x:
            return "one of them is empty"
        x, y = _log_entries(x, y), _log_entries(y, x)
    keys = VOLATILE.get(name, set())
    return first_difference(strip(x, keys), strip(y, keys)) or ""


# ------------------------------------------------------------------------------------------------ one between two

def _number(v):
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def outside(value, before, after, where=""):
    """Path and values of the first place where `value` does not lie between the other two; None when all does.

    A number lies between two numbers, anything else equals one of them. A key may be there if one of them has it, and
    has to be there if both have it. The items of a list that has changed its length likewise.
    """
    if value == before or value == after:
        return None
    if isinstance(value, dict) and isinstance(before, dict) and isinstance(after, dict):
        for k in {**before, **after, **value}:
            here = f"{where}/{k}"
            known = [d[k] for d in (before, after) if k in d]
            if k not in value:
                if len(known) == 2:
                    return f"{here}: missing"
            elif not known:
                return f"{here}: only here"
            elif found := outside(value[k], known[0], known[-1], here):
                return found
        return None
    if isinstance(value, list) and isinstance(before, list) and isinstance(after, list):
        if len(value) == len(before) == len(after):
            return next((found for i, three in enumerate(zip(value, before, after))
                         if (found := outside(*three, f"{where}[{i}]"))), None)
        for i, v in enumerate(value):
            if v not in before and v not in after:
                return f"{where}[{i}]: only here: {v!r:.80}"
        for v in before:
            if v in after and v not in value:
                return f"{where}: missing: {v!r:.80}"
        return None
    if _number(value) and _number(before) and _number(after) and min(before, after) <= value <= max(before, after):
        return None
    return f"{where}: {value!r:.80}, not {before!r:.80} or {after!r:.80}"


def _content(target, body):
    """What is compared: JSON without what moves back and forth, a log by the ids of its entries, else lines."""
    try:
        value = json.loads(body)
    except ValueError:
        return body.splitlines()
    if endpoint(target) == "alarm_log":
        value = {str(e["unique_id"]): e for e in value}
    return strip(value, VOLATILE.get(endpoint(target), set()))


def wrong(target, body: bytes, before: bytes, after: bytes):
    """None when `body` can be what the agent said between `before` and `after`; else what cannot be."""
    if body in (before, after):
        return None
    return outside(*(_content(target, b) for b in (body, before, after)))


def stands_still(target, before: bytes, after: bytes):
    """The agent's two answers have the same content."""
    return _content(target, before) == _content(target, after)
