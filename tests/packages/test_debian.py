# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine's life with the package, in this order. Each test goes on where the one before has ended."""
import grp
import json
import os
import pwd
import shutil
import subprocess
import sys
import time

from conftest import ALERT, FINDS_IN, PACKAGE, PLUGIN, REPO, plugin_processes, run
from testenv import process, stays, testcharts, wait_until

AGENT = 1                       # update_source: the link itself
GOODBYE_AND_RETURN = [(False, AGENT), (True, AGENT)]


def test_01_installs_without_a_compiler_beside_an_agent_that_runs(machine):
    assert not any(map(shutil.which, ("cc", "gcc", "c++", "g++", "clang", "cmake")))
    machine.agent.start()
    began = time.monotonic()
    machine.apt("install", machine.deb)
    installed = time.monotonic()
    for deb in sorted(machine.debs.glob("*.deb")):
        machine.figure(f"{deb.name.split('_')[0]}: {deb.stat().st_size / 1e6:.2f} MB, installed "
                       f"{int(run('dpkg-deb', '-f', deb, 'Installed-Size').stdout) / 1000:.1f} MB")
    assert not any(map(shutil.which, ("cc", "gcc", "c++", "g++", "clang", "cmake")))
    st = PLUGIN.stat()
    assert (pwd.getpwuid(st.st_uid).pw_name, grp.getgrgid(st.st_gid).gr_name, oct(st.st_mode & 0o7777)) == \
        ("root", "netdata", "0o750")
    supervisor = wait_until(machine.agent.plugin_pid, FINDS_IN, "the agent finds the plugin")
    found = time.monotonic()
    stays(lambda: machine.agent.plugin_pid() == supervisor and not machine.agent.worker_pid(), 2, "it rests")
    machine.figure(f"memory unclaimed: {machine.rss(supervisor) / 1024:.1f} MB RSS, one process")
    resumed = time.monotonic()
    machine.claim()
    machine.cloud.wait_online(machine.claim_id, 20)
    online = time.monotonic() - resumed + found - began
    machine.figure(f"from apt install to online: {online:.1f} s (apt {installed - began:.1f} s, then up to 60 s until the agent "
                   f"looks for new plugins: {found - installed:.1f} s, claim to online {time.monotonic() - resumed:.1f} s)")


def test_02_what_the_package_brings_is_there_and_runs(machine):
    state = machine.cli("state").stdout
    assert "Online: Yes" in state and f"Claimed Id: {machine.claim_id}" in state
    machine.cloud.wait_node(mguid=machine.agent.guid, live=True)
    doctor = machine.cli("doctor")
    assert "✗" not in doctor.stdout
    assert run("runuser", "-u", "netdata", "--", PLUGIN, "-W", "buildinfo").stdout
    assert run("runuser", "-u", "nobody", "--", PLUGIN, "--version", ok=False).returncode != 0
    for f in ("/usr/sbin/netdata-cloud.sh", "/usr/libexec/netdata-aclk/netdata-claim.sh",
              "/usr/share/bash-completion/completions/netdata-aclk", "/usr/lib/netdata/conf.d/health.d/aclk.conf",
              "/usr/share/man/man1/netdata-aclk.1.gz", "/usr/share/man/man1/aclk.plugin.1.gz",
              "/usr/share/man/man5/cloud.conf.5.gz"):
        # A minimal chroot may leave documentation out (dpkg's path-exclude); the package has it.
        assert os.path.exists(f) or f in run("dpkg", "-L", PACKAGE).stdout.split(), f
    assert machine.cloud.query(machine.claim_id, "/api/v1/info").http_status == 200
    supervisor, worker = machine.agent.plugin_pid(), machine.agent.worker_pid()
    machine.figure(f"memory online: {machine.rss(supervisor, worker) / 1024:.1f} MB RSS, two processes "
                   f"({machine.rss(supervisor) / 1024:.1f} and {machine.rss(worker) / 1024:.1f})")


