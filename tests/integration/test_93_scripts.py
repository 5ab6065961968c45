# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata-claim.sh as 1.37 and 2.x had it, and netdata-cloud.sh of the first release: options, messages, exit codes."""
import os
import stat
import subprocess
import uuid
from pathlib import Path

import pytest

from claim_machine import machine, requests
from testenv import take_port
from testenv.process import clean_env

__all__ = ["machine"]  # a fixture


@pytest.fixture
def script(machine, build):
    """Runs one of the scripts for the machine; never with the token in its output."""
    def run(*args, name="netdata-claim.sh", env=None, cwd=None):
        p = subprocess.run([Path(build.cli).parent / name, *map(str, args)], text=True, capture_output=True, timeout=60,
                           cwd=cwd, env=clean_env(NETDATA_LIB_DIR=machine.lib, NETDATA_USER_CONFIG_DIR=machine.etc,
                                                  NETDATA_ACLK=build.cli, **(env or {})))
        assert machine.cloud.token not in p.stdout + p.stderr
        return p
    return run


def v1(machine, *more):
    return [f"-token={machine.cloud.token}", f"-url={machine.cloud.url}", *more]


class TestAs137:
    @pytest.mark.core
    def test_93_01_claims_with_every_option(self, machine, script, cloud):
        claim_id = str(uuid.uuid4())
        p = script(*v1(machine, f"-rooms={cloud.rooms[0]},{cloud.rooms[1]}", f"-id={claim_id.upper()}", "-hostname=a-name",
                       "-noproxy", "-noreload", "-daemon-not-running", "-verbose"))
        assert p.returncode == 0, p.stdout + p.stderr
        assert p.stdout.startswith("Node was successfully claimed.\nAgent was successfully claimed.\n")
        for line in ("Token: ****************", f"Base URL: {cloud.url}", f"Id: {claim_id}", "Hostname: a-name",
                     f"Rooms: {cloud.rooms[0]},{cloud.rooms[1]}", "Proxy: none", "Netdata user: ",
                     "Connection attempt 1 successful"):
            assert f"{line}" in p.stderr
        [r] = requests(machine)
        assert r["target"].endswith(claim_id) and r["body"]["node"] == {"id": claim_id, "hostname": "a-name"}
        assert machine.claim_id() == claim_id and r["body"]["rooms"] == cloud.rooms[:2]
        assert machine.conf("proxy") == "none"

    def test_93_02_token_and_rooms_from_files(self, machine, script, cloud):
        (machine.cloud_dir / "token").write_text(cloud.token)
        (machine.cloud_dir / "rooms").write_text(cloud.rooms[1])
        p = script(f"-url={cloud.url}")
        assert p.returncode == 0, p.stderr
        assert requests(machine)[0]["body"]["rooms"] == [cloud.rooms[1]]
        assert not (machine.cloud_dir / "token").exists()

    def test_93_03_no_token_is_the_token_unknown(self, machine, script, cloud):
        p = script(f"-url={cloud.url}")
        assert p.returncode == 12 and len(requests(machine)) == 1

    def test_93_04_unknown_argument(self, machine, script):
        p = script("-tokn=x")
        assert p.returncode == 1 and p.stderr == "Unknown argument -tokn\n" and requests(machine) == []

    @pytest.mark.parametrize("answer, code, text, key", [
        (dict(claim_status=404), 7, "Unknown HTTP error message", None),
        (dict(claim_status=422, claim_body='{"errorMsgKey": "ErrInvalidNodeID"}'), 8, "invalid node id", "ErrInvalidNodeID"),
        (dict(claim_status=422, claim_body='{"errorMsgKey": "ErrInvalidNodeName"}'), 9, "invalid node name", "ErrInvalidNodeName"),
        (dict(claim_status=422, claim_body='{"errorMsgKey": "ErrInvalidRoomID"}'), 10, "invalid room id", "ErrInvalidRoomID"),
        (dict(claim_status=422, claim_body='{"errorMsgKey": "ErrInvalidPublicKey"}'), 11, "invalid public key", "ErrInvalidPublicKey"),
        (dict(claim_status=403), 12, "token expired/token not found/invalid token", "ErrForbidden"),
        (dict(claim_status=409), 13, "already claimed", "ErrAlreadyClaimed"),
        (dict(claim_status=102), 14, "processing claiming", "ErrProcessingClaim"),
        (dict(claim_status=500), 15, "Internal Server Error", "ErrInternalServerError"),
        (dict(claim_status=504), 16, "Gateway Timeout", "ErrGatewayTimeout"),
        (dict(claim_status=503), 17, "Service Unavailable", "ErrServiceUnavailable"),
    ])
    def test_93_05_exit_codes_of_refusals(self, machine, script, cloud, answer, code, text, key):
        cloud.configure(**answer)
        p = script(*v1(machine, "-verbose"))
        assert p.returncode == code, p.stderr
        assert f'Failed to claim node with the following error message:"{text}"\n' in p.stderr
        if key:
            assert f'Error key was:"{key}"\n' in p.stderr
        assert machine.files() == []

    def test_93_06_retries_are_told(self, machine, script, cloud):
        cloud.configure(claim_status=503)
        p = script(*v1(machine))
        assert [f"Connection attempt {i} failed. Retry in" in p.stderr for i in (1, 2, 3, 4)] == [True] * 4

    def test_93_07_unreachable(self, machine, script):
        url = f"https://localhost:{take_port()}"
        p = script(f"-token={machine.cloud.token}", f"-url={url}")
        assert p.returncode == 4 and f"Failed to connect to {url}, return code " in p.stderr

    def test_93_08_claimed_already(self, machine, script):
        assert script(*v1(machine)).returncode == 0
        before = machine.snapshot()
        p = script(*v1(machine))
        assert p.returncode == 13 and 'error message:"already claimed"' in p.stderr and machine.claim_id() in p.stderr
        assert machine.snapshot() == before
        new = str(uuid.uuid4())
        assert script(*v1(machine, f"-id={new}")).returncode == 0 and machine.claim_id() == new

    def test_93_09_machine_guid_missing(self, machine, script):
        (machine.lib / "registry/netdata.public.unique.id").unlink()
        p = script(*v1(machine))
        assert p.returncode == 18 and "netdata.public.unique.id" in p.stderr

    def test_93_10_switched_off(self, machine, script):
        (machine.cloud_dir / "cloud.conf").write_text("[global]\n  enabled = no\n")
        p = script(*v1(machine))
        assert p.returncode == 3 and "Refusing to claim agent -> cloud functionality has been disabled" in p.stderr

    def test_93_11_directory_cannot_be_made(self, machine, script):
        trusted = machine.cloud_dir / "trusted.pem"
        trusted.unlink()
        machine.cloud_dir.rmdir()
        machine.cloud_dir.write_text("a file")
        p = script(*v1(machine))
        assert p.returncode == 2 and "claiming working directory" in p.stderr


