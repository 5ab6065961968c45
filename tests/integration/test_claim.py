# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata-aclk claim against the local cloud: claim/README.md, "Key pair" and "Claim request", and what is left on the
disk."""
import os
import shutil
import stat
import subprocess
import time
import uuid

import pytest

from claim_machine import FILES, ids, machine, requests
from testenv import process, take_port, wait_until
from testenv.process import clean_env

__all__ = ["machine"]  # a fixture
FOUR_PAUSES = [0.3, 0.4, 0.5, 0.6]


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

    @pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
    def test_switched_off_opens_no_socket(self, machine):
        (machine.cloud_dir / "cloud.conf").write_text("[global]\n    enabled = no\n")
        trace = machine.dir / "trace"
        p = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=network", machine.build.cli, "claim", "--cloud-dir",
                            machine.cloud_dir, "--token", "t"], capture_output=True, text=True, timeout=60,
                           env=clean_env(ASAN_OPTIONS="detect_leaks=0"))
        assert p.returncode == 3 and "AF_INET" not in trace.read_text()

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


def test_claim_takes_well_under_a_second(machine):
    """Against a cloud next door: what counts is our own work, a key pair included."""
    begin = time.monotonic()
    assert machine.claim().returncode == 0
    assert time.monotonic() - begin < (30 if machine.build.sanitizer else 5)
