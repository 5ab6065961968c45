# SPDX-License-Identifier: GPL-3.0-or-later
"""How netdata-aclk claim reaches and trusts a cloud, its command line, and whose files it writes."""
import os
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from claim_machine import FILES, Machine, machine, requests
from testenv import TinyProxy, process, take_port, wait_until
from testenv.claiming import run_claim, trust
from testenv.process import clean_env

__all__ = ["machine"]  # a fixture


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
