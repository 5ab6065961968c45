# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent that is not there: the recorded answers of netdata 1.43.2 (tests/unit/external/samples), served on loopback,
with one alert that can be moved. For agents that cannot be installed here."""
import json
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from . import private_tmp
from .paths import REPO

SAMPLES = Path(REPO) / "tests/unit/external/samples"
RECORDED_GUID = "88e01566-3fd8-467d-8830-c621a5cef896"
ALERT = "bar_test"
VALUES = {"CLEAR": 1, "WARNING": 60, "CRITICAL": 90}


class ReplayedAgent:
    """What testenv.Plugin and testenv.claiming.claim want of an agent, in front of recorded answers.

    contexts  False: an agent of before 1.36, which has no such call (404), nor anything under /api/v2
    """

    def __init__(self, base, contexts=True):
        self.dir, self.contexts = Path(base), contexts
        self.guid = str(uuid.uuid4())
        for d in ("etc", "lib/registry", "cache", "log", "tmp"):
            (self.dir / d).mkdir(parents=True, exist_ok=True)
        (self.lib / "registry/netdata.public.unique.id").write_text(self.guid)
        self.lock = threading.Lock()
        self.asked = []
        self.versions = json.loads(self.text("v143_versions.json"))
        self.entries = re.findall(r"\t\{\n.*?\n\t\}", self.text("v143_alarm_log.json"), re.S)    # newest first
        self.alarms = self.text("v143_alarms_all.json")
        if not contexts:            # 1.37 and before have no such members
            self.entries = [re.sub(r'\n\t\t"transition_id": [^\n]*', "", e) for e in self.entries]
        agent = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, body = agent.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        (self.etc / "netdata.conf").write_text(f"[plugin:aclk]\n  agent url = http://127.0.0.1:{self.port}\n"
                                               "  poll contexts every = 1\n")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def text(self, sample):
        return (SAMPLES / sample).read_text().replace(RECORDED_GUID, self.guid)

    etc = property(lambda self: self.dir / "etc")
    lib = property(lambda self: self.dir / "lib")
    cloud_dir = property(lambda self: self.lib / "cloud.d")

    def private_tmp(self):
        return private_tmp.wrap(self.dir / "tmp", [self.dir])

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    # ---------------------------------------------------------------------------------------------------- answers

    def answer(self, target):
        url = urlsplit(target)
        with self.lock:
            self.asked.append(target)
            if url.path == "/api/v1/alarms":
                return 200, self.alarms.encode()
            if url.path == "/api/v1/alarm_log":
                after = int(parse_qs(url.query).get("after", ["0"])[0])
                newer = [e for e in self.entries if self.id_of(e) > after]
                return 200, ("[\n" + ",\n".join(newer) + "\n]\n").encode()
            if url.path == "/api/v2/versions" and self.contexts:
                return 200, json.dumps(self.versions).encode()
        samples = {"/api/v1/info": "v143_info.json", "/api/v1/charts": "v143_charts.json"}
        if self.contexts:
            samples["/api/v1/contexts"] = "v143_contexts.json"
        if url.path not in samples:
            return 404, b"Cannot find it."
        return 200, self.text(samples[url.path]).encode()

    @staticmethod
    def id_of(entry):
        return int(re.search(r'"unique_id": (\d+)', entry)[1])

    def move(self, status):
        """The alert gets this status: the alarm, a new entry of the log, the versions. Returns its transition id."""
        with self.lock:
            old = next(e for e in self.entries if f'"name": "{ALERT}"' in e)
            transition, now = str(uuid.uuid4()), int(time.time())
            was = re.search(r'"status": "(\w+)"', old)[1]
            new = old
            for key, value in {"unique_id": self.id_of(self.entries[0]) + 1, "when": now,
                               "alarm_event_id": int(re.search(r'"alarm_event_id": (\d+)', old)[1]) + 1,
                               "delay_up_to_timestamp": now, "transition_id": f'"{transition}"',
                               "status": f'"{status}"', "old_status": f'"{was}"',
                               "value_string": f'"{VALUES[status]} things"', "value": VALUES[status]}.items():
                new = re.sub(rf'"{key}":( ?)[^\n,]*', lambda m, k=key, v=value: f'"{k}":{m[1]}{v}', new, count=1)
            self.entries.insert(0, new)
            head, mine = self.alarms.split(f'"bar.c1.{ALERT}"')
            mine = re.sub(r'"status": "\w+"', f'"status": "{status}"', mine, count=1)
            mine = re.sub(r'"last_status_change": \d+', f'"last_status_change": {now}', mine, count=1)
            head = re.sub(r'"latest_alarm_log_unique_id": \d+',
                          f'"latest_alarm_log_unique_id": {self.id_of(new)}', head)
            self.alarms = f'{head}"bar.c1.{ALERT}"{mine}'
            self.versions["versions"]["alerts_soft_hash"] += 1
            return transition
