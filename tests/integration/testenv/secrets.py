# SPDX-License-Identifier: GPL-3.0-or-later
"""Are there secrets in the product's logs? Looks below a directory for both."""
import json
import re

# Logs that the product, or an agent on its behalf, writes. Those of the other servers are not ours.
LOGS = ("error.log", "access.log", "debug.log", "daemon.log", "collector.log", "aclk.log", "aclk.log.1", "stderr.log",
        "synthetic.log", "stdout.log")
SHORTEST = 6                    # what is shorter occurs by chance
WORDS = {"password"}            # no secret, though somebody may have taken it for one


def _read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def known(base):
    """{secret: where it is from}: tokens of local clouds and settings, keys, passwords of proxies and in URLs."""
    found = {}
    for f in base.rglob("cloud.json"):
        try:
            found[json.loads(_read(f)).get("token", "")] = f
        except ValueError:
            pass
    for name in ("cloud.conf", "claim.conf", "netdata.conf"):
        for f in base.rglob(name):
            text = _read(f)
            for value in re.findall(r"(?m)^\s*token\s*=\s*(\S+)", text):
                found[value] = f
            for value in re.findall(r"://[^\s/:@]*:([^\s@]+)@", text):
                found[value] = f
    for f in base.rglob("private.pem"):
        # Whole lines only: the last one may be a few letters, and what tests put in the place of a key is no key.
        found.update({line: f for line in _read(f).splitlines() if re.fullmatch(r"[A-Za-z0-9+/]{64}", line)})
    for f in base.rglob("tinyproxy.conf"):
        for value in re.findall(r"(?m)^BasicAuth \S+ (\S+)", _read(f)):
            found[value] = f
    return {s: f for s, f in found.items() if len(s) >= SHORTEST and s not in WORDS}


def in_logs(base):
    """Sentences, one for each secret in each log; the secret itself is not repeated."""
    secrets = known(base)
    out = []
    for log in (f for name in LOGS for f in base.rglob(name)):
        text = _read(log)
        if "PRIVATE KEY-----" in text:
            out.append(f"{log}: a private key")
        out += [f"{log}: a secret of {origin}" for s, origin in secrets.items() if s in text]
    return out
