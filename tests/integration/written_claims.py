# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of claims that are written down share, whoever makes them: `node` has a cloud_dir."""
import os

from testenv import wait_until


def requests(cloud, since=0):
    return cloud.https_requests("claim", since=since)


def last_request(cloud):
    """The number of the last one, for requests(since)."""
    all_of_them = requests(cloud)
    return all_of_them[-1]["n"] if all_of_them else 0


def write_claim_conf(directory, cloud, **keys):
    """Written as an editor does: a new file in place of the old one. A key of None is left out."""
    keys = {"url": cloud.url, "token": cloud.token, **keys}
    new = directory / "claim.conf.new"
    new.write_text("[global]\n" + "".join(f"    {k.replace('_', ' ')} = {v}\n" for k, v in keys.items() if v is not None))
    os.replace(new, directory / "claim.conf")


def claimed(node):
    return (node.cloud_dir / "claimed_id").read_text()


def wait_claimed(node, cloud, but=None, hellos=1):
    claim_id = wait_until(lambda: (f := node.cloud_dir / "claimed_id").exists() and f.read_text() != but and f.read_text(),
                          30, "the node is claimed")
    cloud.wait_online(claim_id, 30, hellos)
    return claim_id


def claim_lines(text, word):
    """Lines of a log that begin with this, after CLAIM."""
    return [x for x in text.splitlines() if "CLAIM: " + word in x]
