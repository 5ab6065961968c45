# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that ends a run with cases of the fault matrix: of every stage the faults by the status they led to."""
import textwrap

WIDTH = 118
STAGES = ["DNS", "TCP", "TLS", "env", "challenge", "password", "upgrade", "CONNECT", "SUBSCRIBE", "online idle",
          "online busy", "draining"]


def cases_of(reports):
    """The recorded cases of pytest's reports; those of xdist's workers are among them."""
    return [value for r in reports if r.when == "call" for key, value in r.user_properties if key == "fault"]


def table(cases):
    """Lines for people."""
    if not cases:
        return []
    failed = sum(1 for c in cases if c[2] == "FAILED")
    slowest = max((c[3] for c in cases), default=0)
    out = [f"{len(cases)} cases (stage x fault), {len(cases) - failed} as expected, {failed} not; back online "
           f"{slowest:.1f} s after the fault at the latest"]
    for stage in [*STAGES, *sorted({c[0] for c in cases} - set(STAGES))]:
        mine = [c for c in cases if c[0] == stage]
        if not mine:
            continue
        out.append(f"{stage} ({len(mine)})")
        by_status = {}
        for _, fault, status, *_ in mine:
            by_status.setdefault(status or "ok, borne", []).append(fault)
        for status in sorted(by_status, key=lambda s: (s != "FAILED", s)):
            out += textwrap.wrap(", ".join(by_status[status]), WIDTH, initial_indent=f"  {status}: ",
                                 subsequent_indent="      ", break_long_words=False, break_on_hyphens=False)
    return out
