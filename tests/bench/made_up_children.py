#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Children of a parent that are made up: connections that speak the text of netdata 1.37's streaming, and nothing else.

    made_up_children.py PORT KEY COUNT CONTEXTS ALERTS

Each has CONTEXTS charts of a context of their own, and ALERTS charts of the context madeup.load, all collected once a
second. Commands on stdin, one a line: "load N" sets madeup.load of the first of these charts of every child, "chart
NAME" gives every child one more chart with a context, "label VALUE" changes a host label of every child.
"""
import selectors
import socket
import sys
import time
import uuid

# Capabilities of 1.37 that are text: no compression, replication, or binary numbers.
CAPABILITIES = 8 + 16 + 32 + 64 + 128 + 512 + 2048
ABOUT = {
    "os": "linux", "timezone": "UTC", "abbrev_timezone": "UTC", "utc_offset": "0", "update_every": "1", "hops": "1",
    "ml_capable": "0", "ml_enabled": "0", "tags": "", "NETDATA_PROTOCOL_VERSION": "1.1",
    "NETDATA_SYSTEM_OS_NAME": "Debian", "NETDATA_SYSTEM_OS_ID": "debian", "NETDATA_SYSTEM_OS_VERSION": "12",
    "NETDATA_SYSTEM_KERNEL_NAME": "Linux", "NETDATA_SYSTEM_KERNEL_VERSION": "6.1.0",
    "NETDATA_SYSTEM_ARCHITECTURE": "x86_64", "NETDATA_SYSTEM_VIRTUALIZATION": "kvm",
    "NETDATA_SYSTEM_CONTAINER": "none", "NETDATA_SYSTEM_CPU_LOGICAL_CPU_COUNT": "4",
    "NETDATA_SYSTEM_CPU_FREQ": "2000000000", "NETDATA_SYSTEM_TOTAL_RAM": "8000000000",
    "NETDATA_SYSTEM_TOTAL_DISK_SIZE": "80000000000",
}


def name_of(number):
    return f"made-up-{number}"


def guid_of(number):
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name_of(number)))


def chart(chart_id, context):
    return (f'CHART "{chart_id}" "" "A made-up chart" "things" "madeup" "{context}" "line" 1000 1 "" "madeup.plugin" '
            f'"madeup"\nDIMENSION "v" "v" "absolute" 1 1 ""\n')


class Children:
    def __init__(self, port, key, count, contexts, alerts):
        self.charts = {f"madeup.c{i}": f"madeup.c{i}" for i in range(contexts)}
        self.charts |= {f"madeup.load{i}": "madeup.load" for i in range(alerts)}
        self.values = dict.fromkeys(self.charts, 1)
        self.sockets = [self.connect(port, key, n) for n in range(count)]
        self.say(self.labels("first") + "".join(chart(*c) for c in self.charts.items()))

    @staticmethod
    def connect(port, key, number):
        s = socket.create_connection(("127.0.0.1", port), timeout=30)
        about = {"key": key, "hostname": name_of(number), "registry_hostname": name_of(number),
                 "machine_guid": guid_of(number), "ver": CAPABILITIES, **ABOUT}
        query = "&".join(f"{k}={v}" for k, v in about.items())
        s.sendall(f"STREAM {query} HTTP/1.1\r\nUser-Agent: netdata/v1.37.1\r\nAccept: */*\r\n\r\n".encode())
        answer = b""
        while b"Hit me baby" not in answer:
            part = s.recv(4096)
            if not part:
                raise SystemExit(f"the parent does not take {name_of(number)}: {answer!r}")
            answer += part
        return s

    @staticmethod
    def labels(value):
        return f'LABEL "role" = 4 "{value}"\nOVERWRITE labels\n'

    def say(self, text):
        data = text.encode()
        for s in self.sockets:
            s.sendall(data)

    def collect(self):
        self.say("".join(f'BEGIN "{c}" 0\nSET "v" = {v}\nEND\n' for c, v in self.values.items()))

    def obey(self, line):
        verb, _, what = line.strip().partition(" ")
        if verb == "load":
            self.values["madeup.load0"] = int(what)
        elif verb == "chart":
            self.values[f"madeup.{what}"] = 1
            self.say(chart(f"madeup.{what}", f"madeup.{what}"))
        elif verb == "label":
            self.say(self.labels(what))

    def run(self):
        wait = selectors.DefaultSelector()
        wait.register(sys.stdin, selectors.EVENT_READ, None)
        for s in self.sockets:
            wait.register(s, selectors.EVENT_READ, s)
        print("all connected", flush=True)
        due = time.monotonic()
        while True:
            for key, _ in wait.select(max(0, due - time.monotonic())):
                if key.data is None:
                    line = sys.stdin.readline()
                    if not line:
                        return
                    self.obey(line)
                elif not key.data.recv(65536):
                    raise SystemExit("the parent has ended a connection")
            if time.monotonic() >= due:
                due += 1
                self.collect()


if __name__ == "__main__":
    port, key, *numbers = sys.argv[1:]
    Children(int(port), key, *map(int, numbers)).run()
