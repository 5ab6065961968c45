# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page shows while an agent does not publish its contexts or alerts: the agent's own lists, asked for through
the link and brought into the form of the cloud's copies. Pure; replies are parsed as hostile (ValueError)."""
import json

STATUS = {"REMOVED": 2, "UNDEFINED": 3, "UNINITIALIZED": 1, "CLEAR": 4, "WARNING": 5, "CRITICAL": 6}
CONTEXTS = "/api/v1/contexts"
ALARMS = "/api/v1/alarms?all"


def contexts(body: bytes) -> list[dict]:
    """Of /api/v1/contexts."""
    found = _object(json.loads(body), "contexts")
    return [{"id": str(name), "title": str(c.get("title", name)), "units": str(c.get("units", "")),
             "family": str(c.get("family", "")), "chart_type": str(c.get("chart_type", "line")),
             "priority": _number(c.get("priority")), "collected": bool(c.get("collected", True))}
            for name, c in found.items() if isinstance(c, dict)]


def alerts(body: bytes) -> list[dict]:
    """Of /api/v1/alarms."""
    found = _object(json.loads(body), "alarms")
    return [{"name": str(a.get("name", name)), "chart": str(a.get("chart", "")),
             "status": STATUS.get(a.get("status"), 1), "old_status": 0, "when": _number(a.get("last_status_change")),
             "value_string": str(a.get("value_string", "")), "summary": str(a.get("summary") or a.get("info") or ""),
             "rendered_info": str(a.get("info", "")), "chart_context": str(a.get("context", "")),
             "transition_id": str(name)}
            for name, a in found.items() if isinstance(a, dict)]


def _object(data, key) -> dict:
    found = data.get(key) if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"no object {key} in the agent's answer")
    return found


def _number(value) -> int:
    return int(value) if isinstance(value, (int, float)) else 0
