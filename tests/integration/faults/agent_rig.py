# SPDX-License-Identifier: GPL-3.0-or-later
"""A rig whose link is inside an agent (testenv/compiled_in.py), for the cases whose faults are on its way to the cloud."""
import json

from testenv import compiled_in, process

from .link_rig import Legs, LinkRig


class AgentRig(LinkRig):
    def __init__(self, build, base, name, cloud, loop, seed, hasty=False, busy=False):
        assert not (hasty or busy), "an agent's deadlines are its own, and so are its alerts"
        self.agent = compiled_in.CompiledIn(base / name, name=name).start()
        Legs.__init__(self, build, name, cloud, loop, self.agent)
        self.busy = False

    @property
    def host(self):
        return self.agent

    def start(self):
        # It was claimed while it ran, and is connected without the proxies between.
        self.calm()
        self.reread()
        self.wait_online()
        self.works()
        self.descriptors = self.count_descriptors()
        return self

    def stop(self):
        self.agent.stop()

    def reread(self):
        assert self.agent.cli("reload-claiming-state")[0] == 0

    def recent(self):
        return self.agent.error_log[-2500:]

    def state(self):
        return json.loads(self.agent.cli("aclk-state json")[1])

    def count_descriptors(self):
        """Of connections to the cloud: an agent opens and closes others as it likes."""
        ways = {p.port for p in (self.env, self.auth, self.broker)}
        return sum(port in ways for _, port, _ in process.sockets(self.agent.pid))

    def cpu(self):
        """Of the link's threads."""
        def seconds(thread):
            try:
                with open(f"/proc/{self.agent.pid}/task/{thread}/schedstat") as f:
                    return int(f.read().split()[0]) / 1e9
            except OSError:
                return 0.0
        return sum(seconds(t) for t in process.threads(self.agent.pid)
                   if process.thread_name(self.agent.pid, t).startswith("ACLK"))


__all__ = ["AgentRig"]
