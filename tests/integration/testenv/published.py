# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what the cloud was told what the agent says of itself?"""
from .answers import first_difference

STATUS = {"UNINITIALIZED": 1, "REMOVED": 2, "UNDEFINED": 3, "CLEAR": 4, "WARNING": 5, "CRITICAL": 6}


def own_contexts(agent, guid=None):
    """Of an agent (or a child of it): context -> fields as in the cloud's copy, versions left out."""
    prefix = f"/host/{guid}" if guid else ""
    listed = agent.api(prefix + "/api/v1/contexts").json()["contexts"]
    return {name: {"title": c["title"], "units": c["units"], "family": c["family"], "chart_type": c["chart_type"],
                   "priority": c["priority"], "first_entry": c["first_time_t"],
                   "last_entry": 0 if c["collected"] else c["last_time_t"]} for name, c in listed.items()}


def told_contexts(cloud, node_id):
    """The same of the cloud."""
    keys = ("title", "units", "family", "chart_type", "priority", "first_entry", "last_entry")
    return {name: {k: c[k] for k in keys} for name, c in cloud.contexts(node_id).items()}


def contexts_differ(agent, cloud, node_id, guid=None):
    """None when both say the same, else the first difference as text."""
    return first_difference(own_contexts(agent, guid), told_contexts(cloud, node_id))


def own_alerts(agent, guid=None):
    """(chart, name) -> (status, when) of every alert of an agent that can be raised."""
    prefix = f"/host/{guid}" if guid else ""
    alarms = agent.api(prefix + "/api/v1/alarms?all").json()["alarms"].values()
    return {(a["chart"], a["name"]): (STATUS[a["status"]], a["last_status_change"])
            for a in alarms if (a.get("warn") or a.get("crit")) and a["status"] != "REMOVED"}


def told_alerts(cloud, node_id):
    return {(a["chart_name"], a["name"]): (a["status"], a["when"]) for a in cloud.alerts(node_id)["active"]}


def alerts_differ(agent, cloud, node_id, guid=None, exactly=False):
    """None when the cloud has every alert in the agent's status, else what differs.

    An alert that has no status yet, or none any more, is told after ten minutes only (aclk/sync/README.md, "Alerts").
    exactly: as after a snapshot, which has those too, and every alert since the same second as the agent."""
    own, told = own_alerts(agent, guid), told_alerts(cloud, node_id)
    if not exactly:
        waiting = {k for k, v in own.items() if v[0] in (STATUS["UNINITIALIZED"], STATUS["UNDEFINED"])}
        own, told = ({k: v[0] for k, v in d.items() if k not in waiting} for d in (own, told))
    wrong = [f"{'.'.join(k)}: agent {own.get(k)}, cloud {told.get(k)}" for k in sorted({*own, *told})
             if own.get(k) != told.get(k)]
    return "; ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "") or None
