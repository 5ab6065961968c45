# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata-aclk claim against the local cloud: protocol.md 1.1 and 1.2, and what is left on the disk."""
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import pytest

from testenv import Process, TinyProxy, process, take_port, wait_until
from testenv.claiming import run_claim, trust
from testenv.process import clean_env

FILES = ["claimed_id", "cloud.conf", "private.pem", "public.pem"]
FOUR_PAUSES = [0.3, 0.4, 0.5, 0.6]


class Machine:
    """The directories of an agent that has run once and is not running now."""

    def __init__(self, base, build, cloud=None):
        self.dir, self.build, self.cloud = base, build, cloud
        self.lib, self.etc, self.cloud_dir = base / "lib", base / "etc", base / "lib" / "cloud.d"
        self.guid = str(uuid.uuid4())
        (self.lib / "registry").mkdir(parents=True)
        self.etc.mkdir()
        (self.lib / "registry" / "netdata.public.unique.id").write_text(self.guid)
        if cloud:
            trust(self.cloud_dir, cloud.ca)

    def claim(self, *args, token=None, url=None, env=None):
        """Runs the command with the cloud's token and URL; the finished process, never with the token in its output."""
        token = token or self.cloud.token
        p = run_claim(self.build, self, "--url", url or self.cloud.url, *args,
                      env={"NETDATA_CLAIM_TOKEN": token, **(env or {})})
        assert token not in p.stdout + p.stderr
        return p

    def start(self, *args, url=None):
        """The same, not waited for."""
        env = clean_env(NETDATA_LIB_DIR=self.lib, NETDATA_USER_CONFIG_DIR=self.etc)
        return Process([self.build.cli, "claim", "--cloud-dir", self.cloud_dir, "--url", url or self.cloud.url, *args],
                       self.dir / "claim.log", env=env)

    def files(self):
        return sorted(f.name for f in self.cloud_dir.iterdir() if f.name != "trusted.pem")

    def claim_id(self):
        return (self.cloud_dir / "claimed_id").read_text()

    def conf(self, key):
        m = re.search(rf"^ +(?:# )?{key} = (.*)$", (self.cloud_dir / "cloud.conf").read_text(), re.M)
        return m[1].strip() if m else None

    def snapshot(self):
        return {f.name: (f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_mode, f.stat().st_ino)
                for f in self.cloud_dir.iterdir()}


@pytest.fixture
def machine(work, build, cloud, keep_switches):
    m = Machine(Path(tempfile.mkdtemp(prefix="claim-", dir=work)), build, cloud)
    m.seen = cloud.https_requests("claim")[-1]["n"] if cloud.https_requests("claim") else 0
    return m


def requests(machine):
    """The claim requests that the cloud got since the test began."""
    return machine.cloud.https_requests("claim", since=machine.seen)


def ids(machine):
    return [r["target"].rpartition("/")[2] for r in requests(machine)]


