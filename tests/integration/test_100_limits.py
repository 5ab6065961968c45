# SPDX-License-Identifier: GPL-3.0-or-later
"""What limits the link is read as a stock agent reads the same file, never more openly, and holds with the real plugin."""
import codecs
import os
import pwd
import random
import re
import subprocess

import pytest

from testenv import Netdata, process, stays, wait_until
from testenv.claiming import claim, run_cli, trust
from testenv.doctor import visit
from test_32_scope import published
from written_claims import wait_claimed, write_claim_conf

# -- the dialect, against a stock agent ---------------------------------------------------------------------------------

# Everything that people, editors and tools leave in such a file; the sections' names are nobody's.
ODD = b"""[t1]
  plain = value
  spaced key  =   value with  inner   spaces\x20\x20
  hash = a # b
  hashfirst = # b
  hash2=#b
  quoted = "x y"
  single = 'x'
  eq = a=b=c
  = no key
  no equals sign
  colon: v
  empty =
  ; semi = s
  // slash = s
  Case = 1
  case = 2
  dup = first
  dup = second
  cr = v\r
  tab\tkey\t=\tv\t
  continued = a\\
  below = b
  semi2 = a;b
  "quoted key" = v
  control = a\x01
  zero = a\x00b
  after zero = 1
  ze\x00ro = 2
[ t1 ]
  x = 1
[T1]
  x = 1
[t2] # no section
  x = 2
[t3
  y = 3
[t4]]
  z = 4
[[t4b]
  z = 4
[]
  e = 5
[t5] = q
[t6] x = 1
 [t7]\x20\x20
  i = of an indented section
[t8]\r
  w = 1
[t1]
  again = of a repeated section
  plain = value2
[t9]
  # dup = x
  long = """ + b"L" * 3000 + b"""
\xef\xbb\xbf[t10]
  bom = 1
[t11]
  latin = \xe9\xff
  #noeq = z
  twice =\x20
  twice = full
  thrice = full
  thrice =
[t12]x]
 k = 1
[#t13]
 k = 1
#[t13b]
 j = 1
[t14]
 k#a = 1
 #k2 = 1
 vt\x0b = \x0bv\x0b
 ff\x0c = \x0cv\x0c
 nbsp = \xc2\xa0v
\x0b[t15]\x0c
 k =\x0b
[t16];
 k = 2
key=v
 ==
 k==
\t[t17]\tx
 k = [t18]
 [k] = [x]
 no end of line = """

WORDS = (b"yes", b"YES", b"Yes", b"yEs", b"true", b"TRUE", b"on", b"On", b"auto", b"Auto", b"on demand", b"ON Demand", b" yes",
         b"yes\r", b"yes\t", b"yes\x0b", b"no", b"NO", b"off", b"false", b"0", b"1", b"2", b"y", b"n", b"t", b"", b" ",
         b"disable", b"disabled", b"enable", b"enabled", b"never", b'"no"', b'"yes"', b"'yes'", b"yes # c", b"no # c",
         b"# yes", b"yes;", b"; yes", b"yes,", b"ye", b"yess", b"of", b"on  demand", b"ondemand", b"on-demand", b"yes\x01",
         b"yes\xc2\xa0", b"\xc2\xa0yes", b"\xef\xbb\xbfyes", b"yes\x00no", b"no\x00yes", b"yes no", b"= yes", b"yes=",
         b"automatic", b"auto!", b"\\yes", b"true\\")

# Of a netdata.conf about the cloud. @ stands for its section: the agent is asked about one of its own for each.
OPEN = (b"[@]\n enabled = yes\n", b"[@]\n enabled = on demand\r\n", b"[@]\n#enabled = no\n", b"[@]\n ; enabled = no\n",
        b"[@]\n enabled = no\n[web]\n x = 1\n[@]\n enabled = yes\n", b"[@]\n scope = full\n scope =\n", b"[x]\n enabled = no\n",
        b"[@]\n enabled = no\n enabled = Auto\n")
