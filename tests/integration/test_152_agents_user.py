# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose rights a command of root's takes, and what becomes of what root made."""
import os
import shutil
import stat

from rooted import AGENT, SECRET, all_of, needs_root, own, rooted

__all__ = ["rooted"]  # a fixture
pytestmark = needs_root


def test_152_01_roots_directory_renamed_to_cloud_d_is_not_given_away(rooted):
    shutil.rmtree(rooted.cloud_dir)
    backup = rooted.lib / "backup"  # root's, beside it: the agent's user may rename it
    backup.mkdir(mode=0o700)
    (backup / "private.pem").write_text(SECRET)
    backup.rename(rooted.cloud_dir)
    before = all_of(rooted.cloud_dir)
    for p in (rooted.claim(), rooted.run("unclaim"), rooted.run("prepare-template")):
        assert p.returncode == 2, p.stdout
        for words in (str(rooted.cloud_dir), "belongs to root", "runs as nobody", f"chown -R nobody: {rooted.cloud_dir}"):
            assert words in p.stderr
        assert all_of(rooted.cloud_dir) == before


def test_152_02_settings_that_root_put_there_are_taken_over_by_a_directory_of_the_agents(rooted):
    shutil.rmtree(rooted.cloud_dir)
    rooted.cloud_dir.mkdir(mode=0o755)
    shutil.copyfile(rooted.cloud.ca, rooted.cloud_dir / "trusted.pem")
    (rooted.cloud_dir / "cloud.conf").write_text(f"[global]\n  url = {rooted.cloud.url}\n")
    for f in rooted.cloud_dir.iterdir():
        f.chmod(0o644)
    before = {f.name: f.read_bytes() for f in rooted.cloud_dir.iterdir()}
    p = rooted.run("claim", env={"NETDATA_CLAIM_TOKEN": rooted.cloud.token})
    assert p.returncode == 0, p.stderr
    assert {s.stat().st_uid for s in (rooted.cloud_dir, *rooted.cloud_dir.iterdir())} == {AGENT}
    assert stat.S_IMODE(rooted.cloud_dir.stat().st_mode) == 0o770
    old = rooted.lib / "cloud.d.of-root"
    assert {f.name: f.read_bytes() for f in old.iterdir()} == before and old.stat().st_uid == 0


def test_152_03_configuration_names_the_user_where_all_directories_are_roots(rooted):
    """As before the agent's first start: it would not be able to read what root writes."""
    for top, dirs, files in os.walk(rooted.lib):
        for name in [".", *dirs, *files]:
            own(os.path.join(top, name), 0)
    (rooted.etc / "netdata.conf").write_text("[global]\n  run as user = nobody\n")
    (rooted.cloud_dir / "cloud.conf").write_text("[global]\n  proxy = none\n")
    before = all_of(rooted.lib)
    p = rooted.claim()
    assert p.returncode == 2 and "the agent runs as nobody" in p.stderr, p.stderr
    assert all_of(rooted.lib) == before
    (rooted.etc / "netdata.conf").write_text("[global]\n  run as user = root\n")
    p = rooted.claim()
    assert p.returncode == 0 and (rooted.cloud_dir / "private.pem").stat().st_uid == 0, p.stderr


def test_152_04_configuration_of_the_agents_user_does_not_make_root_stay(rooted):
    own(rooted.etc)
    conf = rooted.etc / "netdata.conf"
    for user in ("root", "daemon"):
        conf.write_text(f"[global]\n  run as user = {user}\n")
        own(conf)
        p = rooted.claim("--reclaim")
        assert p.returncode == 0 and (rooted.cloud_dir / "private.pem").stat().st_uid == AGENT, p.stderr


def test_152_07_agent_that_runs_as_root_in_a_directory_of_another(rooted):
    """As Debian's directory is when netdata.conf says root: what the agent makes there is root's."""
    for d in (rooted.cloud_dir, rooted.lib / "registry"):
        own(d, 0)
        d.chmod(0o750)
    (rooted.etc / "netdata.conf").write_text("[global]\n  run as user = root\n")
    p = rooted.claim()
    assert p.returncode == 0 and (rooted.cloud_dir / "private.pem").stat().st_uid == 0, p.stderr
    assert rooted.run("unclaim").returncode == 0

    rooted.fill_victim()
    before = all_of(rooted.victim)
    shutil.rmtree(rooted.cloud_dir)
    rooted.cloud_dir.symlink_to(rooted.victim)
    for p in (rooted.claim(), rooted.run("unclaim")):
        assert p.returncode == 2 and "is a symbolic link to" in p.stderr, p.stderr
    assert all_of(rooted.victim) == before


def test_152_05_claim_conf_has_its_group_before_its_name(rooted, tmp_path):
    trace = tmp_path / "trace"
    p = rooted.run("claim-script", "--claim-token", rooted.cloud.token, "--claim-url", rooted.cloud.url,
                   before=["strace", "-f", "-qq", "-o", trace, "-e", "trace=fchown,chown,lchown,fchownat,rename"])
    assert p.returncode == 0, p.stderr
    conf = rooted.etc / "claim.conf"
    s = conf.stat()
    assert (s.st_uid, s.st_gid, stat.S_IMODE(s.st_mode)) == (0, AGENT, 0o640)
    calls = [x.split(None, 1)[1] for x in trace.read_text().splitlines() if "chown" in x or f'"{conf}"' in x]
    assert [x.split("(")[0] for x in calls] == ["fchown", "rename"], calls


def test_152_06_claim_conf_in_a_directory_of_the_agents_user_is_written_by_him(rooted):
    own(rooted.etc)
    (rooted.etc / "claim.conf").symlink_to(rooted.secret)
    before = all_of(rooted.secret)
    p = rooted.script("--claim-token", rooted.cloud.token, "--claim-url", rooted.cloud.url)
    assert p.returncode == 0, p.stderr
    conf = rooted.etc / "claim.conf"
    assert all_of(rooted.secret) == before and not conf.is_symlink() and conf.stat().st_uid == AGENT
