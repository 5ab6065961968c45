# SPDX-License-Identifier: GPL-3.0-or-later
"""What looks through all logs at the end of each session (conftest.no_secret_in_a_log) finds what it is for."""
import json

from testenv import secrets


def test_89_01_finds_each_kind(tmp_path):
    (tmp_path / "cloud").mkdir()
    (tmp_path / "a/log").mkdir(parents=True)
    (tmp_path / "cloud/cloud.json").write_text(json.dumps({"token": "tokentokentoken"}))
    line = "MIIabcde" * 8
    (tmp_path / "a/private.pem").write_text(f"-----BEGIN PRIVATE KEY-----\n{line}\nends\n-----END PRIVATE KEY-----\n")
    (tmp_path / "a/cloud.conf").write_text("[global]\n  token = secondtoken\n  proxy = http://me:passpass1@host:1\n")
    assert set(secrets.known(tmp_path)) == {"tokentokentoken", line, "secondtoken", "passpass1"}
    log = tmp_path / "a/log/error.log"
    log.write_text("nothing here")
    assert secrets.in_logs(tmp_path) == []
    for text in ("x tokentokentoken", line, "http://me:passpass1@host", "=secondtoken", "-----BEGIN RSA PRIVATE KEY-----"):
        log.write_text(text)
        assert len(secrets.in_logs(tmp_path)) == 1, text


def test_89_02_there_is_something_to_find_in_a_session(work, online):
    """The token and the key of a claimed agent are known, and its logs are looked at."""
    where = online.agent.dir.parent
    assert online.cloud.token in secrets.known(where)
    assert any(str(f).endswith("private.pem") for f in secrets.known(where).values())
    assert list(where.rglob("error.log")) and secrets.in_logs(where) == []