MAYBE = (b"[@]\n enabled = no\n", b"[@]\n enabled =\n", b"[@]\n enabled = yes # ours\n", b"[@]\n enabled = yes\n enabled =\n",
         b"[@]\n enabled = yes\n[@]\n enabled = no\n", b" [@] \r\n enabled = never\r\n", b"[@]\n\tenabled\t=\t\"no\"\t\n",
         b"[@]\nenabled=no\n", b"[@]\n enabled == yes\n", b"[@]\n enabled\x0b = \x0bno\n", b"[@]\n scope = license manager\n",
         b"[@]\n scope = full\n scope = license manager\n", b"[@]\n scope=license manager\r\n",
         b"[@\n enabled = yes\n[@]\n enabled = off",
         b"[y]\n[z] = 1\n[@]\n enabled = no;\n", b"[@]\n enabled = no\n[w\n enabled = yes\n",
         b"[@]\n enabled = no\n[@] # x\n enabled = 0\n",
         b"[@]\n enabled = no\n[@ ]\n enabled = yes\n", b"[@]\n enabled = no\n Enabled = yes\n",
         b"[@]\n enabled = no\n\x00enabled = yes\n",
         b"[@]\n enabled = no\n\xef\xbb\xbf enabled = yes\n", b"[@]\n enabled = no\n; [@]\n# [x]\n// [x]\n enabled = disable\n")



def garbage(random):
    """A small file in which something is meant about the section @."""
    def line():
        kind = random.randrange(9)
        if kind == 0:
            return random.choice((b"[@]", b"[@]", b" [@] ", b"[@", b"[ @ ]", b"[@] #", b"[@]]", b"[[@]", b"[]", b"[web@]",
                                  b"#[@]"))
        if kind == 1:
            return bytes(b for b in random.randbytes(random.randrange(20)) if b != 10)
        if kind == 2:
            return random.choice((b"#", b";", b"//", b"\x0b")) + b" enabled = no"
        return (random.choice((b"", b" ", b"\t"))
                + random.choice((b"enabled", b"enabled", b"enabled", b"scope", b"Enabled", b"x", b"[x]"))
                + random.choice((b" = ", b"=", b" =", b" : ", b" == ", b"\0=", b" "))
                + random.choice((*WORDS, b"full", b"license manager", b"License Manager")))
    lines = [line() + random.choice((b"\n", b"\n", b"\n", b"\r\n", b"\n\n", b"\r", b"")) for _ in range(random.randrange(9))]
    return random.choice((b"", b"", b"", b"\xef\xbb\xbf")) + b"[@]\n" + b"".join(lines)


SEEDS = range(600)
FILES = OPEN + MAYBE + tuple(garbage(random.Random(seed)) for seed in SEEDS)


class IniAgent(Netdata):
    """An agent whose netdata.conf goes on with any bytes; each of WORDS switches a plugin of its own."""

    def write_conf(self):
        super().write_conf()
        text = b"[plugins]\n"
        for i, word in enumerate(WORDS):
            text += b" p%02d = %s\n" % (i, word)
            p = self.dir / f"plugins/p{i:02}.plugin"
            p.write_text(f"#!/bin/sh\n: > {self.dir}/ran{i:02}\n")
            p.chmod(0o755)
        for i, lines in enumerate(FILES):
            text += b"[next file]\n" + lines.replace(b"@", b"cloud%03d" % i) + b"\n"
        with (self.etc / "netdata.conf").open("ab") as f:
            f.write(text + ODD)

    def ran(self):
        return {i for i in range(len(WORDS)) if (self.dir / f"ran{i:02}").exists()}

    def reading(self):
        """{(section, key): value} of what it shows of its settings; commented lines are defaults of its own."""
        found, section = {}, None
        for line in self.api("/netdata.conf").body.split(b"\n"):
            if line.startswith(b"[") and line.endswith(b"]"):
                section = line[1:-1]
            elif line.startswith(b"\t") and not line.startswith(b"\t#"):
                key, _, value = line[1:].partition(b" = ")
                found[section, key] = value
        return found


