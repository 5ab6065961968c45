# SPDX-License-Identifier: GPL-3.0-or-later
"""Claiming a private agent to a local cloud, with the product's own command."""
import shutil
import subprocess

from .process import clean_env


def trust(cloud_dir, ca):
    """Makes the link believe this certificate authority, and no other."""
    cloud_dir.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ca, cloud_dir / "trusted.pem")


def run_claim(build, agent, *args, env=None, timeout=60):
    """netdata-aclk claim for an agent's directories, run or not. Returns the finished process, output as text."""
    env = {"NETDATA_LIB_DIR": agent.lib, "NETDATA_USER_CONFIG_DIR": agent.etc, **(env or {})}
    return subprocess.run([build.cli, "claim", "--cloud-dir", agent.cloud_dir, *map(str, args)], text=True,
                          capture_output=True, timeout=timeout, env=clean_env(**env))


def claim(build, agent, cloud, *args, rooms=True):
    """Claims; AssertionError with what was printed when that fails. Returns the claim id."""
    trust(agent.cloud_dir, cloud.ca)
    token = agent.dir / "claim-token"
    token.write_text(cloud.token)
    token.chmod(0o600)
    more = ["--rooms", cloud.rooms[0]] if rooms else []
    p = run_claim(build, agent, "--token-file", token, "--url", cloud.url, *more, *args)
    token.unlink()
    assert p.returncode == 0, f"claim: exit code {p.returncode}\n{p.stdout}{p.stderr}"
    return (agent.cloud_dir / "claimed_id").read_text().strip()


def run_cli(build, agent, command, *args, env=None, timeout=60):
    """Any other subcommand of netdata-aclk for an agent's directories. Returns the finished process, output as text."""
    env = {"NETDATA_LIB_DIR": agent.lib, "NETDATA_USER_CONFIG_DIR": agent.etc, **(env or {})}
    return subprocess.run([build.cli, command, *map(str, args)], text=True, capture_output=True, timeout=timeout,
                          env=clean_env(**env))
