# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages that the documents tell users to look for in error.log, word for word, each from what causes it; and what
the documents tell users to type."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reconnecting_link import link, settled  # noqa: F401  (fixtures)
from testenv import Synthetic, SyntheticHome, wait_until
from testenv.claiming import claim


@pytest.fixture
def home(build, cloud, fresh):
    """A claimed host that is not started."""
    home = SyntheticHome(fresh.base / "host")
    home.claim = claim(build, home, cloud)
    return home


def started(build, fresh, home):
    return fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)


def said(host, text, before=0):
    return wait_until(lambda: [x for x in host.log[before:].splitlines() if text in x and "ACLK" in x], 20,
                      lambda: f"{text!r} in\n{host.log[-3000:]}")


@pytest.mark.parametrize("damage", ["missing", "corrupted"])
def test_94_01_claimed_agent_cannot_establish_aclk_unable_to_load_private_key(build, fresh, home, damage):
    key = home.cloud_dir / "private.pem"
    key.unlink() if damage == "missing" else key.write_text("-----BEGIN PRIVATE KEY-----\nnothing\n")
    host = started(build, fresh, home)
    said(host, "Claimed agent cannot establish ACLK - unable to load private key")


@pytest.mark.parametrize("url", ["https://", "https://host:123456", "ftp:///x"])
def test_94_02_url_in_configuration_key_url_is_invalid(build, fresh, home, cloud, url):
    conf = home.cloud_dir / "cloud.conf"
    conf.write_text(conf.read_text().replace(cloud.url, url))
    host = started(build, fresh, home)
    said(host, 'Agent is claimed but the URL in configuration key "url" is invalid, please fix')
    assert host.state_json()["status-symbol"] == "ACLK_STATUS_CANT_CONNECT_INVALID_CLOUD_URL"


def test_94_03_connection_error_or_dropped(settled):
    before, hellos = len(settled.agent.log), settled.hellos()
    settled.cloud.disconnect(settled.claim, abrupt=True)
    said(settled.agent, "Connection Error or Dropped", before)
    settled.cloud.wait_online(settled.claim, 30, hellos + 1)


def test_94_04_mqtt_connack_returned_error(settled):
    before, hellos = len(settled.agent.log), settled.hellos()
    settled.cloud.configure(connack_reason=0x87)
    settled.cloud.disconnect(settled.claim, abrupt=True)
    said(settled.agent, "MQTT CONNACK returned error 135", before)
    settled.cloud.configure(reset=True)
    settled.cloud.wait_online(settled.claim, 60, hellos + 1)


def test_94_05_failed_to_start_ssl_connection(settled, fresh):
    """The link's own leg: the endpoint that the cloud names shows a certificate of a CA that nobody trusts."""
    bad = fresh.cloud("bad", certificate="other-ca")
    before, hellos = len(settled.agent.log), settled.hellos()
    settled.cloud.configure(env_patch={"transports": [{"type": "MQTTv5", "endpoint": bad.url.replace("https", "wss") + "/mqtt"}]})
    settled.cloud.disconnect(settled.claim, abrupt=True)
    said(settled.agent, "Failed to start SSL connection", before)
    settled.cloud.configure(reset=True)
    settled.cloud.wait_online(settled.claim, 60, hellos + 1)


def test_94_10_documented_checks_of_the_claim(home):
    """openssl rsa -in private.pem -check -noout; cat claimed_id; the expected files."""
    p = subprocess.run(["openssl", "rsa", "-in", home.cloud_dir / "private.pem", "-check", "-noout"], capture_output=True,
                       text=True)
    assert p.returncode == 0 and "RSA key ok" in p.stdout + p.stderr
    assert (home.cloud_dir / "claimed_id").read_text() == home.claim


def test_94_11_documented_way_to_claim_again(build, cloud, home):
    """rm -rf cloud.d, then netdata-claim.sh -token= -rooms= -url=."""
    ca = (home.cloud_dir / "trusted.pem").read_text()
    shutil.rmtree(home.cloud_dir)
    home.cloud_dir.mkdir()
    (home.cloud_dir / "trusted.pem").write_text(ca)
    p = subprocess.run([Path(build.cli).parent / "netdata-claim.sh", f"-token={cloud.token}", f"-rooms={cloud.rooms[0]}",
                        f"-url={cloud.url}"], capture_output=True, text=True, timeout=60,
                       env={"NETDATA_LIB_DIR": str(home.lib), "NETDATA_USER_CONFIG_DIR": str(home.etc),
                            "NETDATA_ACLK": str(build.cli), "PATH": "/usr/bin:/bin"})
    assert p.returncode == 0 and "Agent was successfully claimed." in p.stdout, p.stderr
    assert (home.cloud_dir / "claimed_id").read_text() != home.claim


def complete(build, words):
    script = Path(__file__).resolve().parents[2] / "plugin-api/cli/netdata-aclk.bash"
    text = f'source "{script}"; COMP_WORDS=("{build.cli}" {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); ' \
           '_netdata_aclk; printf "%s\\n" "${COMPREPLY[@]}"'
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=20).stdout.split()


