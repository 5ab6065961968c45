# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk: spaces with their tokens and rooms, claimed agents, and the rules of a claim (claim/README.md, "Claim
request")."""
import dataclasses
import secrets
import time
import uuid

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key


@dataclasses.dataclass
class Space:
    id: str
    name: str
    token: str
    rooms: dict[str, str]                      # room id -> name


@dataclasses.dataclass
class Agent:
    claim_id: str
    hostname: str
    mguid: str
    space: str
    rooms: list[str]
    public_key: str
    claimed_at: float = dataclasses.field(default_factory=time.time)

    def summary(self) -> dict:
        return dataclasses.asdict(self)


class Registry:
    def __init__(self, token: str | None = None):
        self.spaces: dict[str, Space] = {}
        self.agents: dict[str, Agent] = {}
        self.add_space("Local space", token)

    def add_space(self, name: str, token: str | None = None) -> Space:
        rooms = {str(uuid.uuid4()): "All nodes", str(uuid.uuid4()): "Lab"}
        space = Space(str(uuid.uuid4()), name, token or secrets.token_urlsafe(60)[:72], rooms)
        self.spaces[space.id] = space
        return space

    def first_space(self) -> Space:
        return next(iter(self.spaces.values()))

    def forget(self, claim_id: str) -> bool:
        return self.agents.pop(claim_id, None) is not None

    def claim(self, claim_id: str, body, any_token: bool = False) -> tuple[int, str | None]:
        """(HTTP status, errorMsgKey). The agent is registered when the status is 204."""
        if not is_uuid(claim_id):
            return 422, "ErrInvalidNodeID"
        fault = body_fault(claim_id, body)
        if fault:
            return 422, fault
        space = next((s for s in self.spaces.values() if s.token == body["token"]), None)
        if space is None and any_token:
            space = self.first_space()
        if space is None:
            return 403, "ErrForbidden"
        if any(room not in space.rooms for room in body["rooms"]):
            return 422, "ErrInvalidRoomID"
        if claim_id in self.agents:
            return 409, "ErrAlreadyClaimed"
        self.agents[claim_id] = Agent(claim_id, body["node"]["hostname"], body["mGUID"], space.id,
                                      list(body["rooms"]), body["publicKey"])
        return 204, None


def is_uuid(text) -> bool:
    """On the wire UUIDs are lower case with dashes (proto/README.md, "Conventions")."""
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text
    except ValueError:
        return False


def body_fault(claim_id: str, body) -> str | None:
    if not isinstance(body, dict) or not isinstance(body.get("node"), dict):
        return "ErrInvalidBody"
    node = body["node"]
    if node.get("id") != claim_id:
        return "ErrInvalidNodeID"
    if not isinstance(node.get("hostname"), str) or not node["hostname"]:
        return "ErrInvalidNodeName"
    rooms = body.get("rooms")
    if not isinstance(rooms, list) or not all(isinstance(r, str) for r in rooms):
        return "ErrInvalidRoomID"
    if not isinstance(body.get("token"), str):
        return "ErrInvalidBody"
    if not is_uuid(body.get("mGUID")):
        return "ErrInvalidNodeID"
    return key_fault(body.get("publicKey"))


def key_fault(pem) -> str | None:
    """RSA of 2048 bits as SubjectPublicKeyInfo (claim/README.md, "Key pair")."""
    try:
        if not pem.startswith("-----BEGIN PUBLIC KEY-----\n"):
            return "ErrInvalidPublicKey"
        key = load_pem_public_key(pem.encode())
    except (AttributeError, ValueError, UnsupportedAlgorithm):
        return "ErrInvalidPublicKey"
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != 2048:
        return "ErrInvalidPublicKey"
    return None


def body_oddities(body) -> list[str]:
    """What the claim table does not list; worth a violation, not a refusal."""
    if not isinstance(body, dict):
        return []
    extra = sorted(set(body) - {"node", "token", "rooms", "publicKey", "mGUID"})
    extra += sorted(f"node.{k}" for k in set(body.get("node") or {}) - {"id", "hostname"})
    return [f"unknown key {k} in the claim" for k in extra]