class TestGranted:
    @pytest.mark.core
    def test_request_is_as_on_the_wire_and_files_are_complete(self, machine, cloud):
        before = len(cloud.violations())
        p = machine.claim("--rooms", " , ".join(cloud.rooms[:2]))
        assert p.returncode == 0, p.stderr
        assert p.stdout.startswith("Agent was successfully claimed.\n") and machine.claim_id() in p.stdout
        [r] = requests(machine)
        assert (r["method"], r["status"], r["http"]) == ("PUT", 204, "1.1")
        assert r["target"] == f"/api/v1/spaces/nodes/{machine.claim_id()}"
        assert uuid.UUID(machine.claim_id()).version == 4
        assert dict(r["headers"])["Content-Type"] == "application/json"
        body = r["body"]
        assert sorted(body) == ["mGUID", "node", "publicKey", "rooms", "token"]
        assert body["node"] == {"id": machine.claim_id(), "hostname": os.uname().nodename}
        assert body["mGUID"] == machine.guid and body["rooms"] == cloud.rooms[:2]
        assert body["publicKey"] == (machine.cloud_dir / "public.pem").read_text()
        assert cloud.agent(machine.claim_id())["mguid"] == machine.guid
        assert len(cloud.violations()) == before
        assert machine.files() == FILES
        assert machine.conf("claimed_id") == machine.claim_id() and machine.conf("url") == cloud.url
        assert machine.conf("machine_guid") == machine.guid and machine.conf("token") == cloud.token

    def test_modes(self, machine):
        old = os.umask(0)  # the modes must not lean on it
        try:
            assert machine.claim().returncode == 0
        finally:
            os.umask(old)
        modes = {name: stat.S_IMODE((machine.cloud_dir / name).stat().st_mode) for name in FILES}
        assert modes == {"private.pem": 0o600, "public.pem": 0o660, "claimed_id": 0o660, "cloud.conf": 0o660}
        assert stat.S_IMODE(machine.cloud_dir.stat().st_mode) == 0o770

    def test_key_pair_is_what_openssl_expects(self, machine):
        assert machine.claim().returncode == 0
        key = machine.cloud_dir / "private.pem"
        text = subprocess.run(["openssl", "rsa", "-in", key, "-check", "-noout", "-text"], capture_output=True, text=True)
        assert text.returncode == 0 and "2048 bit" in text.stdout and "65537" in text.stdout
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], capture_output=True, text=True).stdout
        assert public == (machine.cloud_dir / "public.pem").read_text()
        assert key.read_text().startswith("-----BEGIN PRIVATE KEY-----")

    def test_private_key_of_an_older_agent_is_kept(self, machine):
        key = machine.cloud_dir / "private.pem"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True, capture_output=True)
        old = key.read_text()
        assert old.startswith("-----BEGIN RSA PRIVATE KEY-----")
        assert machine.claim().returncode == 0
        assert key.read_text() == old and stat.S_IMODE(key.stat().st_mode) == 0o600

    def test_directory_is_made_and_host_name_is_the_registrys(self, machine, cloud):
        shutil.rmtree(machine.cloud_dir)
        (machine.etc / "netdata.conf").write_text("[registry]\n    registry hostname = the registry's name\n")
        p = machine.claim(env={"SSL_CERT_FILE": cloud.ca})
        assert p.returncode == 0, p.stderr
        assert requests(machine)[0]["body"]["node"]["hostname"] == "the registry's name"
        assert stat.S_IMODE(machine.cloud_dir.stat().st_mode) == 0o770 and machine.files() == FILES

    def test_address_instead_of_a_name(self, machine, cloud):
        assert machine.claim(url=f"https://127.0.0.1:{cloud.port}").returncode == 0
        assert machine.conf("url") == f"https://127.0.0.1:{cloud.port}"


