# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cloud should behave today: everything a test can switch, with its default."""
import copy

STAGES = ("claim", "env", "challenge", "password", "upgrade")
# What can be changed about the answer of a stage; None = as usual.
#   status, body (text or JSON), headers {name: value}   replace that part of the answer
#   patch    JSON merge patch applied to the usual body (null removes a key)
#   delay    seconds before answering
#   raw      base64: exactly these bytes instead of an HTTP answer, then the connection is closed
#   close    true: the connection is reset instead of an answer
#   chunked  true: Transfer-Encoding: chunked
#   trickle  seconds before each byte of the answer, head included
#   pause    true: the request is recorded and not answered until this is switched off
#   times    the change is for the next n requests only
ANSWER = ("status", "body", "headers", "patch", "delay", "raw", "close", "chunked", "trickle", "pause", "times")

DEFAULTS = {
    **{f"{stage}_{part}": None for stage in STAGES for part in ANSWER},
    # Topics of the password answer: {name: topic or None to leave it out}; "#{claim_id}" is the agent's tag.
    "topics": {},
    # Properties of CONNACK as the agent sees it: {name: value or None to take it out}.
    "connack": {},
    # Reason code put in CONNACK; 0 leaves the broker's.
    "connack_reason": 0,
    # Reason code in every PUBACK to the agent; 0 leaves the broker's.
    "puback_reason": 0,
    # End the connection with the right MQTT reason when the agent exceeds a limit announced in CONNACK.
    "enforce_limits": False,
    # Automatic steps of aclk/sync/README.md, "First connection".
    "auto_send_node_instances": True,
    "auto_create_node_result": True,
    "auto_contexts_checkpoint": True,
    "auto_start_alarm_streaming": True,
    # A context hash that does not fit is answered with a checkpoint.
    "auto_resync": True,
    # Claims with a token nobody issued succeed.
    "any_token": False,
    # Codes instead of those in SUBACK: one for each filter.
    "suback_reasons": None,
    # Bytes (base64) instead of a packet to the agent: {"CONNACK": "IAIAAQ=="}.
    "replace_down": {},
    # What to do when a packet of the agent arrives, before the broker gets it: {"SUBSCRIBE": {…}} with one of
    # abort, hang_up, hold (both directions, or a list of them): true; ws_code; mqtt_reason; inject (base64), with level and the rest of it.
    "on_up": {},
    # Server frames: at most this many bytes each (0 = no limit); fragments = one message over several frames.
    "frame_size": 0,
    "fragments": False,
    # Data frames with a mask, with reserved bits, as text: a server must not.
    "masked_frames": False,
    "frame_rsv": 0,
    "text_frames": False,
    # Packets (names such as PUBACK) that are recorded and then dropped, by direction.
    "drop_up": [],
    "drop_down": [],
    # Seconds that every packet to the agent is late.
    "delay_down": 0,
    # Keep packets, look for odd encodings; off for benchmarks.
    "record": True,
}


class Behaviour:
    def __init__(self, everybody=None):
        self._everybody = everybody         # None: this is it
        self._values = {} if everybody else copy.deepcopy(DEFAULTS)
        self._agents: dict[str, Behaviour] = {}

    def of(self, claim: str | None):
        """What holds for one agent: its own switches, and everybody's for the others."""
        return self._agents.get(claim, self)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._values:
            return self._values[name]
        if self._everybody:
            return getattr(self._everybody, name)
        raise AttributeError(name)

    def as_dict(self) -> dict:
        return copy.deepcopy(self._values)

    def change(self, values: dict):
        """Sets several switches, or none if one of the names does not exist. {"reset": true} goes back to defaults.
        {"claim": id}: for this agent only; reset then means those of everybody."""
        values = dict(values)
        if (claim := values.pop("claim", None)) is not None:
            own = self._agents.get(claim) or Behaviour(self)
            own.change(values)
            self._agents[claim] = own
            return
        reset = values.pop("reset", False)
        if unknown := sorted(set(values) - set(DEFAULTS)):
            raise KeyError(f"no such switch: {', '.join(unknown)}")
        if reset:
            self._values = {} if self._everybody else copy.deepcopy(DEFAULTS)
            self._agents = {}
        self._values.update(copy.deepcopy(values))

    def answer(self, stage: str) -> dict:
        """The changes for one answer of this stage; counts it when they are for some answers only."""
        if self._everybody and not any(f"{stage}_{part}" in self._values for part in ANSWER):
            return self._everybody.answer(stage)
        change = {part: self._values.get(f"{stage}_{part}") for part in ANSWER}
        times = change.pop("times")
        if times is not None:
            self._values[f"{stage}_times"] = times - 1
            if times <= 1:
                self._values.update({f"{stage}_{part}": None for part in ANSWER})
            if times <= 0:
                return {part: None for part in change}
        return change


def merge_patch(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merge_patch(out.get(key), value)
    return out
