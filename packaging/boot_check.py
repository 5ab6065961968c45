#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/fresh-check --boot's own part: boots the Debian of a directory in systemd-nspawn and does in it what an
administrator does. fresh-check makes that Debian first: with systemd, Debian's netdata, and the package (not installed)
in /root/deb with all that it depends on in apt's cache: the machine's network has nothing but the local cloud.

    packaging/boot_check.py DIRECTORY
"""
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO / "tests/integration"), str(REPO / "tests/cloud")]
sys.dont_write_bytecode = True

from client import LocalCloud  # noqa: E402
from testenv.netns import Network  # noqa: E402
from testenv.waiting import wait_until  # noqa: E402

SECONDS = 120  # a busy machine gives the agent (nice 19) little
BEGAN = time.monotonic()
AGENT = 1  # who says that it is over; 2 is the broker, with the will
UNIT = "/usr/sbin/netdata"
CLOUD_D = "/var/lib/netdata/cloud.d"
LOG = "/var/log/netdata/error.log"


def note(text):
    print(f"== {int(time.monotonic() - BEGAN) // 60}:{int(time.monotonic() - BEGAN) % 60:02d}  {text}", flush=True)


class Machine:
    """Debian in a container of systemd-nspawn, booted by its own systemd."""

    def __init__(self, root, network, log):
        self.root, self.network, self.log = root, network, log
        self.process = None

    def boot(self):
        # No machined, no unit of this machine's systemd: it may have none. So 133 is the exit status of a reboot, as
        # for a unit that is started anew then.
        command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--machine=aclkboot",
                   f"--network-namespace-path=/proc/{self.network.keeper.pid}/ns/net", "-D", self.root,
                   "--console=pipe"]
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
                                        stdin=subprocess.DEVNULL, stdout=open(self.log, "ab"), stderr=subprocess.STDOUT)
        self.wait_up()

    def init(self):
        """The process id of its systemd, as seen here."""
        for child in self._children(self.process.pid):
            try:
                if os.readlink(f"/proc/{child}/exe").endswith("/systemd") and \
                        Path(f"/proc/{child}/status").read_text().split("NSpid:")[1].split("\n")[0].split()[-1] == "1":
                    return child
            except (OSError, IndexError):
                pass
        return None

    @staticmethod
    def _children(pid):
        found, level = [], [pid]
        while level:
            level = [int(c) for p in level for t in Path(f"/proc/{p}/task").glob("*/children")
                     for c in t.read_text().split()]
            found += level
        return found

    def run(self, *command, check=True, shown=False, stdin=None):
        """What root types."""
        if shown:
            typed = command[-1] if len(command) == 1 or command[:2] == ("sh", "-c") else shlex.join(command)
            print("# " + typed, flush=True)
        line = list(command) if len(command) > 1 else ["sh", "-c", command[0]]
        enter = ["nsenter", "--target", str(self.init()), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
                 "--root", "--wd", "--", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb",
                 "DEBIAN_FRONTEND=noninteractive"]
        p = subprocess.run(enter + line, text=True, input=stdin, capture_output=True, timeout=300)
        out = p.stdout + p.stderr
        if shown and out.strip():
            print("\n".join("    " + x for x in out.strip().splitlines()), flush=True)
        assert not check or p.returncode == 0, f"{command}: {p.returncode}\n{out}"
        return p

    def says(self, *command):
        return self.run(*command).stdout.strip()

    def wait_up(self):
        def up():
            assert self.process.poll() is None, f"systemd-nspawn has ended:\n{self.log.read_text()[-4000:]}"
            if not self.init():
                return False
            return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")
        wait_until(up, SECONDS, lambda: f"the machine is up:\n{self.log.read_text()[-4000:]}")

    def reboot(self):
        self.run("systemctl", "reboot", check=False)
        code = self.process.wait(SECONDS)
        assert code == 133, f"systemd-nspawn ended with {code}, which is no reboot:\n{self.log.read_text()[-4000:]}"
        self.boot()

    def off(self):
        if self.process and self.process.poll() is None:
            init = self.init()
            if init:
                os.kill(init, signal.SIGRTMIN + 4)  # poweroff
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def plugin(self):
        """(pid, user) of each process of the plugin."""
        lines = self.run("ps", "-e", "-o", "pid=,user=,args=").stdout.splitlines()
        return [tuple(x.split()[:2]) for x in lines if x.split()[2].endswith("aclk.plugin")]


class Check:
    def __init__(self, machine, cloud):
        self.machine, self.cloud = machine, cloud
        self.claim = self.node = None

    def online(self, hellos=None):
        self.cloud.wait_online(self.claim, SECONDS, **({"hellos": hellos} if hellos else {}))
        node = wait_until(lambda: next((n for n in self.cloud.nodes(self.claim) if n["live"]), None), SECONDS, "its node")
        assert self.node in (None, node["node_id"]), "the same node"
        self.node = node["node_id"]
        assert self.cloud.query(self.claim, "/api/v1/info").http_status == 200

    def away_and_back(self, what, act):
        """What the cloud sees of it: the link's own goodbye, and the same node again."""
        since, hellos = self.cloud.messages(self.claim)[-1]["n"], self.cloud.agent(self.claim)["hellos"]
        act()
        gone = self.cloud.wait_message("UpdateAgentConnection", self.claim, SECONDS, since, lambda f: not f["reachable"])
        assert gone["fields"]["update_source"] == AGENT, f"{what}: the will, not a goodbye"
        self.online(hellos + 1)
        note(f"{what}: the cloud has heard a goodbye, and the same node is back")

    def log_lines(self, text, file=LOG):
        return [x for x in self.machine.run("cat", file).stdout.splitlines() if text in x]

    # ---------------------------------------------------------------------------------------------- what is checked

    def install(self):
        m = self.machine
        assert m.says("systemctl", "is-active", "netdata") == "active"
        began = time.monotonic()
        m.run("apt-get install -y --no-install-recommends /root/deb/netdata-plugin-aclk_*.deb")
        installed = time.monotonic() - began
        wait_until(m.plugin, SECONDS, "the agent starts the plugin")
        note(f"apt install: {installed:.0f} s; the running agent has started the plugin after {time.monotonic() - began:.0f} s")
        assert {u for _, u in m.plugin()} == {"netdata"}
        m.run("netdata-aclk", "state", shown=True, check=False)
        self.memory("not claimed")

    def memory(self, when):
        total = 0
        for pid, _ in self.machine.plugin():
            text = self.machine.says("cat", f"/proc/{pid}/smaps_rollup")
            total += int(text.split("Pss:")[1].split()[0])
        note(f"memory of the plugin, {when}: {len(self.machine.plugin())} process(es), {total / 1024:.1f} MB (Pss)")

    def own_ca(self):
        m = self.machine
        m.run("sh", "-c", "umask 077; cat >/root/token", stdin=self.cloud.token)
        command = ["netdata-aclk", "claim", "--token-file", "/root/token", "--url", self.cloud.url,
                   "--rooms", self.cloud.rooms[0]]
        refused = m.run(*command, check=False)
        assert refused.returncode == 4 and "trusted.pem" in refused.stdout + refused.stderr, refused
        m.run("mkdir", "-p", CLOUD_D)
        m.run("sh", "-c", f"cat >{CLOUD_D}/trusted.pem", stdin=Path(self.cloud.ca).read_text())
        print(f"# cp company-ca.pem {CLOUD_D}/trusted.pem", flush=True)
        began = time.monotonic()
        m.run(*command, shown=True)
        self.claim = m.says("cat", f"{CLOUD_D}/claimed_id")
        self.online()
        note(f"online {time.monotonic() - began:.1f} s after the claim began")
        assert {u for _, u in m.plugin()} == {"netdata"}, m.plugin()
        m.run("sh", "-c", f"ps -e -o user,pid,args | grep '[a]clk.plugin'; ls -ln {CLOUD_D}", shown=True)
        owners = m.says("sh", "-c", f"stat -c '%U %n' {CLOUD_D} {CLOUD_D}/* | grep -v trusted.pem | cut -d' ' -f1 | sort -u")
        assert owners == "netdata", owners
        m.run("sh", "-c", "netdata-aclk state | grep -E '^(Claimed|Cloud URL|Online)'", shown=True)
        m.run("sh", "-c", "netdata-aclk doctor | tail -n 3", shown=True)
        self.memory("online")

    def unit(self):
        m = self.machine
        pid = m.plugin()[0][0]
        m.run("systemctl show netdata -p User -p ProtectSystem -p ProtectHome -p PrivateTmp -p NoNewPrivileges "
              "-p CapabilityBoundingSet -p RuntimeDirectory", shown=True)
        assert "netdata.service" in m.says("cat", f"/proc/{pid}/cgroup")
        bounding = m.says("grep", "CapBnd", f"/proc/{pid}/status").split()[1]
        assert bounding != m.says("grep", "CapBnd", "/proc/1/status").split()[1], "the unit's own bounding set"
        assert m.run("nsenter", "--target", pid, "--mount", "--", "touch", "/etc/x", check=False).returncode != 0
        note("the plugin runs in the agent's own unit, with its restrictions")

    def restart_and_reboot(self):
        m = self.machine
        self.away_and_back("systemctl restart netdata", lambda: m.run("systemctl", "restart", "netdata"))
        self.away_and_back("reboot", m.reboot)

    def rotation(self):
        m = self.machine
        m.run("logrotate --force /etc/logrotate.d/netdata", shown=True)
        self.away_and_back("a reload after the rotation", lambda: m.run("netdata-aclk", "reload"))
        for file in (LOG, "/var/log/netdata/access.log"):
            assert self.log_lines("ACLK", file), f"our lines are in the new {file}"
        m.run("sh", "-c", f"ls -l /var/log/netdata; grep -c ACLK {LOG}", shown=True)
        note("log rotation: our lines are in the agent's new error.log and access.log")

    def journal(self):
        m = self.machine
        m.run("sh", "-c", r"printf '\n[logs]\n\terror = stderr\n' >>/etc/netdata/netdata.conf")
        self.away_and_back("restarted with its log in the journal", lambda: m.run("systemctl", "restart", "netdata"))
        wait_until(lambda: "connection successfully established" in m.says("journalctl", "-b", "-u", "netdata"), 20,
                   "our lines are in the journal")
        m.run("sh", "-c", "journalctl -b -u netdata -o short-iso | grep ACLK | tail -n 3", shown=True)
        m.run("sh", "-c", r"sed -i '/^\[logs\]/,$d' /etc/netdata/netdata.conf")
        note("journal: with `error = stderr` in [logs] our lines are in `journalctl -u netdata`")

    def full_disk(self):
        """/var/lib/netdata is a disk of its own, and full."""
        m = self.machine

        def small_disk():
            m.run("systemctl stop netdata && cp -a /var/lib/netdata /root/lib && "
                  "mount -t tmpfs -o size=24m,mode=0755 tmpfs /var/lib/netdata && cp -a /root/lib/. /var/lib/netdata/ && "
                  "chown netdata:netdata /var/lib/netdata && systemctl start netdata")
        self.away_and_back("restarted with /var/lib/netdata on a small disk", small_disk)
        m.run("runuser -u netdata -- dd if=/dev/zero of=/var/lib/netdata/filler bs=4k", check=False)
        m.run("df -h /var/lib/netdata", shown=True)
        self.away_and_back("restarted with a full disk", lambda: m.run("systemctl", "restart", "netdata"))
        m.run("sh", "-c", "netdata-aclk state | grep -iE '^Online|disk|stor'; netdata-aclk doctor | grep -i -B1 -A1 disk", shown=True,
              check=False)
        m.run("rm", "/var/lib/netdata/filler")
        self.away_and_back("restarted with room again", lambda: m.run("systemctl", "restart", "netdata"))

        def own_disk():
            m.run("systemctl stop netdata && umount /var/lib/netdata && rm -rf /root/lib && systemctl start netdata")
        self.away_and_back("back on its own disk, with the state of before", own_disk)

    def apparmor(self):
        m = self.machine
        here = Path("/sys/module/apparmor/parameters/enabled")
        on = here.exists() and here.read_text().strip() == "Y"
        profiles = m.says("sh", "-c", "grep -rlE 'netdata|aclk' /etc/apparmor.d 2>/dev/null || true")
        assert not profiles, f"a profile that this check knows nothing of: {profiles}"
        note(f"AppArmor: {'enabled' if on else 'this kernel has none'}; Debian has no profile for netdata, so nothing "
             "confines it where AppArmor is enabled")

    def shutdown(self):
        since = self.cloud.messages(self.claim)[-1]["n"]
        self.machine.off()
        gone = self.cloud.wait_message("UpdateAgentConnection", self.claim, SECONDS, since, lambda f: not f["reachable"])
        assert gone["fields"]["update_source"] == AGENT
        note("power off: the cloud has heard a goodbye")

    def all(self):
        self.install()
        self.own_ca()
        self.unit()
        self.restart_and_reboot()
        self.rotation()
        self.journal()
        self.full_disk()
        self.apparmor()
        self.shutdown()
        assert self.cloud.violations() == [], self.cloud.violations()


def main():
    root = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="aclk-boot.") as d:
        base = Path(d)
        with LocalCloud.start(base / "cloud") as cloud, Network(base / "network") as network:
            network.bring("127.0.0.1", cloud.port)
            machine = Machine(root, network, base / "console.log")
            check = Check(machine, cloud)
            try:
                machine.boot()
                note(f"booted: {machine.says('uname', '-r')}, {machine.says('systemctl --version | head -n 1')}, "
                     f"{machine.says('netdata', '-V')}")
                check.all()
            except BaseException:
                if machine.init():
                    print(machine.run(f"tail -n 60 {LOG}; journalctl -b -n 30 --no-pager", check=False).stdout, file=sys.stderr)
                raise
            finally:
                machine.off()


if __name__ == "__main__":
    main()