@pytest.fixture(scope="module")
def ini_agent(servers):
    return servers.add("ini_agent", a := IniAgent(servers.base / "ini_agent", name="ini_agent").start(), lambda: a.error_log[-3000:])


def our_reading(build, *files):
    """For each file: ({(section, key): (value, yes)}, what limits, scope)."""
    tool = build._find("tests/unit/claim", "claim_print_ini")
    out = subprocess.run([tool, *files], capture_output=True, text=True, check=True, timeout=30).stdout
    read = []
    for line in out.splitlines():
        word, *rest = line.split(" ")
        if word == "file":
            read.append([{}, "", ""])
        elif word == "value":
            section, key, value = (codecs.decode(x[1:], "hex") for x in rest[:3])
            read[-1][0][section, key] = (value, rest[3] == "yes")
        else:
            read[-1][("limit", "scope").index(word) + 1] = rest[0]
    return read


def of_nobody(section):
    """Sections of ours in the written file, which the agent does not add defaults to."""
    return section not in (b"plugins",) and not section.startswith((b"plugin:", b"host ", b"health", b"statsd"))


def test_100_01_every_line_is_read_as_a_stock_agent_reads_it(build, ini_agent):
    ours = {k: v for k, (v, _) in our_reading(build, ini_agent.etc / "netdata.conf")[0][0].items()}
    theirs = ini_agent.reading()
    shown = {k: v for k, v in ours.items() if of_nobody(k[0])}
    assert len(shown) > 80
    assert {k: theirs.get(k) for k in shown} == shown
    first = {section for section, _ in shown} - {b"global", b"directories", b"web", b"db", b"logs", b"ml", b"registry"}
    assert {k: v for k, v in theirs.items() if k[0] in first} == {k: v for k, v in shown.items() if k[0] in first}
    asked = 0
    for (section, key), value in shown.items():
        if section in first and re.fullmatch(rb"[ -{}~]*", section + key + value) and section and value:
            asked += 1
            answer = ini_agent.cli(f"read-config netdata|{section.decode()}|{key.decode()}")
            assert answer == (0, value.decode()), (section, key, answer)
    assert asked > 30


def test_100_02_the_words_that_switch_something_on_are_the_agents(build, ini_agent):
    ours = our_reading(build, ini_agent.etc / "netdata.conf")[0][0]
    yes = {i for i in range(len(WORDS)) if ours[b"plugins", b"p%02d" % i][1]}
    assert 10 < len(yes) < 25
    # It looks at all of them in one pass over their directory.
    wait_until(lambda: yes <= ini_agent.ran(), 20, lambda: f"it runs those too: {[WORDS[i] for i in yes - ini_agent.ran()]}")
    stays(lambda: ini_agent.ran() == yes, 0.5, "it runs no other")


def test_100_03_what_is_open_here_is_open_to_the_agent(build, ini_agent, fresh):
    files = []
    for i, lines in enumerate(FILES):
        files.append(fresh.base / f"netdata{i}.conf")
        files[-1].write_bytes(lines.replace(b"@", b"cloud") + b"\n")
    read = our_reading(build, *files)
    theirs = ini_agent.reading()
    words = {w.strip().lower() for i, w in enumerate(WORDS) if i in ini_agent.ran()}
    for i, (_, limit, scope) in enumerate(read):
        section = b"cloud%03d" % i
        enabled = theirs.get((section, b"enabled"), b"yes").lower() in words
        full = theirs.get((section, b"scope")) != b"license manager"
        where = (files[i].read_bytes(), limit, scope, theirs.get((section, b"enabled")), theirs.get((section, b"scope")))
        assert enabled or limit != "open", where
        assert full or scope == "limited" or limit != "open", where
        assert limit in ("open", "off", "trouble") and scope in ("full", "limited"), where
        assert i >= len(OPEN) or (enabled and full and limit == "open" and scope == "full"), where
    assert sum(limit == "open" for _, limit, _ in read) > 60, "or nothing is shown"