class TestRefused:
    @pytest.mark.core
    @pytest.mark.parametrize("status, body, code, text, attempts", [
        (102, None, 14, "Claiming is in progress", 1),
        (403, None, 12, "Failed: token is expired, not found, or invalid", 1),
        (409, None, 13, "Failed: agent is already claimed", 1),
        (422, {"errorMsgKey": "ErrInvalidNodeID"}, 8, "Failed: the node id is invalid", 1),
        (422, {"errorMsgKey": "ErrInvalidNodeName"}, 9, "Failed: the node name is invalid", 1),
        (422, {"errorMsgKey": "ErrInvalidRoomID"}, 10, "Failed: one or more room ids are invalid", 1),
        (422, {"errorMsgKey": "ErrInvalidPublicKey"}, 11, "Failed: the public key is invalid", 1),
        (422, {"errorMsgKey": "ErrOther"}, 19, "Failed with description 'ErrOther'", 1),
        (422, {}, 19, "Failed with a response code 422", 1),
        (422, "<html>no</html>", 19, "Failed with a response code 422", 1),
        (422, "", 19, "Failed with an empty response, code 422", 1),
        (500, None, 15, "Failed: received Internal Server Error", 5),
        (503, None, 17, "Failed: Netdata Cloud is unavailable", 5),
        (504, None, 16, "Failed: Gateway Timeout", 5),
        (200, "ok", 7, "Failed with response code 200", 5),
        (404, None, 7, "Failed with response code 404", 5),
    ])
    def test_each_status_has_its_text_its_code_and_its_attempts(self, machine, cloud, status, body, code, text, attempts):
        cloud.configure(claim_status=status, claim_body=body)
        p = machine.claim()
        assert p.returncode == code, p.stderr
        assert text in p.stderr.splitlines() and p.stdout == ""
        got = requests(machine)
        assert len(got) == attempts and len(set(ids(machine))) == attempts
        assert "not claimed" in p.stderr and machine.files() == []
        gaps = [b["time"] - a["time"] for a, b in zip(got, got[1:])]
        for gap, pause in zip(gaps, FOUR_PAUSES):
            assert pause <= gap < pause + 1.5, gaps

    def test_real_refusals_of_the_cloud(self, machine):
        assert machine.claim(token="nobody-issued-this").returncode == 12
        assert machine.claim("--rooms", str(uuid.uuid4())).returncode == 10
        assert len(requests(machine)) == 2

    def test_trouble_that_passes_is_got_over(self, machine, cloud):
        cloud.configure(claim_status=503, claim_times=2)
        assert machine.claim().returncode == 0
        assert [r["status"] for r in requests(machine)] == [503, 503, 204]
        assert machine.claim_id() == ids(machine)[2]

    def test_redirect_is_not_followed(self, machine, cloud):
        cloud.configure(claim_status=302, claim_headers={"Location": cloud.url + "/elsewhere"})
        assert machine.claim().returncode == 7
        assert [r["stage"] for r in cloud.https_requests()[-5:]] == ["claim"] * 5

    def test_102_before_the_real_answer_is_no_answer(self, machine, cloud):
        cloud.configure(claim_raw=b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
        assert machine.claim().returncode == 0
        assert len(requests(machine)) == 1

    def test_connection_reset_is_tried_again(self, machine, cloud):
        cloud.configure(claim_close=True)
        p = machine.claim()
        assert p.returncode == 4 and len(requests(machine)) == 5
        assert "Request failed with error: " in p.stderr
        lines = p.stderr.splitlines()
        for line in ("proxy: 'none',", "insecure: false,", f"public key file: '{machine.cloud_dir}/public.pem',",
                     f"trusted key file: '{machine.cloud_dir}/trusted.pem'"):
            assert line in lines

    def test_garbage_instead_of_http_is_tried_again(self, machine, cloud):
        cloud.configure(claim_raw=b"\x00\x01 SSH-2.0-nonsense\r\n\r\n")
        assert machine.claim().returncode == 4
        assert len(requests(machine)) == 5

    def test_answer_without_end_is_cut_off(self, machine, cloud):
        cloud.configure(claim_status=500, claim_body="x" * (11 << 20))
        p = machine.claim()
        assert p.returncode == 20 and len(requests(machine)) == 1
        assert "Request failed: response body exceeded 10485760 bytes" in p.stderr.splitlines()

    def test_nobody_listens(self, machine):
        p = machine.claim(url=f"https://localhost:{take_port()}")
        assert p.returncode == 4 and "attempt 4 of 5" in p.stderr and machine.files() == []

    @pytest.mark.core
    def test_switched_off(self, machine):
        (machine.cloud_dir / "cloud.conf").write_text("[global]\n    enabled = no\n    cloud base url = https://x\n")
        before = machine.snapshot()
        for more in ([], ["--reclaim"]):
            p = machine.claim(*more)
            assert p.returncode == 3
            assert p.stderr.startswith("Refusing to claim agent -> cloud functionality has been disabled\n")
        assert requests(machine) == [] and machine.snapshot() == before

    def test_agent_has_never_run(self, machine):
        shutil.rmtree(machine.lib / "registry")
        p = machine.claim()
        assert p.returncode == 18 and "netdata.public.unique.id" in p.stderr
        assert requests(machine) == []

    def test_no_library_directory(self, machine):
        shutil.rmtree(machine.lib)
        p = machine.claim()
        assert p.returncode == 2 and str(machine.lib) in p.stderr


class TestAgain:
    @pytest.mark.core
    def test_second_run_says_so_and_changes_nothing(self, machine, cloud):
        assert machine.claim().returncode == 0
        before = machine.snapshot()
        p = machine.claim("--rooms", cloud.rooms[0], "--proxy", "none")
        assert p.returncode == 0
        assert "already claimed" in p.stdout and machine.claim_id() in p.stdout and cloud.url in p.stdout
        assert machine.snapshot() == before and len(requests(machine)) == 1

    @pytest.mark.core
    def test_reclaim_has_a_new_key_and_a_new_id(self, machine, cloud):
        assert machine.claim().returncode == 0
        old = machine.snapshot()
        first = machine.claim_id()
        space = cloud.add_space()
        p = machine.claim("--reclaim", token=space["token"])
        assert p.returncode == 0, p.stderr
        new = machine.snapshot()
        assert machine.claim_id() != first and machine.conf("claimed_id") == machine.claim_id()
        assert all(old[name][0] != new[name][0] for name in FILES)
        assert cloud.agent(machine.claim_id())["space"] == space["id"]
        assert machine.files() == FILES

    def test_reclaim_that_is_refused_leaves_the_old_claim(self, machine, cloud):
        assert machine.claim().returncode == 0
        before = machine.snapshot()
        cloud.configure(claim_status=403)
        p = machine.claim("--reclaim")
        assert p.returncode == 12 and machine.claim_id() in p.stderr
        assert machine.snapshot() == before

    def test_two_at_once(self, machine, cloud):
        cloud.configure(claim_delay=3)
        token = machine.dir / "token"
        token.write_text(cloud.token)
        first = machine.start("--token-file", token)
        wait_until(lambda: process.sockets(first.pid), 10, "the first run's connection")
        p = machine.claim()
        assert p.returncode == 21 and "another claim is running" in p.stderr
        assert first.wait(20) == 0 and len(requests(machine)) == 1

    @pytest.mark.core
    def test_killed_on_the_way_leaves_nothing_that_counts(self, machine, cloud):
        cloud.configure(claim_delay=3)
        token = machine.dir / "token"
        token.write_text(cloud.token)
        first = machine.start("--token-file", token)
        wait_until(lambda: process.sockets(first.pid), 10, "the connection")
        first.kill()
        assert machine.files() == []
        cloud.configure(reset=True)
        assert machine.claim().returncode == 0 and machine.files() == FILES


class TestTrust:
    @pytest.mark.core
    def test_private_ca_is_not_trusted_by_itself(self, machine):
        (machine.cloud_dir / "trusted.pem").unlink()
        p = machine.claim()
        assert p.returncode == 4 and "certificate" in p.stderr and "trusted.pem" in p.stderr
        assert requests(machine) == [] and machine.files() == []

    def test_cloud_fullchain_is_the_second_choice(self, machine):
        (machine.cloud_dir / "trusted.pem").rename(machine.cloud_dir / "cloud_fullchain.pem")
        assert machine.claim().returncode == 0

    def test_system_store_still_counts_beside_the_file(self, machine, cloud, fresh):
        other = fresh.cloud("other")
        trust(machine.cloud_dir, other.ca)
        assert machine.claim().returncode == 4
        assert machine.claim(env={"SSL_CERT_FILE": cloud.ca}).returncode == 0

    def test_trust_file_without_certificates_is_named(self, machine):
        (machine.cloud_dir / "trusted.pem").write_text("nothing here\n")
        p = machine.claim()
        assert p.returncode == 2 and f"{machine.cloud_dir}/trusted.pem" in p.stderr and requests(machine) == []

    @pytest.mark.core
    @pytest.mark.parametrize("kind", ["expired", "not-yet", "wrong-host", "other-ca", "same-name-ca", "self-signed"])
    def test_bad_certificates_are_refused(self, machine, fresh, kind):
        bad = fresh.cloud(kind, certificate=kind)
        trust(machine.cloud_dir, bad.ca)
        p = machine.claim(token=bad.token, url=bad.url)
        assert p.returncode == 4 and "SSL" in p.stderr, p.stderr
        assert bad.https_requests() == [] and machine.files() == []

    def test_insecure_takes_any_certificate_and_is_loud(self, machine, fresh):
        bad = fresh.cloud("bad", certificate="wrong-host")
        p = machine.claim("--insecure", token=bad.token, url=bad.url)
        assert p.returncode == 0 and "NOT verified" in p.stderr
        assert machine.conf("insecure") == "yes"

    def test_old_tls_is_refused(self, machine, fresh):
        old = fresh.cloud("old", tls_max="1.1")
        trust(machine.cloud_dir, old.ca)
        p = machine.claim(token=old.token, url=old.url)
        assert p.returncode == 4 and old.https_requests() == []

    def test_plain_http_needs_insecure(self, machine):
        p = machine.claim(url="http://localhost:1")
        assert p.returncode == 1 and "unencrypted" in p.stderr


class TestProxy:
    PASSWORD = "p4ss-of-proxy"

    @pytest.fixture
    def proxy(self, fresh):
        p = TinyProxy(fresh.base / "proxy", user="someone", password=self.PASSWORD).start()
        return fresh.add("tinyproxy", p, lambda: p.log)

    @pytest.mark.core
    def test_through_a_proxy_with_credentials(self, machine, cloud, proxy):
        p = machine.claim("--proxy", proxy.url)
        assert p.returncode == 0, p.stderr
        assert any(f"localhost:{cloud.port}" in line for line in proxy.connects())
        assert self.PASSWORD not in p.stdout + p.stderr
        assert f"proxy: http://127.0.0.1:{proxy.port} (with credentials, from --proxy)" in p.stderr
        assert machine.conf("proxy") == proxy.url

    def test_wrong_password_is_named_and_masked(self, machine, proxy):
        p = machine.claim("--proxy", f"http://someone:wr0ng-one@127.0.0.1:{proxy.port}")
        assert p.returncode == 4 and ("407" in p.stderr or "401" in p.stderr)
        assert "wr0ng-one" not in p.stdout + p.stderr
        assert f"proxy: 'http://127.0.0.1:{proxy.port} (with credentials, from --proxy)'," in p.stderr.splitlines()
        assert requests(machine) == []

    def test_environment_is_the_default(self, machine, cloud, proxy):
        assert machine.claim(env={"http_proxy": proxy.url}).returncode == 0
        assert any(f"localhost:{cloud.port}" in line for line in proxy.connects())

    def test_none_overrides_the_environment(self, machine, cloud, proxy):
        assert machine.claim("--proxy", "none", env={"http_proxy": proxy.url, "https_proxy": proxy.url,
                                                     "ALL_PROXY": proxy.url}).returncode == 0
        assert f"localhost:{cloud.port}" not in proxy.log

    def test_unknown_form_is_refused_and_masked(self, machine):
        p = machine.claim("--proxy", "ftp://u:h1dden@h:1")
        assert p.returncode == 1 and "ftp://XXXXX@h:1" in p.stderr and "h1dden" not in p.stderr

    def test_proxy_that_is_not_there(self, machine):
        p = machine.claim("--proxy", f"http://u:h1dden@127.0.0.1:{take_port()}")
        assert p.returncode == 4 and "Check the proxy" in p.stderr and "h1dden" not in p.stderr


class TestCommandLine:
    @pytest.mark.core
    def test_ps_shows_neither_token_nor_proxy_password(self, machine, cloud, fresh):
        cloud.configure(claim_delay=2)
        proxy = TinyProxy(fresh.base / "proxy", user="u", password="h1dden").start()
        fresh.add("tinyproxy", proxy, lambda: proxy.log)
        for form in (["--token", cloud.token, "--proxy", proxy.url], [f"--token={cloud.token}", f"--proxy={proxy.url}"]):
            run = machine.start("--reclaim", *form)
            wait_until(lambda: process.sockets(run.pid), 10, "the connection")
            shown = process.cmdline(run.pid)
            assert "--token" in shown and cloud.token not in shown and "h1dden" not in shown
            assert run.wait(20) == 0, run.text()

    def test_token_from_a_file_and_from_the_environment(self, machine, cloud):
        token = machine.dir / "token"
        token.write_text(f"\n  {cloud.token}\n")
        p = run_claim(machine.build, machine, "--token-file", token, "--url", cloud.url)
        assert p.returncode == 0, p.stderr
        p = run_claim(machine.build, machine, "--reclaim", env={
            "NETDATA_CLAIM_TOKEN": cloud.token, "NETDATA_CLAIM_URL": cloud.url, "NETDATA_CLAIM_ROOMS": cloud.rooms[0]})
        assert p.returncode == 0, p.stderr
        assert cloud.agent(machine.claim_id())["rooms"] == [cloud.rooms[0]]

    def test_url_of_cloud_conf_is_the_default(self, machine, cloud):
        (machine.cloud_dir / "cloud.conf").write_text(f"[global]\n    cloud base url = {cloud.url}\n")
        p = run_claim(machine.build, machine, env={"NETDATA_CLAIM_TOKEN": cloud.token})
        assert p.returncode == 0, p.stderr

    def test_mistakes_end_with_1_and_no_secret(self, machine):
        for args in (["--tokn", "s3cret"], ["--token=s3cret", "--token-file", "/dev/null"], ["s3cret"], [],
                     ["--token-file", machine.dir / "nowhere"], ["--token", "s3cret two"]):
            p = run_claim(machine.build, machine, *args)
            assert p.returncode == 1, (args, p.stderr)
            assert "s3cret" not in p.stdout + p.stderr and p.stderr

    def test_version_and_help(self, build):
        def out(*args):
            return subprocess.run([build.cli, *args], capture_output=True, text=True, env=clean_env(), timeout=20)

        assert re.fullmatch(r"netdata-aclk \d+\.\d+\.\d+\n", out("--version").stdout)
        assert out("--help").returncode == 0 and "claim" in out("--help").stdout
        text = out("claim", "--help").stdout
        for word in ("--token", "--token-file", "--rooms", "--url", "--proxy", "--insecure", "--cloud-dir", "--reclaim",
                     "Exit status", "NETDATA_CLAIM_TOKEN"):
            assert word in text
        assert out().returncode == 1 and out("bogus").returncode == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become the agent's user")
class TestUser:
    AGENT, OTHER = 65534, 54321  # nobody, and a number without a name

    @pytest.fixture
    def theirs(self, build, cloud, keep_switches):
        """A machine whose agent runs as AGENT, in a directory that others can reach."""
        base = Path(tempfile.mkdtemp(prefix="aclk-user-"))
        base.chmod(0o755)
        m = Machine(base, build)
        m.cloud = cloud
        ca = base / "ca.pem"
        shutil.copyfile(cloud.ca, ca)
        ca.chmod(0o644)
        m.env = {"SSL_CERT_FILE": ca}
        for d in (m.lib, m.lib / "registry"):
            os.chown(d, self.AGENT, self.AGENT)
        yield m
        shutil.rmtree(base)

    def owners(self, m):
        return {(s.st_uid, s.st_gid) for s in (m.cloud_dir.stat(), *(f.stat() for f in m.cloud_dir.iterdir()))}

    def test_root_writes_as_the_agents_user(self, theirs):
        p = theirs.claim(env=theirs.env)
        assert p.returncode == 0, p.stderr
        assert theirs.files() == FILES and self.owners(theirs) == {(self.AGENT, self.AGENT)}

    def test_directory_that_root_made_is_handed_over(self, theirs):
        theirs.cloud_dir.mkdir()
        assert theirs.claim(env=theirs.env).returncode == 0
        assert self.owners(theirs) == {(self.AGENT, self.AGENT)}
        assert stat.S_IMODE(theirs.cloud_dir.stat().st_mode) == 0o770

    def test_symbolic_link_in_the_way_gains_nothing(self, theirs):
        """The agent's user points cloud.d at a directory of root: nothing of it changes."""
        precious = theirs.dir / "precious"
        precious.mkdir(mode=0o755)
        os.symlink(precious, theirs.cloud_dir)
        os.lchown(theirs.cloud_dir, self.AGENT, self.AGENT)
        p = theirs.claim(env=theirs.env)
        assert p.returncode == 2, p.stderr
        s = precious.stat()
        assert (s.st_uid, stat.S_IMODE(s.st_mode)) == (0, 0o755) and list(precious.iterdir()) == []

    def test_somebody_else_is_turned_away(self, theirs):
        env = clean_env(NETDATA_LIB_DIR=theirs.lib, NETDATA_CLAIM_TOKEN="t")
        p = subprocess.run(["setpriv", f"--reuid={self.OTHER}", f"--regid={self.OTHER}", "--clear-groups",
                            _readable(theirs.build.cli, theirs.dir), "claim", "--url", theirs.cloud.url],
                           capture_output=True, text=True, env=env, timeout=60)
        assert p.returncode == 6 and "nobody" in p.stderr and not theirs.cloud_dir.exists()


def _readable(program, directory):
    """A copy that other users can run, wherever the build directory is."""
    copy = directory / program.name
    shutil.copy(program, copy)
    copy.chmod(0o755)
    return copy


def test_claim_takes_well_under_a_second(machine):
    """Against a cloud next door: what counts is our own work, a key pair included."""
    begin = time.monotonic()
    assert machine.claim().returncode == 0
    assert time.monotonic() - begin < (30 if machine.build.sanitizer else 5)
