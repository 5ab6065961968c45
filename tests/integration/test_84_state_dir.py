# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of the durable state is full, read-only, or holds a damaged file: the link stays up, says so, and is
whole again when it can be (the synthetic host)."""
import shutil
import sqlite3

import pytest

from testenv import Synthetic, SyntheticHome, mounted, private_tmp, wait_until
from testenv.claiming import claim

EPOCH = 1_790_000_000
NODES, CONTEXTS, ALERTS = 2, 8, 10
RECOVERS = 40               # seconds after there is room again

needs_mounts = pytest.mark.skipif(not private_tmp.possible(), reason="mounting in a namespace of its own is not allowed")


class Host:
    """A synthetic host under a local cloud; start() it with the directory as the test wants it."""

    def __init__(self, build, servers, cloud, folder):
        self.build, self.servers, self.cloud = build, servers, cloud
        self.home = SyntheticHome(servers.base / folder)
        self.dir = self.home.cloud_dir
        self.claim = claim(build, self.home, cloud)
        self.process = None
        servers.add(f"host {folder}", self, lambda: self.process.log[-3000:] if self.process else "")

    def start(self, prefix=(), **options):
        self.process = Synthetic(self.build.synthetic, self.home, prefix, nodes=NODES, contexts=CONTEXTS, alerts=ALERTS,
                                 epoch=EPOCH, **options).start()
        hellos = self.cloud.agent(self.claim)["hellos"]
        self.cloud.wait_online(self.claim, 30, hellos + 1 if hellos else 1)
        return self

    def stop(self):
        process, self.process = self.process, None
        return process.stop() if process else None

    def wait_in_sync(self, timeout=40):
        def all_there():
            nodes = self.cloud.nodes(self.claim)
            return len(nodes) == NODES and all(n["contexts"] == CONTEXTS and n["alerts"] == ALERTS and n["live"]
                                               for n in nodes)
        self.cloud.wait(all_there, timeout, "everything in sync")

    def durable(self):
        """What aclk-state says, which is the same in both forms."""
        as_json = self.process.state_json()["durable-state"]
        line, = [x for x in self.process.state().splitlines() if x.startswith("Durable state:")]
        return as_json if line == f"Durable state: {as_json}" else None

    def wait_trouble(self, timeout=20):
        return wait_until(lambda: (d := self.durable()) not in (None, "ok") and d, timeout, "trouble in aclk-state")

    def wait_ok(self):
        wait_until(lambda: self.durable() == "ok", RECOVERS, lambda: f"recovery: {self.durable()}", 0.5)

    def count(self, kind, since=0):
        return len(self.cloud.messages(self.claim, kind, "up", since))

    def complaints(self):
        return [x for x in self.process.log.splitlines() if " error " in x and "survive a restart" in x]


def assert_remembered(host, since):
    """After a restart nothing is told again that the cloud had."""
    nodes = host.cloud.nodes(host.claim)
    host.cloud.wait(lambda: len(host.cloud.messages(host.claim, "ContextsCheckpoint", "down", since)) == NODES, 30,
                    "checkpoints")
    assert host.cloud.query(host.claim, "/api/v1/info").http_status == 200
    wait_until(lambda: all(o["alert-sync-status"]["updates"] for o in host.process.state_json()["node-instances"]), 20,
               "alerts are streamed")
    assert [host.count(k, since) for k in ("CreateNodeInstance", "ContextsSnapshot", "ContextsUpdated")] == [0, 0, 0]
    assert {n["node_id"] for n in host.cloud.nodes(host.claim)} == {n["node_id"] for n in nodes}


def rows(file, tmp):
    """Of a copy: SQLite would look for a file inside of a namespace where it is in ours."""
    for f in file.parent.glob("aclk.db*"):
        shutil.copy(f, tmp)
    with sqlite3.connect(tmp / file.name) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("node", "context", "alert")}


@needs_mounts
@pytest.mark.core
def test_84_01_disk_full(build, servers, cloud, tmp_path):
    host = Host(build, servers, cloud, "full").start(mounted.small(servers.base / "full/lib/cloud.d", 2 << 20),
                                                     alert_rate=5)
    host.wait_in_sync()
    wait_until(lambda: host.durable() == "ok", 10, "all is well")
    inside = mounted.seen_by(host.process.pid, host.dir)
    filler = mounted.fill(inside)
    assert "full" in host.wait_trouble()
    assert len(host.complaints()) == 1

    before, hellos = host.count("AlarmLogEntry"), cloud.agent(host.claim)["hellos"]
    cloud.wait(lambda: host.count("AlarmLogEntry") >= before + 10, 40, "transitions go on")
    assert cloud.query(host.claim, "/api/v1/info").http_status == 200
    assert cloud.agent(host.claim)["hellos"] == hellos and len(host.complaints()) == 1
    cloud.disconnect(host.claim, abrupt=True)                       # what was not written is in memory
    cloud.wait_online(host.claim, 30, hellos + 1)
    before = host.count("AlarmLogEntry")
    cloud.wait(lambda: host.count("AlarmLogEntry") >= before + 5, 40, "transitions go on")
    assert host.durable() != "ok"

    filler.unlink()
    host.wait_ok()
    assert "is written again" in host.process.log
    assert rows(inside / "aclk.db", tmp_path) == {"node": NODES, "context": NODES * CONTEXTS, "alert": NODES * ALERTS}
    assert host.stop() == 0


@needs_mounts
@pytest.mark.core
def test_84_02_full_from_the_beginning(build, servers, cloud, tmp_path):
    host = Host(build, servers, cloud, "full2")
    prefix = mounted.small(host.dir, 2 << 20)
    script = prefix.index("-c") + 1
    prefix[script] = prefix[script].replace('exec "$@"', 'cat /dev/zero > "$d/filler" 2>/dev/null || true\nexec "$@"')
    host.start(prefix)
    host.wait_in_sync()
    host.wait_trouble()
    assert len(host.complaints()) == 1
    inside = mounted.seen_by(host.process.pid, host.dir)
    (inside / "filler").unlink()
    host.wait_ok()
    assert rows(inside / "aclk.db", tmp_path) == {"node": NODES, "context": NODES * CONTEXTS, "alert": NODES * ALERTS}
    assert host.stop() == 0


@needs_mounts
@pytest.mark.core
def test_84_03_read_only(build, servers, cloud, tmp_path):
    host = Host(build, servers, cloud, "ro")
    host.start(mounted.read_only(host.dir))
    host.wait_in_sync()
    host.wait_trouble()
    assert len(host.complaints()) == 1 and not (host.dir / "aclk.db").exists()
    mounted.writable(host.process.pid, host.dir)
    host.wait_ok()
    assert host.stop() == 0
    assert rows(host.dir / "aclk.db", tmp_path) == {"node": NODES, "context": NODES * CONTEXTS, "alert": NODES * ALERTS}
    since = cloud.last_message_number()
    host.start()
    assert_remembered(host, since)
    assert [host.count(k, since) for k in ("AlarmSnapshot", "AlarmLogEntry")] == [0, 0]


@needs_mounts
@pytest.mark.core
def test_84_04_read_only_with_what_was_there_before(build, servers, cloud):
    """What cannot be read with writing rights is not believed: everything is compared with the cloud anew."""
    host = Host(build, servers, cloud, "ro2").start()
    host.wait_in_sync()
    assert host.stop() == 0
    host.start(mounted.read_only(host.dir))
    host.wait_in_sync()
    host.wait_trouble()
    mounted.writable(host.process.pid, host.dir)
    host.wait_ok()
    assert host.stop() == 0
    since = cloud.last_message_number()
    host.start()
    assert_remembered(host, since)


@pytest.mark.core
@pytest.mark.parametrize("damage", [b"", b"no database at all" * 100, None])
def test_84_05_damaged_file(build, servers, cloud, tmp_path, damage):
    """Set aside with a message, rebuilt from the cloud's answers. None: a page in the middle."""
    host = Host(build, servers, cloud, f"damaged{len(damage or 'x')}").start()
    host.wait_in_sync()
    assert host.stop() == 0
    file = host.dir / "aclk.db"
    for journal in host.dir.glob("aclk.db-*"):
        journal.unlink()
    if damage is not None:
        file.write_bytes(damage)
    else:
        whole = file.read_bytes()
        file.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    host.start()
    host.wait_in_sync()
    assert host.durable() == "ok"
    if damage != b"":
        assert "set aside" in host.process.log and (host.dir / "aclk.db.damaged").exists()
    assert host.stop() == 0
    assert rows(file, tmp_path) == {"node": NODES, "context": NODES * CONTEXTS, "alert": NODES * ALERTS}


@pytest.mark.core
def test_84_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
