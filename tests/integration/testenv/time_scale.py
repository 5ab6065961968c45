# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of the link, divided: no test waits for minutes until a deadline has passed. Only the synthetic host and the
programs of tests/time_scale know it."""


def options(deadlines=1, pauses=1):
    """Of the synthetic host."""
    return {"divide_deadlines_by": deadlines, "divide_pauses_by": pauses}


def environment(deadlines=1, pauses=1):
    """Of build.plugin_scaled and build.cli_scaled."""
    return {"ACLK_DIVIDE_DEADLINES_BY": deadlines, "ACLK_DIVIDE_PAUSES_BY": pauses}
