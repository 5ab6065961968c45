# SPDX-License-Identifier: GPL-3.0-or-later
"""Our codecs against google's protobuf and a schema of another author: captured messages, and made-up commands."""
import json
import subprocess
from pathlib import Path

import pytest
from lc import schema

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
CAPTURED = sorted(GOLDEN.glob("*.bin"))

# Every field that we read of every command (proto/README.md, "From cloud to agent"), none with its default value.
TIME = {"seconds": "1795202733", "nanos": 86172000}
COMMANDS = {
    "SendNodeInstances": {"claim_id": "c", "space_id": "s"},
    "CreateNodeInstanceResult": {"node_id": "n", "machine_guid": "g"},
    "ContextsCheckpoint": {"claim_id": "c", "node_id": "n", "version_hash": "18446744073709551615"},
    "StopStreamingContexts": {"claim_id": "c", "node_id": "n", "reason": 7},
    "StartAlarmStreaming": {"node_id": "n", "version": "1795202743"},
    "SendAlarmCheckpoint": {"node_id": "n", "claim_id": "c", "version": "1"},
    "SendAlarmSnapshot": {"node_id": "n", "claim_id": "c", "snapshot_uuid": "u"},
    "SendAlarmConfiguration": {"config_hash": "h"},
    "DisconnectReq": {"reconnect_after_seconds": "30", "permaban": True, "created_at": TIME, "error_code": 4294967295,
                      "error_description": "grund: ä€😀"},
    "CancelPendingRequest": {"request_id": "r", "timestamp": TIME, "trace_id": "t"},
}
# In no captured message, or only as a default.
MORE = {
    "UpdateAgentConnection": {"claim_id": "c", "updated_at": {"seconds": "-1", "nanos": 999999000}, "update_source": 3},
    "CreateNodeInstance": {"hops": -1},
    "UpdateNodeInstanceConnection": {"updated_at": {}, "hops": 2147483647, "session_id": "-9223372036854775808"},
    "UpdateNodeInfo": {"data": {"cpus": 4294967295, "custom_info": "x", "host_labels": {"ä": "€", "k": "v"},
                                "ml_info": {"ml_capable": True, "ml_enabled": True}}, "updated_at": {}, "child": True,
                       "session_id": "1", "ml_info": {"ml_enabled": True}, "node_info": {}, "node_instance_info": {}},
    "ContextsUpdated": {"contextUpdates": [{"id": "a.b", "last_entry": "2", "deleted": True}], "created_at": "1"},
    "AlarmLogEntry": {"utc_offset": -3600, "duration": 4294967295, "non_clear_duration": 1, "status": 6, "delay": "1",
                      "last_repeat": "2", "silenced": True, "old_value": -0.5, "updated": True},
    "AlarmSnapshot": {"chunks": 2, "chunk_size": 1, "chunk": 1, "alarms": [{}, {"name": "x"}]},
    "ProvideAlarmConfiguration": {"config": {
        **{k: k for k in ("template", "os", "hosts", "plugin", "module", "charts", "lookup", "green", "red", "exec",
                          "repeat", "options", "host_labels", "chart_labels", "p_db_lookup_dimensions",
                          "p_db_lookup_method", "p_db_lookup_options")},
        "p_db_lookup_after": -600, "p_db_lookup_before": -60}},
}


@pytest.fixture(scope="module")
def reencode(build):
    tool = build._find("tests/unit/proto", "proto_reencode")

    def run(name, payload):
        p = subprocess.run([tool, name], input=payload, capture_output=True, timeout=60)
        assert p.returncode == 0, p.stderr.decode(errors="replace")
        return p.stdout

    return run


@pytest.mark.core
@pytest.mark.parametrize("path", CAPTURED, ids=lambda p: p.stem)
def test_captured_message__through_our_codecs__is_equal_in_google_protobuf(reencode, path):
    name, payload = path.stem.rsplit("-", 1)[0], path.read_bytes()
    wanted = json.loads(path.with_suffix(".json").read_text())
    ours = reencode(name, payload)
    assert schema.wire_dict(schema.decode(name, payload)) == wanted
    assert schema.wire_dict(schema.decode(name, ours)) == wanted
    assert schema.oddities(name, ours) == []
    assert len(ours) == len(payload)


@pytest.mark.core
@pytest.mark.parametrize("name,fields", [*COMMANDS.items(), *MORE.items()], ids=[*COMMANDS, *(f"{n}-more" for n in MORE)])
def test_google_message__through_our_codecs__keeps_every_field(reencode, name, fields):
    payload = schema.encode(name, fields)
    assert schema.wire_dict(schema.decode(name, payload)) == fields, "the test's own message"
    ours = reencode(name, payload)
    assert schema.wire_dict(schema.decode(name, ours)) == fields
    assert schema.oddities(name, ours) == []


def test_every_message_of_the_cloud_is_tried():
    assert set(COMMANDS) == set(schema.INBOUND) - {"AgentCommand"}
    assert {p.stem.rsplit("-", 1)[0] for p in CAPTURED} == set(schema.OUTBOUND.values()) - {"AlarmCheckpoint"}


def test_text_that_is_not_utf8__is_refused_by_both(build, reencode):
    payload = b"\x0a\x02\xc3\x28"
    with pytest.raises(schema.SchemaError):
        schema.decode("SendAlarmConfiguration", payload)
    p = subprocess.run([build._find("tests/unit/proto", "proto_reencode"), "SendAlarmConfiguration"], input=payload,
                       capture_output=True, timeout=60)
    assert p.returncode == 1 and p.stdout == b""