def help_of(build, *command):
    return subprocess.run([build.cli, *command, "--help"], capture_output=True, text=True, timeout=20, check=True).stdout


def commands(build):
    """As the program itself lists them."""
    listed = re.findall(r"^  ([a-z][a-z-]*) ", help_of(build).split("Subcommands:\n", 1)[1], re.M)
    assert len(listed) >= 7
    return listed


def options(build, command):
    return re.findall(r"^  (?:-\w,)?(--[a-z-]+)", help_of(build, command), re.M)


def test_94_20_bash_completion(build):
    assert set(complete(build, "''")) == set(commands(build)) >= {"claim", "unclaim", "prepare-template", "state", "reload",
                                                                  "doctor", "what-is-sent"}
    assert complete(build, "uncl") == ["unclaim"]
    assert {"--token-file", "--rooms", "--url", "--proxy", "--reclaim"} <= set(complete(build, "claim --"))
    assert complete(build, "claim --recl") == ["--reclaim"]
    assert {"https://", "socks5h://"} <= set(complete(build, "claim --proxy ''"))
    assert complete(build, "unclaim --cl") == ["--cloud-dir"]
    for command in commands(build):
        assert set(complete(build, f"{command} --")) == set(options(build, command)) >= {"--help"}
    assert complete(build, "--ver") == ["--version"]
    for option in ("--cloud-dir", "--socket", "--token-file"):
        assert "/usr/" in [x if x.endswith("/") else x + "/" for x in complete(build, f"state {option} /us")]


@pytest.mark.parametrize("page", ["netdata-aclk.1", "cloud.conf.5", "../external/aclk.plugin.1"])
def test_94_21_man_pages_are_well_formed(page):
    if not shutil.which("man"):
        pytest.skip("man is not installed")
    file = Path(__file__).resolve().parents[2] / "plugin-api/cli" / page
    p = subprocess.run(["man", "--warnings", "-l", file], capture_output=True, text=True, timeout=30)
    assert p.returncode == 0 and p.stderr == "" and "NAME" in p.stdout


def test_94_22_every_command_is_in_its_man_page(build):
    page = (Path(__file__).resolve().parents[2] / "plugin-api/cli/netdata-aclk.1").read_text()
    sections = dict(re.findall(r"^\.Ss (\S+).*\n((?:(?!\.S[sh] ).*\n)*)", page, re.M))
    assert "claim-script" in sections
    for command in commands(build):
        assert command in sections
        # The options of the commands that ask the plugin are told once, after the last of them.
        words = sections[command] + (sections["what-is-sent"] if command in ("state", "reload") else "")
        for option in options(build, command):
            assert option == "--help" or re.search(rf"^\..*\bFl {option[1:]}\b", words, re.M), (command, option)
    for command in ("claim", "unclaim", "prepare-template", "doctor"):
        assert "Exit status" in help_of(build, command)


def test_94_24_every_setting_is_in_its_man_page():
    product = Path(__file__).resolve().parents[2]

    def words(page):
        return " ".join(re.sub(r'[\\"]', "", (product / "plugin-api" / page).read_text()).split())

    def keys(file, pattern):
        found = set(re.findall(pattern, (product / file).read_text()))
        assert found, (file, pattern)
        return found

    cloud_conf, plugin = words("cli/cloud.conf.5"), words("external/aclk.plugin.1")
    for key in keys("claim/settings.cpp", r'key == "([^"]+)"'):
        assert re.search(rf"Cm [^.]*\b{key}\b", cloud_conf), key
    own = keys("plugin-api/external/config/netdata_conf.cpp", r'(?:kOwn|interval\(conf), "([^"]+)"')
    cloud = keys("aclk/module/settings.cpp", r'(?:config|setting)\("cloud", "([^"]+)"') | \
        keys("plugin-api/external/config/netdata_conf.cpp", r'"cloud", "([^"]+)"')
    both = set.union(*(set(re.findall(r'"([^"]+)"', line)) for line in
                       keys("aclk/module/settings.cpp", r'for \(const char \*key : \{(.*)\}\)')))
    assert {"agent url", "poll alerts every"} <= own and {"scope", "statistics"} <= cloud and "query threads" in both
    for key in own | cloud | both:
        assert re.search(rf"\b{key}\b", plugin), key


def test_94_23_the_table_of_promises_names_tests_that_exist():
    tests = Path(__file__).resolve().parents[1]
    table = (tests / "README.md").read_text()
    ours = "".join(f.read_text() for f in tests.glob("integration/test_*.py"))
    unit = "".join(f.read_text() for kind in ("unit", "sockets") for f in tests.glob(f"{kind}/*/*.cpp"))
    missing = [n for n in set(re.findall(r"\b\d\d_\d\d\b", table)) if f"def test_{n}_" not in ours]
    missing += [n for n in set(re.findall(r"(?:claim|reach)::(\w\w+)", table)) if f"def test_{n}(" not in ours]
    cloud = "".join(f.read_text() for f in tests.glob("cloud/test_*.py"))
    missing += [n for n in set(re.findall(r"`(\w+__\w+)`", table))
                if n != "a__b__c" and f" {n}()" not in unit and f"def {n}(" not in cloud]
    assert not missing


def test_94_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
