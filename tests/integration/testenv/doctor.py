# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of `netdata-aclk doctor`."""
import hashlib
import json
import subprocess
import time

from .process import clean_env

PATIENCE = 150      # seconds; a walk ends by itself much sooner


def contents(folder):
    return {str(f.relative_to(folder)): (f.stat().st_mode, hashlib.sha256(f.read_bytes()).hexdigest())
            for f in sorted(folder.rglob("*")) if f.is_file() and not f.name.startswith("aclk.db")}


class Visit:
    """One run, begun here; [check] of `found` is what it found there, once end() has been called."""

    def __init__(self, cli, home, **env):
        env = {"NETDATA_LIB_DIR": home.lib, "NETDATA_USER_CONFIG_DIR": home.etc, **env}
        self._cloud_dir, self._before = home.cloud_dir, contents(home.cloud_dir)
        self._began = time.monotonic()
        self._process = subprocess.Popen([cli, "doctor", "--json", "--cloud-dir", home.cloud_dir], text=True,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         env=clean_env(**env))

    def end(self):
        """Waits for it. It has changed nothing."""
        try:
            out, err = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            out, err = self._process.communicate()
            raise AssertionError(f"doctor does not end: {out}{err}")
        self.seconds = time.monotonic() - self._began
        assert contents(self._cloud_dir) == self._before, "doctor has changed something"
        assert out.startswith("{"), out + err
        self.exit, self.all = self._process.returncode, json.loads(out)
        self.findings = self.all["findings"]
        self.found = {}
        for f in self.findings:
            self.found.setdefault(f["check"], f)
        return self

    def verdict(self, check):
        return self.found.get(check, {}).get("verdict")

    def bad(self):
        return [f["check"] for f in self.findings if f["verdict"] == "bad"]

    def wrong(self):
        """What is wrong with the cloud and the way to it (there is no agent in most tests)."""
        return [check for check in self.bad() if check != "agent"]

    def words(self, check):
        return f"{self.found[check]['text']} -> {self.found[check]['remedy']}"

    def story(self):
        return "\n".join(f"{f['verdict']:8} {f['check']:12} {f['text']} -> {f['remedy']}" for f in self.findings)


def visit(build, home, **env):
    return Visit(build.cli, home, **env).end()
