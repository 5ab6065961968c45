# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test gets as the answer to a query. Standard library only, as client.py."""
import base64
import dataclasses
import json


@dataclasses.dataclass
class Reply:
    """Answer of an agent to a query. header: the JSON in front; http_status: its http-code; body: unpacked."""
    header: dict
    http_status: int
    headers: dict                   # of the HTTP part, names in lower case; {} when there is none
    header_list: list               # the same in order and as sent
    body: bytes
    raw: bytes                      # the whole MQTT payload
    seconds: float                  # from publishing the query to having the reply, in the cloud
    msg_id: str

    def json(self):
        return json.loads(self.body)

    @property
    def error_code(self):
        return self.header.get("error-code")


def from_control(answer: dict) -> Reply:
    """Of an answer of the control API that has a reply."""
    r = answer["reply"]
    return Reply(r["header"], r["status"], {k.lower(): v for k, v in r["headers"]}, r["headers"],
                 base64.b64decode(r["body"]), base64.b64decode(r["raw"]), r["seconds"], answer["msg_id"])
