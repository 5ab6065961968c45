# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that root runs, in directories in which the agent's user has put links, pipes and directories."""
import os

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


@pytest.mark.parametrize("command", COMMANDS)
def test_150_01_cloud_d_is_a_link_to_another_users_directory(rooted, command):
    """Even where the rights of the agent's user would be enough."""
    rooted.fill_victim()
    rooted.victim.chmod(0o777)
    rooted.put("cloud.d", lambda p: p.symlink_to(rooted.victim))
    own(rooted.cloud_dir)
    before = all_of(rooted.victim)
    p = commands(rooted)[command]()
    assert all_of(rooted.victim) == before
    nothing_told(rooted)
    if command in ("claim", "unclaim", "prepare-template", "script-1.37"):
        assert p.returncode == 2 and "is a symbolic link to" in p.stderr, p.stderr
        for word in (rooted.cloud_dir, rooted.victim, "belongs to 54321", "nobody", "Remove the link"):
            assert str(word) in p.stderr
    else:
        assert p.returncode != 0


@pytest.mark.parametrize("command", COMMANDS)
def test_150_02_files_are_links_to_what_only_root_may_read(rooted, command):
    """One after the other: each name of cloud.d and of the directories beside it."""
    before = all_of(rooted.secret)
    for name in THERE:
        rooted.put(f"cloud.d/{name}", lambda p: p.symlink_to(rooted.secret))
        own(rooted.cloud_dir / name)
        commands(rooted)[command]()
        assert all_of(rooted.secret) == before, name
        nothing_told(rooted)
        (rooted.cloud_dir / name).unlink(missing_ok=True)
        rooted.give()
    for name in ("registry/netdata.public.unique.id", "netdata_random_session_id", "status-netdata.json", "aclk.sock"):
        rooted.put(name, lambda p: p.symlink_to(rooted.secret))
        commands(rooted)[command]()
        assert all_of(rooted.secret) == before, name
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


@pytest.mark.parametrize("command", COMMANDS)
def test_150_05_hard_links_to_roots_files_change_nothing_of_them(rooted, command):
    for name in THERE:
        rooted.put(f"cloud.d/{name}", lambda p: os.link(rooted.secret, p))
    before = all_of(rooted.secret)
    commands(rooted)[command]()
    assert all_of(rooted.secret) == before
    nothing_told(rooted)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipes", "directories"])
def test_150_06_pipes_and_directories_in_the_place_of_files_end_in_time(rooted, command, make):
    for name in [*THERE, "../registry/netdata.public.unique.id", "../aclk.sock"]:
        rooted.put(f"cloud.d/{name}", make)
        own(rooted.cloud_dir / name)
        p = commands(rooted)[command]()
        assert p.returncode < 128, (name, p.stderr)
        if name.startswith(".."):
            rooted.put(f"cloud.d/{name}", lambda p: p.write_text(rooted.guid))
        elif (rooted.cloud_dir / name).exists():
            rooted.put(f"cloud.d/{name}", lambda p: None)


@pytest.mark.parametrize("make", [os.mkfifo, lambda p: p.write_text("")], ids=["pipe", "file"])
def test_150_07_cloud_d_is_no_directory(rooted, make):
    rooted.put("cloud.d", make)
    own(rooted.cloud_dir)
    for name in COMMANDS:
        p = commands(rooted)[name]()
        assert p.returncode != 0 or name in ("state", "script-2.x"), (name, p.stdout)


def test_150_08_token_file_below_cloud_d_is_read_with_the_agents_rights(rooted):
    """Root names it, but who says where it leads to is the agent's user."""
    link = rooted.cloud_dir / "mine"
    link.symlink_to(rooted.secret)
    p = rooted.run("claim", "--token-file", link, "--url", rooted.cloud.url)
    assert p.returncode == 1 and "Permission denied" in p.stderr and requests(rooted) == []
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


def test_150_10_token_and_url_from_the_agents_user_are_shown_printable(rooted):
    """Root's terminal is not the place for escape sequences of the agent's user."""
    (rooted.cloud_dir / "rooms").write_text("\x1b]0;title\x07\x9b31m")
    (rooted.cloud_dir / "cloud.conf").write_text("[global]\n  url = https://x\x1b[2J\n  proxy = \x1b[2J\n")
    rooted.give()
    for name in COMMANDS:
        p = commands(rooted)[name]()
        assert not [c for c in p.stdout + p.stderr if ord(c) < 32 and c != "\n"], (name, p.stdout, p.stderr)


def test_150_99_nothing_against_the_protocol(cloud):
    assert [v for v in cloud.violations() if v["kind"] not in ("connect", "will")] == []
