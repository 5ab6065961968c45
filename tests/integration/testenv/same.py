# SPDX-License-Identifier: GPL-3.0-or-later
"""Are two answers of the agent's API the same, but for what moves with time?

An agent asked twice within a second does not answer with the same bytes where counters, clocks or present values are
shown. `difference` compares content with those keys left out; VOLATILE is the list of them, by endpoint.
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