# -- the real plugin ----------------------------------------------------------------------------------------------------

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root starts an agent that becomes another user")


class Servant(Netdata):
    """Started by root; runs as user netdata, as distributions have it."""

    def write_files(self):
        super().write_files()
        user = pwd.getpwnam("netdata")
        for d in (self.dir, self.dir.parent, self.dir.parent.parent):
            d.chmod(d.stat().st_mode | 0o011)
        for folder in ("cache", "lib", "log", "plugins", "tmp"):
            for top, _, files in os.walk(self.dir / folder):
                for name in [".", *files]:
                    os.lchown(os.path.join(top, name), user.pw_uid, user.pw_gid)


@pytest.fixture(scope="module")
def servant(build, cloud, servers):
    """Claimed; its claim id is `claim`."""
    agent = Servant(servers.base / "servant", name="servant", plugin=build.plugin,
                    config={"global": {"run as user": "netdata"}})
    servers.add("servant", agent.start(), lambda: "\n".join(agent.aclk_log))
    agent.claim = claim(build, agent, cloud)
    cloud.wait_online(agent.claim, 30)
    return agent


def nobody_is_asked(agent, cloud):
    """Offline for what is written, and it stays so: no request, no connection to anybody but the agent."""
    cloud.wait_offline(agent.claim, 20)
    supervisor = agent.plugin_pid()
    wait_until(lambda: process.children(supervisor) == [], 10, "the worker is gone")
    seen, made = len(cloud.https_requests()), len(cloud.connections())
    stays(lambda: (len(cloud.https_requests()), len(cloud.connections()), process.children(supervisor)) == (seen, made, []),
          1, "nobody is asked anything")


def is_told(build, agent, words, since):
    """Log, state and doctor have all of the words."""
    def missing(text):
        return [w for w in words if w not in text]
    wait_until(lambda: not missing(agent.error_log[since:]), 10, lambda: f"the log has {missing(agent.error_log[since:])}")
    state = run_cli(build, agent, "state").stdout
    assert missing(state) == [] and "Online: No" in state, state
    v = visit(build, agent)
    told = [f for f in v.findings if f["verdict"] == "bad" and not missing(f["text"] + " -> " + f["remedy"])]
    assert told, v.story()


# What is done to the files, which words must be told.
def unreadable(netdata_conf, cloud_conf):
    netdata_conf.chmod(0o600)
    return ["netdata.conf", "Permission denied"]


def says_no(netdata_conf, cloud_conf):
    netdata_conf.write_text(netdata_conf.read_text() + "[cloud]\n  enabled = no\n")
    return ["netdata.conf", "[cloud]", "enabled = no"]


def says_never(netdata_conf, cloud_conf):
    cloud_conf.write_text(cloud_conf.read_text() + "    enabled = never # privacy\n")
    return ["cloud.conf", "enabled = never # privacy"]


def marked(netdata_conf, cloud_conf):
    cloud_conf.write_bytes(b"\xef\xbb\xbf" + cloud_conf.read_bytes())
    return ["cloud.conf", "line 1", "byte order mark"]


def without_section(netdata_conf, cloud_conf):
    cloud_conf.write_text(cloud_conf.read_text().replace("[global]", ""))
    return ["cloud.conf", "outside any section", "[global]"]


@needs_root
@pytest.mark.parametrize("limit", [unreadable, says_no, says_never, marked, without_section])
def test_100_10_a_limit_under_a_running_plugin_ends_the_link_and_mended_it_is_back(build, cloud, servant, limit):
    files = [servant.etc / "netdata.conf", servant.cloud_dir / "cloud.conf"]
    before = [(f.read_bytes(), f.stat().st_mode) for f in files]
    hellos, since, plugin = cloud.agent(servant.claim)["hellos"], len(servant.error_log), servant.plugin_pid()
    words = limit(*files)
    nobody_is_asked(servant, cloud)
    is_told(build, servant, words, since)
    for f, (text, mode) in zip(files, before):
        f.write_bytes(text)
        f.chmod(mode)
    cloud.wait_online(servant.claim, 30, hellos + 1)
    assert servant.plugin_pid() == plugin


