# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read who run an agent in a container, with secrets as files and settings as mounted volumes."""
import json
import os

from claim_machine import machine, requests  # noqa: F401  (a fixture)
from testenv.claiming import run_cli


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
