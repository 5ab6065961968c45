# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom to trust: what is there and cannot be read is named, and the claim, the login and the link judge alike."""
import os
import pwd
import shutil
from pathlib import Path

import pytest

from testenv import SyntheticHome, stays, wait_until
from testenv.claiming import claim, run_claim, trust
from testenv.doctor import visit
from testenv.process import sockets
from proxied_host import attempts, run, works


@pytest.fixture
def home(build, cloud, fresh):
    """Claimed, and nothing runs."""
    h = SyntheticHome(fresh.base / "host")
    h.claim = claim(build, h, cloud)
    yield h
    cloud.configure(reset=True)


def spoil(home, how):
    file = home.cloud_dir / "trusted.pem"
    file.unlink()
    if how == "link":
        file.symlink_to(home.cloud_dir / "not-there.pem")
    elif how == "directory":
        file.mkdir()
    elif how == "der":
        file.write_bytes(b"\x30\x82\x01\x00" + bytes(256))
    elif how == "key":
        shutil.copyfile(home.cloud_dir / "private.pem", file)
    elif how == "half":
        file.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n")
    else:
        file.write_text("")


SPOILT = {"link": "a symbolic link to nothing", "directory": "not a regular file", "der": "convert it", "key": "no PEM certificate",
          "half": "no PEM certificate that can be read", "empty": "no PEM certificate"}


@pytest.mark.core
@pytest.mark.parametrize("how", SPOILT)
def test_111_01_trust_file_that_cannot_be_used_connects_nowhere_and_is_named(build, cloud, fresh, home, how):
    good = (home.cloud_dir / "trusted.pem").read_bytes()
    spoil(home, how)
    file = str(home.cloud_dir / "trusted.pem")
    asked = len(cloud.https_requests())
    host = run(fresh, build, home)
    stays(lambda: sockets(host.pid) == [] and len(cloud.https_requests()) == asked, 0.5, "nobody is connected to")
    for text in (host.log, host.state()):
        assert f"cannot use {file} as a list of trusted certificates" in text and SPOILT[how] in text, text
    p = run_claim(build, home, "--reclaim", "--token", cloud.token, "--url", cloud.url)
    assert p.returncode == 2 and file in p.stderr and SPOILT[how] in p.stderr, p.stderr
    v = visit(build, home)
    assert v.wrong() == ["settings"] and file in v.words("settings") and v.verdict("cloud") == "skipped", v.story()
    if how != "link":
        return
    host.stop()
    (home.cloud_dir / "not-there.pem").write_bytes(good)
    run(fresh, build, home)
    works(cloud, home.claim)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_111_02_trust_file_that_the_agents_user_cannot_read_is_named(build, cloud, home):
    user = pwd.getpwnam("nobody")
    for f in [home.cloud_dir, *home.cloud_dir.iterdir()]:
        os.chown(f, user.pw_uid, user.pw_gid)
    file = home.cloud_dir / "trusted.pem"
    os.chown(file, 0, 0)
    file.chmod(0o600)
    for d in [home.cloud_dir, *list(home.cloud_dir.parents)[:-2]]:
        d.chmod(d.stat().st_mode | 0o711)
    v = visit(build, home)
    assert "settings" in v.wrong() and str(file) in v.words("settings"), v.story()
    assert "the agent's user may not read it" in v.words("settings") and "chmod 0644" in v.words("settings")
    p = run_claim(build, home, "--reclaim", "--token", cloud.token, "--url", cloud.url)
    assert p.returncode == 2 and str(file) in p.stderr and "chmod 0644" in p.stderr, p.stderr


def test_111_03_ssl_cert_file_that_is_none_is_named(build, cloud, fresh, home):
    env = {"SSL_CERT_FILE": "/nonexistent/bundle.pem"}
    host = run(fresh, build, home, env=env)
    wait_until(lambda: "SSL_CERT_FILE in the environment" in host.log, 10, "it is named")
    assert "/nonexistent/bundle.pem" in host.state() and sockets(host.pid) == []
    p = run_claim(build, home, "--reclaim", "--token", cloud.token, "--url", cloud.url, env=env)
    assert p.returncode == 2 and "SSL_CERT_FILE" in p.stderr, p.stderr


@pytest.mark.core
def test_111_10_intermediate_alone_is_enough_on_every_leg(build, fresh):
    c = fresh.cloud("middle", certificate="intermediate")
    home = SyntheticHome(fresh.base / "middle-host")
    claim_id = claim(build, home, c)
    run(fresh, build, home)
    works(c, claim_id)
    assert c.violations() == []
    v = visit(build, home)
    assert v.wrong() == [] and "was verified" in v.words("tls"), v.story()


def test_111_11_address_that_is_only_the_common_name_is_refused_on_every_leg(build, cloud, fresh, home):
    bad = fresh.cloud("cn", certificate="address-in-name")
    url = bad.url.replace("localhost", "127.0.0.1")
    assert "127.0.0.1" in url
    other = SyntheticHome(fresh.base / "other")
    trust(other.cloud_dir, bad.ca)
    p = run_claim(build, other, "--token", bad.token, "--url", url)
    assert p.returncode == 4 and "hostname mismatch" in p.stderr, p.stderr
    trust(home.cloud_dir, bad.ca)
    host = run(fresh, build, home, cloud_option=[f"url={url}"])
    last = wait_until(lambda: [a for a in attempts(host) if a["reason"]], 20, "a failed attempt")[-1]
    assert "TLS failed" in last["reason"] and "hostname mismatch" in last["reason"], last
    assert bad.https_requests() == []
    # The login is trusted, the broker is not.
    home = SyntheticHome(fresh.base / "second")
    claim(build, home, cloud)
    (home.cloud_dir / "trusted.pem").write_bytes(Path(cloud.ca).read_bytes() + Path(bad.ca).read_bytes())
    cloud.configure(env_patch={"transports": [{"endpoint": url.replace("https", "wss") + "/mqtt", "type": "MQTTv5"}]})
    host = run(fresh, build, home)
    last = wait_until(lambda: [a for a in attempts(host) if a["reason"]], 20, "a failed attempt")[-1]
    assert "TLS failed" in last["reason"] and "hostname mismatch" in last["reason"], last


@pytest.mark.core
@pytest.mark.parametrize("patch", [{"transports": [{"endpoint": "ws://localhost:1/mqtt", "type": "MQTTv5"}]},
                                   {"transports": [{"endpoint": "http://localhost:1/mqtt", "type": "MQTTv5"}]},
                                   {"authEndpoint": "http://localhost:1/api/v1/auth"}], ids=["ws", "http", "auth"])
def test_111_20_cloud_that_names_a_way_in_clear_is_refused(build, cloud, fresh, home, patch):
    cloud.configure(env_patch=patch)
    challenges = len(cloud.https_requests("challenge"))
    host = run(fresh, build, home)
    last = wait_until(lambda: [a for a in attempts(host) if a["reason"]], 20, "a failed attempt")[-1]
    assert "not encrypted" in last["reason"] and "insecure" in last["reason"], last
    assert len(cloud.https_requests("challenge")) == challenges, "nothing of this node's goes there"
    v = visit(build, home)
    assert v.wrong() == ["env"] and "not encrypted" in v.words("env"), v.story()
