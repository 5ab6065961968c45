# SPDX-License-Identifier: GPL-3.0-or-later
"""Challenge, password and the topics that come with it (aclk/session/README.md, "Challenge", "Password")."""
import base64
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_public_key

# Order as in the reference's password answer: inbound first. The numbers of its aliases follow this order.
TOPIC_NAMES = (
    "inbox-cmd", "inbox-cmd-v1", "agent-connection", "create-node-instance", "node-instance-connection",
    "node-instance-info", "node-instance-collectors", "chart", "alarms", "meta", "chart-and-dims-updated",
    "chart-configs-updated", "reset-charts", "chart-retention-updated", "alarm-log-v2", "alarm-checkpoint",
    "alarm-config", "alarm-snapshot-v2", "contexts-snapshot", "contexts-updated",
)
TAG = "#{claim_id}"
MAX_OPEN_CHALLENGES = 16


def topic_templates(changes: dict) -> dict[str, str]:
    """Name -> topic with the tag, after the changes a test asked for (None = leave it out, new names are appended)."""
    out = {}
    for name in TOPIC_NAMES:
        if name == "inbox-cmd":
            out[name] = f"/agent/{TAG}/inbound/cmd"
        elif name == "inbox-cmd-v1":
            out[name] = f"/agent/{TAG}/inbound/v1/cmd/+"
        else:
            out[name] = f"/agent/{TAG}/outbound/v1/{name}"
    out.update(changes)
    return {name: topic for name, topic in out.items() if topic is not None}


def topics_of(claim_id: str, changes: dict) -> dict[str, str]:
    return {name: t.replace(TAG, claim_id, 1) if isinstance(t, str) else ""
            for name, t in topic_templates(changes).items()}


class Challenges:
    """Each challenge can be answered once; of one agent's the newest few count."""

    def __init__(self):
        self._open: dict[str, list[bytes]] = {}

    def new(self, claim_id: str, public_key: str) -> str:
        """Base64 of the cipher text: 344 characters for a key of 2048 bits."""
        plain = secrets.token_bytes(64)
        kept = self._open.setdefault(claim_id, [])
        kept.append(plain)
        del kept[:-MAX_OPEN_CHALLENGES]
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        return base64.b64encode(load_pem_public_key(public_key.encode()).encrypt(plain, oaep)).decode()

    def answer(self, claim_id: str, response: str) -> bool:
        """Whether this is the plain text of an open challenge, as strict base64; it is closed then."""
        try:
            plain = base64.b64decode(response, validate=True)
        except ValueError:
            return False
        if base64.b64encode(plain).decode() != response:
            return False
        kept = self._open.get(claim_id, [])
        if plain not in kept:
            return False
        kept.remove(plain)
        return True


def error_body(code: str, key: str, text: str, **more) -> dict:
    """aclk/session/README.md, "Errors of the cloud"; more: errorNonRetryable, errorRetryDelaySeconds."""
    return {"errorCode": code, "errorMsgKey": key, "errorMessage": text, **more}