def test_03_the_demo_shows_what_is_installed(machine):
    p = subprocess.run([REPO / "packaging/demo", "--once", "--installed"], stdout=subprocess.PIPE, text=True, timeout=240,
                       stderr=subprocess.STDOUT)
    print(p.stdout)
    assert p.returncode == 0 and "10 of 10 answers are the agent's own, 0 protocol violations" in p.stdout, p.stdout


def test_04_upgraded_while_online(machine):
    agent, cloud = machine.agent, machine.cloud
    machine.charts.wait_status(ALERT, "CLEAR", 90)
    machine.wait_alert("CLEAR", 90)
    since, hellos = cloud.last_message_number(), machine.hellos()
    supervisor, worker, netdata = agent.plugin_pid(), agent.worker_pid(), agent.pid
    machine.charts.set("value", testcharts.VALUES["WARNING"])
    higher, began = machine.higher("90.0"), time.time()
    machine.apt("install", higher)
    new = machine.wait_replaced()
    assert new != worker and agent.plugin_pid() == supervisor and agent.pid == netdata and agent.alive()
    cloud.wait_online(machine.claim_id, 10, hellos + 1)
    assert machine.said(since) == GOODBYE_AND_RETURN
    goodbye, back = (m["time"] for m in cloud.messages(machine.claim_id, "UpdateAgentConnection", "up", since))
    machine.figure(f"upgrade: the new version was online {back - began:.1f} s after apt had begun; the cloud was without a link {back - goodbye:.1f} s")
    machine.wait_alert("WARNING", 20)
    assert machine.transitions(since) == [5]
    assert (agent.cloud_dir / "claimed_id").read_text().strip() == machine.claim_id
    assert len(cloud.nodes(machine.claim_id)) == 1


def test_05_unpacked_and_not_configured_the_old_one_goes_on(machine):
    """Between the two the file is not the agent's group's: a crash of dpkg, a long upgrade."""
    since, worker = machine.cloud.last_message_number(), machine.agent.worker_pid()
    run("dpkg", "--unpack", machine.higher("91.0"))
    assert PLUGIN.stat().st_gid == 0
    stays(lambda: process.running(worker), 3, "the old one runs")
    assert machine.said(since) == []
    run("dpkg", "--configure", PACKAGE)
    machine.wait_replaced()
    machine.cloud.wait(lambda: machine.said(since) == GOODBYE_AND_RETURN, 10, "it is back")


def database(machine, sql):
    """As the agent's user: what SQLite makes beside the file is his."""
    code = ("import json, sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db:\n"
            "  print(json.dumps([db.execute(s).fetchall() for s in sys.argv[2].split(';')]))")
    out = run("runuser", "-u", "netdata", "--", sys.executable, "-c", code, machine.agent.cloud_dir / "aclk.db", sql)
    return json.loads(out.stdout)


def test_06_downgraded_below_its_database(machine):
    """As if 91.0 had brought a new database: 90.0 leaves it alone and says so; 91.0 finds everything."""
    file = machine.agent.cloud_dir / "aclk.db"
    hellos = machine.hellos()
    (((ours,),),) = database(machine, "PRAGMA user_version")
    database(machine, "PRAGMA user_version = 99; CREATE TABLE later (x)")
    nodes = database(machine, "SELECT * FROM node")
    machine.apt("install", "--allow-downgrades", machine.higher("90.0"))
    machine.wait_replaced()
    machine.cloud.wait_online(machine.claim_id, 10, hellos + 1)
    sentence = f"{file} was written by a newer version of netdata-aclk (it has version 99, this one knows {ours})"
    wait_until(lambda: sentence in machine.cli("state").stdout, 20, "it is in the state")
    doctor = machine.cli("doctor", ok=False)
    assert doctor.returncode == 2 and sentence in doctor.stdout and "install the newer version again" in doctor.stdout
    assert any(sentence in line for line in machine.agent.aclk_log)
    assert machine.cloud.query(machine.claim_id, "/api/v1/info").http_status == 200
    assert database(machine, "SELECT * FROM node; SELECT * FROM later") == [*nodes, []]
    database(machine, f"PRAGMA user_version = {ours}; DROP TABLE later")
    machine.apt("install", machine.higher("91.0"))
    machine.wait_replaced()
    wait_until(lambda: "Durable state: ok" in machine.cli("state").stdout, 20, "all is well")
    assert len(machine.cloud.nodes(machine.claim_id)) == 1


