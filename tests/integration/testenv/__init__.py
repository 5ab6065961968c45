# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers as Python objects: one class per server, each with start, stop and a wait until it is live.

Every process is started through `Process`, which marks it (environment variable ACLK_TEST_RUN), ends it with its
starter, and lets a session prove that nothing is left. Every port comes from `take_port`.
"""
from .blunt_proxy import BluntProxy
from .dante import Dante
from .faultproxy import FaultProxy, ProxyLoop, Rule
from .netdata import Netdata, Reply
from .paths import Build, REPO
from .plugin import Plugin
from .ports import take_port
from .process import Process, leftovers
from .squid import Squid
from .synthetic import Synthetic, SyntheticHome
from .testcharts import TestCharts
from .tinyproxy import TinyProxy
from .waiting import Timeout, stays, wait_until

__all__ = ["BluntProxy", "Build", "Dante", "FaultProxy", "Netdata", "Plugin", "Process", "ProxyLoop", "REPO", "Reply", "Rule", "Squid",
           "Synthetic", "SyntheticHome", "TestCharts", "Timeout", "TinyProxy", "leftovers", "stays", "take_port",
           "wait_until"]
