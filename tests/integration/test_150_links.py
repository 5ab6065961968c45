# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that root runs, in directories in which the agent's user has put links, pipes and directories."""
import json
import os
import socket
import struct
import threading

import pytest

from claim_machine import FILES, requests
from rooted import AGENT, SECRET, all_of, needs_root, own, rooted

__all__ = ["rooted"]  # a fixture
pytestmark = needs_root

ROOM = "3f7c0a8e-4d5b-4a61-9c1e-2b9f8d1c5e70"


def commands(m):
    """How root comes into these directories."""
    token, url = {"NETDATA_CLAIM_TOKEN": m.cloud.token}, m.cloud.url
    return {
        "claim": lambda: m.run("claim", "--url", url, env=token),
        "reclaim": lambda: m.run("claim", "--reclaim", "--url", url, env=token),
        "unclaim": lambda: m.run("unclaim"),
        "prepare-template": lambda: m.run("prepare-template"),
        "script-1.37": lambda: m.script(f"-token={m.cloud.token}", f"-url={url}"),
        "script-1.37-files": lambda: m.script(f"-url={url}"),
        "script-2.x": lambda: m.script("--claim-token", m.cloud.token, "--claim-url", url),
        "doctor": lambda: m.run("doctor"),
        "state": lambda: m.run("state"),
        "reload": lambda: m.run("reload"),
        "what-is-sent": lambda: m.run("what-is-sent"),
    }


COMMANDS = ["claim", "reclaim", "unclaim", "prepare-template", "script-1.37", "script-1.37-files", "script-2.x",
            "doctor", "state", "reload", "what-is-sent"]
THERE = ["token", "rooms", "private.pem", "public.pem", "cloud.conf", "claimed_id", "unclaimed", "trusted.pem", "aclk.db"]


def nothing_told(m):
    for r in requests(m):
        assert SECRET not in str(r)


def each(m, names=COMMANDS):
    """Runs them one after the other."""
    for name in names:
        yield name, commands(m)[name]()


def test_150_01_cloud_d_is_a_link_to_another_users_directory(rooted):
    """Even where the rights of the agent's user would be enough."""
    rooted.fill_victim()
    rooted.victim.chmod(0o777)
    rooted.put("cloud.d", lambda p: p.symlink_to(rooted.victim))
    own(rooted.cloud_dir)
    before = all_of(rooted.victim)
    for name, p in each(rooted):
        assert all_of(rooted.victim) == before, name
        assert p.returncode != 0, (name, p.stdout)
        if name in ("claim", "unclaim", "prepare-template", "script-1.37"):
            assert p.returncode == 2 and "is a symbolic link to" in p.stderr, p.stderr
            for word in (rooted.cloud_dir, rooted.victim, "belongs to 54321", "nobody", "Remove the link"):
                assert str(word) in p.stderr
    assert requests(rooted) == []


@pytest.mark.parametrize("make", [lambda path, to: path.symlink_to(to), lambda path, to: os.link(to, path)],
                         ids=["links", "hard-links"])
def test_150_02_files_are_links_to_what_only_root_may_read(rooted, make):
    """All at once, and for the commands that stop at the first of them, each alone."""
    before = all_of(rooted.secret)
    beside = ["../registry/netdata.public.unique.id", "../netdata_random_session_id", "../status-netdata.json",
              "../aclk.sock"]
    rounds = [([*THERE, *beside], COMMANDS)] + [([name], ["reclaim", "script-1.37-files"]) for name in THERE]
    for names, called in rounds:
        for command in called:
            for name in names:
                rooted.put(f"cloud.d/{name}", lambda p: make(p, rooted.secret))
            before = all_of(rooted.secret)
            commands(rooted)[command]()
            after = all_of(rooted.secret)
            assert after == before, (command, names)
            for name in names:
                rooted.put(f"cloud.d/{name}", lambda p: None)
        (rooted.lib / "registry/netdata.public.unique.id").write_text(rooted.guid)
    nothing_told(rooted)


def test_150_03_rooms_of_the_script_are_neither_printed_nor_sent(rooted):
    (rooted.cloud_dir / "rooms").symlink_to(rooted.secret)
    p = rooted.script(f"-token={rooted.cloud.token}", f"-url={rooted.cloud.url}")
    assert p.returncode == 0, p.stderr
    assert f"warning: cannot open {rooted.cloud_dir}/rooms: Permission denied; it is not used\n" in p.stderr
    [r] = requests(rooted)
    assert r["body"]["rooms"] == []


def test_150_04_registry_is_a_link_to_another_users_directory(rooted):
    rooted.fill_victim()
    rooted.put("registry", lambda p: p.symlink_to(rooted.victim))
    before = all_of(rooted.victim)
    p = rooted.run("prepare-template")
    assert all_of(rooted.victim) == before and p.returncode == 2 and "Permission denied" in p.stderr
    p = rooted.claim()
    assert p.returncode == 18 and "is not readable" in p.stderr and SECRET not in p.stderr


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipes", "directories"])
def test_150_06_pipes_and_directories_in_the_place_of_files_end_in_time(rooted, make):
    beside = ["../registry/netdata.public.unique.id", "../aclk.sock"]
    rounds = [([*THERE, *beside], COMMANDS)] + [([name], ["reclaim"]) for name in THERE]
    for names, called in rounds:
        for command in called:
            for name in names:
                rooted.put(f"cloud.d/{name}", make)
            assert commands(rooted)[command]().returncode < 128, command
            for name in names:
                rooted.put(f"cloud.d/{name}", lambda p: None)
        (rooted.lib / "registry/netdata.public.unique.id").write_text(rooted.guid)