def test_07_removed_says_goodbye_and_keeps_cloud_d(machine):
    machine.cloud.wait_online(machine.claim_id, 20)
    since, before = machine.cloud.last_message_number(), machine.files()
    machine.apt("remove", PACKAGE)
    assert plugin_processes() == []
    assert machine.said(since) == [(False, AGENT)]
    assert {"aclk.db", "claimed_id", "private.pem", "cloud.conf"} <= machine.files() <= before
    assert not PLUGIN.exists() and not shutil.which("netdata-aclk")
    assert machine.agent.alive()


def test_08_installed_again_is_the_same_node(machine):
    since, hellos = machine.cloud.last_message_number(), machine.hellos()
    machine.apt("install", machine.deb)
    machine.cloud.wait_online(machine.claim_id, 40, hellos + 1)
    assert machine.said(since) == [(True, AGENT)]
    assert len(machine.cloud.nodes(machine.claim_id)) == 1


def test_09_purged_while_online_leaves_nothing_of_ours(machine):
    since = machine.cloud.last_message_number()
    machine.apt("purge", PACKAGE)
    assert plugin_processes() == []
    assert machine.said(since) == [(False, AGENT)]
    assert machine.files() == {"trusted.pem"}           # the administrator's
    left = run("find", "/", "-xdev", "(", "-path", REPO, "-o", "-path", machine.base, "-o", "-path", machine.debs,
               "-o", "-path", "/var/lib/apt", "-o", "-path", "/var/cache", "-o", "-path", "/tmp", ")", "-prune", "-o",
               "(", "-iname", "*aclk*", "-o", "-name", "netdata-cloud.sh", ")", "-print").stdout.split()
    assert left == []
    assert machine.agent.alive()
    machine.figure("left after purge: nothing")


def test_10_purge_does_not_touch_a_claim_of_the_agents_own(machine):
    machine.apt("install", machine.deb)
    own = {"claimed_id": "5c427cfc-b2b5-4506-99ea-5a051be04d69", "private.pem": "KEY", "public.pem": "KEY",
           "cloud.conf": "[global]\n  url = https://app.netdata.cloud\n"}
    ours = ("aclk.db", "aclk.db-wal", "aclk.db-shm", "aclk.db.damaged", "unclaimed")
    for name, text in {**own, **dict.fromkeys(ours, "")}.items():
        (machine.agent.cloud_dir / name).write_text(text)
    machine.apt("purge", PACKAGE)
    assert machine.files() == {*own, "trusted.pem"}
    assert {n: (machine.agent.cloud_dir / n).read_text() for n in own} == own


def test_11_installed_again_when_the_agent_has_given_it_up(machine):
    """It tries a file that is away for 110 s, and then no more until it is restarted: apt says so, and so does state."""
    log = machine.agent.log_dir / "error.log"
    wait_until(lambda: any("aclk.plugin'" in x and "Disabling it" in x for x in log.read_text().splitlines()), 150,
               "the agent gives it up")
    sentence = f"the agent has given aclk.plugin up ({log})"
    said = machine.apt("install", machine.deb).stdout
    assert f"netdata-plugin-aclk: {sentence}" in said and "systemctl restart netdata" in said
    assert sentence in machine.cli("state", ok=False).stdout
    machine.agent.stop()
    machine.agent.start()
    wait_until(machine.agent.plugin_pid, FINDS_IN, "an agent that is restarted starts it")
    assert sentence not in machine.apt("install", "--reinstall", machine.deb).stdout


def test_99_nothing_against_the_protocol(machine):
    assert machine.cloud.violations() == []