@needs_root
def test_100_11_scope_that_only_root_may_read_then_in_other_letters_limits(build, cloud, servant):
    """root's agent reads what its user cannot: nobody is asked before that is mended; then the limit holds, and is told."""
    servant.stop()
    cloud.wait_offline(servant.claim)
    since, log, hellos = cloud.last_message_number(), len(servant.error_log), cloud.agent(servant.claim)["hellos"]
    servant.config = {**servant.config, "cloud": {"scope": "License Manager"}}
    (servant.etc / "netdata.conf").chmod(0o600)
    servant.start()
    wait_until(servant.plugin_pid, 20, "the plugin runs")
    nobody_is_asked(servant, cloud)
    is_told(build, servant, ["netdata.conf", "Permission denied"], log)
    (servant.etc / "netdata.conf").chmod(0o644)
    cloud.wait_online(servant.claim, 30, hellos + 1)
    cloud.send(servant.claim, "SendNodeInstances", {"claim_id": servant.claim})
    assert cloud.query(servant.claim, "/api/v1/data?chart=system.cpu").http_status == 403
    assert cloud.query(servant.claim, "/api/v1/info").http_status == 200
    assert published(cloud, servant.claim, since) == set()
    words = "netdata.conf [cloud] scope = License Manager"
    assert words in servant.error_log[log:]
    state = run_cli(build, servant, "state").stdout
    assert f"Limited By: {words}" in state and "Online: Yes" in state, state
    assert words in visit(build, servant).words("scope")


# -- Kubernetes' volumes --------------------------------------------------------------------------------------------------

def mount_version(volume, name):
    """What kubelet does when a ConfigMap has changed: a new directory, and ..data is swapped to it in one step."""
    (volume / "..data_tmp").symlink_to(name)
    os.replace(volume / "..data_tmp", volume / "..data")


def test_100_20_a_new_version_of_a_config_map_claims_the_node_and_one_of_cloud_conf_limits_it(cloud, fresh):
    agent = fresh.agent("pod", start=False)
    agent.write_files()
    trust(agent.cloud_dir, cloud.ca)
    for name, token in (("..2026_11_27_01", None), ("..2026_11_27_02", cloud.token)):
        (agent.etc / name).mkdir()
        write_claim_conf(agent.etc / name, cloud, token=token)
    mount_version(agent.etc, "..2026_11_27_01")
    (agent.etc / "claim.conf").symlink_to("..data/claim.conf")
    agent.start()
    wait_until(lambda: "claim.conf" in agent.error_log and "token" in agent.error_log, 20, "the token is missed")
    assert not (agent.cloud_dir / "claimed_id").exists()
    mount_version(agent.etc, "..2026_11_27_02")
    claim_id = wait_claimed(agent, cloud)

    conf = agent.cloud_dir / "cloud.conf"
    for name, more in (("..2026_11_27_03", ""), ("..2026_11_27_04", "    enabled = no\n")):
        (agent.cloud_dir / name).mkdir()
        (agent.cloud_dir / name / "cloud.conf").write_text(conf.read_text() + more)
    mount_version(agent.cloud_dir, "..2026_11_27_03")
    link = agent.cloud_dir / "link"
    link.symlink_to("..data/cloud.conf")
    os.replace(link, conf)
    mount_version(agent.cloud_dir, "..2026_11_27_04")
    cloud.wait_offline(claim_id, 20)
    hellos = cloud.agent(claim_id)["hellos"]
    mount_version(agent.cloud_dir, "..2026_11_27_03")
    cloud.wait_online(claim_id, 20, hellos + 1)