@pytest.mark.parametrize("make", [os.mkfifo, lambda p: p.write_text("")], ids=["pipe", "file"])
def test_150_07_cloud_d_is_no_directory(rooted, make):
    rooted.put("cloud.d", make)
    own(rooted.cloud_dir)
    for name, p in each(rooted, ["claim", "unclaim", "prepare-template", "script-1.37"]):
        assert p.returncode == 2 and str(rooted.cloud_dir) in p.stderr, (name, p.stdout, p.stderr)


def test_150_08_token_file_below_cloud_d_is_read_with_the_agents_rights(rooted):
    """Root names it, but who says where it leads to is the agent's user."""
    link = rooted.cloud_dir / "mine"
    link.symlink_to(rooted.secret)
    for p in (rooted.run("claim", "--token-file", link, "--url", rooted.cloud.url),
              rooted.run("claim", "--url", rooted.cloud.url, env={"NETDATA_CLAIM_TOKEN_FILE": link}),
              rooted.script(f"-url={rooted.cloud.url}", env={"NETDATA_CLAIM_TOKEN_FILE": link}),
              rooted.script("--claim-url", rooted.cloud.url, env={"NETDATA_CLAIM_TOKEN_FILE": link})):
        assert p.returncode == 1 and requests(rooted) == []
        assert "Permission denied" in p.stderr or "in a directory of the agent's user" in p.stderr, p.stderr
    rooted.secret.write_text(rooted.cloud.token)
    p = rooted.run("claim", "--token-file", rooted.secret, "--url", rooted.cloud.url)
    assert p.returncode == 0, p.stderr


def test_150_09_links_to_volumes_of_the_agent_are_followed(rooted):
    """cloud.d by the agent's user, the library directory by root."""
    volume = rooted.dir / "volume"
    (rooted.cloud_dir).rename(volume)
    rooted.cloud_dir.symlink_to(volume)
    elsewhere = rooted.dir / "elsewhere"
    rooted.lib.rename(elsewhere)
    rooted.lib.symlink_to(elsewhere)
    p = rooted.claim()
    assert p.returncode == 0, p.stderr
    assert [x for x in sorted(f.name for f in volume.iterdir()) if x != "trusted.pem"] == FILES
    assert {f.stat().st_uid for f in volume.iterdir()} == {AGENT}
    p = rooted.run("unclaim")
    assert p.returncode == 0 and sorted(f.name for f in volume.iterdir()) == ["cloud.conf", "trusted.pem", "unclaimed"]


def test_150_10_what_the_agents_user_wrote_is_shown_printable(rooted):
    """Root's terminal is not the place for his escape sequences."""
    for command in ("script-1.37", "script-1.37-files", "claim", "unclaim", "state", "doctor"):
        (rooted.cloud_dir / "rooms").write_text("a\x1b]0;title\x07\x9b31mb")
        (rooted.cloud_dir / "cloud.conf").write_text(
            "[global]\n  url = https://x\x1b[2Jx\n  proxy = h\x1b[2Jx\n  claimed_id = a\x1b[2J\n")
        rooted.give()
        p = commands(rooted)[command]()
        assert not [c for c in p.stdout + p.stderr if (ord(c) < 32 or 0x7f <= ord(c) < 0xa0) and c != "\n"], (
            command, p.stdout, p.stderr)


class Forged(threading.Thread):
    """Somebody who is not the plugin at its socket: keeps who asked and what, answers with what a terminal obeys."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chmod(path, 0o777)
        self.listener.listen(8)
        self.users, self.asked = set(), b""
        self.start()

    def run(self):
        evil = "\x1b[2J\x9b2J\x07evil"
        body = json.dumps({"agent-claimed": True, "status": evil, "sent": [{"type": evil, "last": evil}]},
                          ensure_ascii=False).encode() + b"\n\x1b]0;title\x07\xff"
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            with c:
                self.users.add(struct.unpack("3i", c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
                self.asked += c.recv(65536)
                c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join(5)


def test_150_11_forged_socket_meets_the_agents_user_and_gets_no_word_to_the_terminal(rooted):
    rooted.claimed()
    forged = Forged(rooted.lib / "aclk.sock")
    own(rooted.lib / "aclk.sock")
    try:
        for args in (["state"], ["state", "--json"], ["what-is-sent"], ["what-is-sent", "--last"], ["what-is-sent", "--json"],
                     ["doctor"]):
            p = rooted.run(*args)
            assert p.returncode < 128
            assert not [c for c in p.stdout + p.stderr if (ord(c) < 32 or 0x7f <= ord(c) < 0xa0) and c != "\n"], (args, p)
    finally:
        forged.stop()
    assert forged.users == {AGENT}
    assert rooted.cloud.token.encode() not in forged.asked and b"BEGIN" not in forged.asked and forged.asked


def test_150_99_nothing_against_the_protocol(cloud):
    assert [v for v in cloud.violations() if v["kind"] not in ("connect", "will")] == []