class TestAs2x:
    @pytest.mark.core
    def test_93_20_claims_and_writes_claim_conf(self, machine, script, cloud):
        p = script("--claim-token", cloud.token, "--claim-url", cloud.url, "--claim-rooms", cloud.rooms[0], "--noproxy",
                   "--noreload")
        assert p.returncode == 0, p.stderr
        assert "deprecated" in p.stderr and "Agent was successfully claimed." in p.stdout
        conf = machine.etc / "claim.conf"
        assert stat.S_IMODE(conf.stat().st_mode) == 0o640
        assert conf.read_text() == (f"[global]\n    url = {cloud.url}\n    token = {cloud.token}\n"
                                    f"    rooms = {cloud.rooms[0]}\n    proxy = none\n    insecure = no\n")
        claim_id = machine.claim_id()
        p = script("--claim-token", cloud.token, "--claim-url", cloud.url)
        assert p.returncode == 0 and machine.claim_id() == claim_id, "not claimed again"
        assert len(requests(machine)) == 1

    def test_93_21_defaults_from_the_environment(self, machine, script, cloud):
        p = script("--noproxy", env={"NETDATA_CLAIM_TOKEN": cloud.token, "NETDATA_CLAIM_URL": cloud.url,
                                     "NETDATA_CLAIM_ROOMS": cloud.rooms[1]})
        assert p.returncode == 0 and requests(machine)[0]["body"]["rooms"] == [cloud.rooms[1]]

    def test_93_22_token_must_be_there(self, machine, script):
        p = script("--claim-rooms", "r")
        assert p.returncode == 1 and "ERROR: Claim token must be specified" in p.stderr

    def test_93_23_options_that_are_gone(self, machine, script, cloud):
        p = script("--claim-token", cloud.token, "--claim-url", cloud.url, "-id=x", "-hostname=y", "-user=z", "--what")
        assert p.returncode == 0, p.stderr
        for name in ("-id", "-hostname", "-user"):
            assert f"WARNING: {name} option is no longer supported" in p.stderr
        assert "WARNING: Ignoring unrecognized option --what" in p.stderr
        assert requests(machine)[0]["body"]["node"]["hostname"] == os.uname().nodename

    def test_93_24_config_directory_not_writable(self, machine, script, cloud):
        gone = machine.dir / "nowhere"
        p = script("--claim-token", cloud.token, env={"NETDATA_CLAIM_CONFIG_DIR": gone})
        assert p.returncode == 32
        assert f"ERROR: Script must be run by a user with write access to {gone}." in p.stderr
        assert requests(machine) == []

    def test_93_25_refused_claims_keep_their_code(self, machine, script, cloud):
        cloud.configure(claim_status=403)
        p = script("--claim-token", cloud.token, "--claim-url", cloud.url)
        assert p.returncode == 12 and "Failed: token is expired, not found, or invalid" in p.stderr


def test_93_30_netdata_cloud_sh_of_the_first_release(machine, script, cloud):
    p = script("--token", cloud.token, "--rooms", ",".join(cloud.rooms[:2]), name="netdata-cloud.sh",
               env={"NETDATA_CLAIM_URL": cloud.url})
    assert p.returncode == 0, p.stderr
    assert requests(machine)[0]["body"]["rooms"] == cloud.rooms[:2]
    assert p.stdout.startswith("Node was successfully claimed.\n")


def test_93_31_scripts_are_thin_and_overwrite_nothing_of_netdata_core(build, tmp_path):
    """Debian's netdata-core has /usr/sbin/netdata-claim.sh."""
    listed = subprocess.run(["dpkg", "-L", "netdata-core"], text=True, capture_output=True)
    theirs = set(listed.stdout.split()) if listed.returncode == 0 else {"/usr/sbin/netdata-claim.sh"}
    done = subprocess.run(["cmake", "--install", build.dir, "--prefix", tmp_path / "usr"], text=True, capture_output=True)
    if done.returncode:
        pytest.skip("not everything is built: " + done.stderr.splitlines()[0])
    ours = {"/" + str(f.relative_to(tmp_path)) for f in tmp_path.rglob("*") if f.is_file()}
    assert not ours & theirs
    for name in ("/usr/libexec/netdata-aclk/netdata-claim.sh", "/usr/sbin/netdata-cloud.sh"):
        assert name in ours
        text = (tmp_path / name[1:]).read_text()
        assert text.startswith("#!/bin/sh\n") and len(text.splitlines()) == 3 and os.access(tmp_path / name[1:], os.X_OK)


def test_93_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
