# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: what can go wrong × where the link is when it does.

    link_rig.py   one host behind proxies of its own, with a local cloud that several rigs share
    fault_case.py one case: the fault, the status and the sentence that must be shown, and how it is judged
    injections.py how a fault is brought about
    table_*.py    the cases, stage by stage
    run.py        the cases of a file on its rigs, side by side
    summary.py    the table at the end of the run
    doctor.py     the same cases for netdata-aclk doctor, which names the fault that a link would meet
    test_9*.py    each file: one local cloud, some rigs
"""
