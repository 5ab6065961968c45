# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read who run an agent in a container, with secrets as files and settings as mounted volumes."""
import json
import os
import subprocess
from pathlib import Path

from claim_machine import machine, requests  # noqa: F401  (a fixture)
from testenv.claiming import run_cli
from testenv.process import clean_env


def settings_line(m, env=None):
    found = json.loads(run_cli(m.build, m, "doctor", "--json", "--cloud-dir", m.cloud_dir, env=env).stdout)
    return next(f["text"] for f in found["findings"] if f["check"] == "settings")


def test_180_01_name_of_a_secret_as_token__is_named_and_never_sent(machine):  # noqa: F811
    p = machine.claim(token="/run/secrets/claiming-token")
    assert p.returncode == 1 and "--token-file" in p.stderr
    assert requests(machine) == [] and machine.files() == []


def test_180_02_doctor__names_the_cloud_that_a_mounted_claim_conf_asks_for(machine):  # noqa: F811
    """As Kubernetes mounts a volume: claim.conf -> ..data/claim.conf -> ..1/claim.conf"""
    assert "asks for" not in settings_line(machine)
    version = machine.etc / "..1"
    version.mkdir()
    (version / "claim.conf").write_text(f"[global]\nurl = {machine.cloud.url}\ntoken = {machine.cloud.token}\n")
    os.symlink("..1", machine.etc / "..data")
    os.symlink("..data/claim.conf", machine.etc / "claim.conf")
    assert f"{machine.etc}/claim.conf asks for the cloud {machine.cloud.url}" in settings_line(machine)


def test_180_03_doctor__names_the_cloud_that_the_environment_asks_for(machine):  # noqa: F811
    env = {"NETDATA_CLAIM_TOKEN": machine.cloud.token, "NETDATA_CLAIM_URL": machine.cloud.url}
    assert f"(NETDATA_CLAIM_TOKEN) asks for the cloud {machine.cloud.url}" in settings_line(machine, env)


def test_180_04_token_file_of_the_environment__claims_by_command_and_by_each_script(machine):  # noqa: F811
    """NETDATA_CLAIM_TOKEN_FILE, as a secret of Docker is mounted."""
    secret = machine.dir / "secret"
    env = {"NETDATA_CLAIM_TOKEN_FILE": str(secret), "NETDATA_CLAIM_URL": machine.cloud.url,
           "NETDATA_LIB_DIR": str(machine.lib), "NETDATA_USER_CONFIG_DIR": str(machine.etc),
           "NETDATA_ACLK": str(machine.build.cli)}
    ways = [[machine.build.cli, "claim", "--cloud-dir", machine.cloud_dir],
            [Path(machine.build.cli).parent / "netdata-claim.sh", f"-url={machine.cloud.url}"],
            [Path(machine.build.cli).parent / "netdata-claim.sh", "--claim-url", machine.cloud.url]]
    for n, way in enumerate(ways):
        secret.unlink(missing_ok=True)
        p = subprocess.run(way, env=clean_env(**env), capture_output=True, text=True, timeout=60)
        assert p.returncode != 0 and f"{secret}: No such file" in p.stderr, p.stderr
        assert "NETDATA_CLAIM_TOKEN_FILE" in p.stderr and "mount the secret there" in p.stderr, p.stderr
        secret.write_text(f"'{machine.cloud.token}'\r\n")
        p = subprocess.run(way, env=clean_env(**env), capture_output=True, text=True, timeout=60)
        assert p.returncode == 0, p.stderr
        assert len(requests(machine)) == n + 1 and machine.cloud.token not in p.stdout + p.stderr
        assert run_cli(machine.build, machine, "unclaim", "--cloud-dir", machine.cloud_dir).returncode == 0


def test_180_05_doctor__names_the_secret_that_cannot_be_read(machine):  # noqa: F811
    env = {"NETDATA_CLAIM_TOKEN_FILE": str(machine.dir / "secret")}
    p = run_cli(machine.build, machine, "doctor", "--json", "--cloud-dir", machine.cloud_dir, env=env)
    found = next(f for f in json.loads(p.stdout)["findings"] if f["check"] == "identity")
    assert f"{machine.dir}/secret" in found["text"] and "mount the secret there" in found["remedy"]
