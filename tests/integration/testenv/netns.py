# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of its own for a program: nothing but the addresses of the loopback device. For root.

`with Network() as net: net.prefix` runs a command in it. A port of the outside is brought in by net.bring(address, port):
whoever connects to it in there is connected to 127.0.0.1 outside.
"""
import ctypes
import functools
import os
import socket
import subprocess
import threading

from .process import Process
from .waiting import wait_until

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@functools.lru_cache
def possible():
    if os.getuid() != 0:
        return False
    try:
        return subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], capture_output=True,
                              timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class Network:
    """ipv4=False: the loopback device has ::1 only."""

    def __init__(self, base, ipv4=True):
        self.base, self.ipv4 = base, ipv4
        self.keeper = None
        self._open = []                     # sockets that are ours to close

    def start(self):
        setup = "ip link set lo up && " + ("" if self.ipv4 else "ip address del 127.0.0.1/8 dev lo && ")
        self.base.mkdir(parents=True, exist_ok=True)
        self.keeper = Process(["unshare", "--net", "sh", "-c", setup + "echo ready && exec sleep infinity"],
                              self.base / "netns.log")
        wait_until(lambda: "ready" in self.keeper.text(), 10, lambda: f"a network: {self.keeper.text()}")
        return self

    @property
    def prefix(self):
        return ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", "--"]

    def counters(self):
        """How much IP has been sent or tried: {name: count} of /proc/net/snmp, in this network."""
        text = (f"/proc/{self.keeper.pid}/net/snmp", f"/proc/{self.keeper.pid}/net/snmp6")
        lines = [x.split() for x in open(text[0])]
        found = {f"{head[0]}{k}": int(v) for head, values in zip(lines[::2], lines[1::2])
                 for k, v in zip(head[1:], values[1:])}
        found.update({k: int(v) for k, v in (x.split() for x in open(text[1]))})
        return {k: found[k] for k in ("Ip:OutRequests", "Ip:OutNoRoutes", "Tcp:ActiveOpens", "Udp:OutDatagrams",
                                      "Ip6OutRequests", "Ip6OutNoRoutes", "Udp6OutDatagrams")}

    def bring(self, address, port):
        """127.0.0.1:port of the outside can be reached at this address in here. Returns the connections so far: a list
        that grows."""
        accepted = []
        listener = self._inside(lambda: socket.create_server((address, port), family=_family(address)))
        self._open.append(listener)
        threading.Thread(target=self._serve, args=(listener, port, accepted), daemon=True).start()
        return accepted

    def _serve(self, listener, port, accepted):
        while True:
            try:
                inner, peer = listener.accept()
            except OSError:
                return
            accepted.append(peer)
            outer = socket.create_connection(("127.0.0.1", port))
            self._open += [inner, outer]
            for a, b in ((inner, outer), (outer, inner)):
                threading.Thread(target=_copy, args=(a, b), daemon=True).start()

    def _inside(self, make):
        """A socket belongs to the network in which it was made, whoever uses it: a thread goes there to make it."""
        result = []

        def go():
            try:
                with open(f"/proc/{self.keeper.pid}/ns/net") as ns:
                    if _libc.setns(ns.fileno(), _CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                result.append(make())
            except OSError as e:
                result.append(e)
        t = threading.Thread(target=go)
        t.start()
        t.join()
        if isinstance(result[0], OSError):
            raise result[0]
        return result[0]

    def stop(self):
        for s in self._open:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        self._open = []
        if self.keeper:
            self.keeper.stop()
            self.keeper = None

    __enter__ = start

    def __exit__(self, *_):
        self.stop()


def _family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _copy(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
