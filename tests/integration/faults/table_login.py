# SPDX-License-Identifier: GPL-3.0-or-later
"""The three HTTPS answers (env, challenge, password) and the upgrade: what breaks on the wire, and what is said wrong."""
from .fault_case import FaultCase
from .injections import at, standing

CUT = "ended during the WebSocket upgrade: .*may cut it"
BIG = "x" * (1 << 20)
TOO_BIG = "x" * (3 << 20)
BOMB = '{"a":' * 100_000
OK = b"HTTP/1.1 200 OK\r\n"
STAGES = ("env", "challenge", "password")
NOT_RIGHT = {"env": "ENV_NOT_200", "challenge": "OTP_CHALLENGE_NOT_200", "password": "OTP_PASSWORD_NOT_201"}
NOT_JSON = {"env": "ENV_NOT_JSON", "challenge": "OTP_CHALLENGE_INVALID", "password": "OTP_PASSWORD_NOT_JSON"}
# What to do about an answer that cannot be used.
WRONG = {"env": "is that the cloud", "challenge": "if it stays so, check the cloud's URL",
         "password": "if it stays so, check the cloud's URL"}
EMPTY = {"env": "ENV_EMPTY", "challenge": "OTP_CHALLENGE_INVALID", "password": "OTP_PASSWORD_EMPTY"}


def wire(stage):
    """While the request is under way."""
    broke = "READ_ERROR"
    return [
        FaultCase(stage, "reset", at(stage, "reset"), broke, "reset", stage),
        FaultCase(stage, "closed", at(stage, "close"), broke, "ended before an answer|closed|SSL", stage),
        FaultCase(stage, "silent", at(stage, "silence"), "TIMEOUT", "no complete answer within 3 s", stage, hasty=True),
        FaultCase(stage, "garbage under TLS", at(stage, "garbage"), broke, "the connection broke: .*on the way (changes or )?cuts", stage),
        FaultCase(stage, "cut in the answer", at(stage, "close", 90), broke, "ended before an answer|closed|SSL", stage),
        # The kernel tells of a reset once: who has looked at the socket in between reads its end.
        FaultCase(stage, "reset in the answer", at(stage, "reset", 90), broke, "reset|ended before an answer", stage),
        FaultCase(stage, "silent in the answer", at(stage, "silence", 90), "TIMEOUT", "no complete answer", stage, hasty=True),
        FaultCase(stage, "late by 1 s", standing(**{stage + "_delay": 1}), None),
    ]


def answers(stage):
    """Answers that are none, or not the right ones."""
    def put(**how):
        return standing(**{f"{stage}_{k}": v for k, v in how.items()})

    def raw(fault, data, status, sentence, **more):
        return FaultCase(stage, fault, put(raw=data), status, sentence, stage, **more)

    def status(code, sentence, **more):
        return FaultCase(stage, f"HTTP {code}", put(status=code, body="no\nmore", **more), NOT_RIGHT[stage],
                    rf"HTTP status {code}{sentence}", stage)

    right = OK if stage != "password" else b"HTTP/1.1 201 Created\r\n"
    return [
        status(500, ': "no"; the cloud is busy'), status(503, ".*the cloud is busy"), status(404, ".*does not know this node"),
        status(302, ".*redirects are not followed", headers={"Location": "https://localhost:1/"}),
        status(407, ".*wants a login"), status(204, ".*is that the cloud"),
        FaultCase(stage, "empty", put(body=""), EMPTY[stage], f"is empty; .*{WRONG[stage]}", stage),
        FaultCase(stage, "not JSON", put(body="<html>Welcome to our hotel"), NOT_JSON[stage], f"is not JSON .*; {WRONG[stage]}", stage),
        FaultCase(stage, "JSON bomb", put(body=BOMB), NOT_JSON[stage], f"nested deeper than 16.*; {WRONG[stage]}", stage),
        FaultCase(stage, "a list", put(body="[]"), NOT_JSON[stage], f"but not an object.*; {WRONG[stage]}", stage),
        FaultCase(stage, "1 MB", put(patch={"more": BIG}), None, cpu=2.0),
        FaultCase(stage, "3 MB", put(patch={"more": TOO_BIG}), "PARSE_ERROR", "larger than 2097152 bytes", stage, cpu=2.0),
        FaultCase(stage, "chunked", put(chunked=True), None),
        FaultCase(stage, "slow loris", put(trickle=0.2), "TIMEOUT", r"no complete answer .*bytes of body came", stage, hasty=True),
        raw("no HTTP", b"\x00\xff\x00garbage\r\n\r\n", "PARSE_ERROR", "not HTTP"),
        raw("nothing", b"", "READ_ERROR", "broke"),
        raw("HTTP/0.9", b"hello there, this is an answer without a head\r\n", "PARSE_ERROR", "not HTTP"),
        raw("shorter than promised", right + b"Content-Length: 50\r\n\r\n{", "READ_ERROR", "broke"),
        raw("two lengths", right + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "PARSE_ERROR", "in two ways"),
        raw("bad chunk", right + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "READ_ERROR", "broke"),
        raw("head of 200 KB", right + b"X: " + b"y" * 90_000 + b"\r\nY: " + b"y" * 90_000 + b"\r\n\r\n", "PARSE_ERROR",
            "larger than|not HTTP"),
    ]


def env_only():
    def patch(fault, change, status, sentence):
        return FaultCase("env", fault, standing(env_patch=change), status, sentence, "env")
    return [
        patch("no transports", {"transports": []}, "ENV_NOT_JSON", "transports must be an array"),
        patch("transports missing", {"transports": None}, "ENV_NOT_JSON", "transports must be an array"),
        patch("only MQTT 3", {"transports": [{"type": "MQTTv3", "endpoint": "wss://localhost:1/mqtt"}]},
              "INVALID_ENV_TRANSPORT_IDX", "no transport of type MQTTv5; update the agent"),
        patch("endpoint is no URL", {"transports": [{"type": "MQTTv5", "endpoint": "wss://:1/mqtt"}]},
              "INVALID_ENV_TRANSPORT_URL", "the host is missing; .*ask the cloud's support"),
        patch("no login", {"authEndpoint": None}, "ENV_NOT_JSON", "authEndpoint must be there"),
        patch("login is no URL", {"authEndpoint": "https://"}, "INVALID_ENV_AUTH_URL",
              "authEndpoint: .*the host is missing; .*ask the cloud's support"),
        patch("old encoding", {"encoding": "json"}, "NO_OLD_PROTOCOL", "wants the encoding json, .*update the agent"),
        patch("no protocol", {"capabilities": ["json"]}, "NO_PROTOCOL_CAPABILITY",
              "not offer the capability \"proto\"; update the agent"),
    ]


def login_only():
    return [
        FaultCase("challenge", "not base64", standing(challenge_patch={"challenge": "!!"}), "OTP_CHALLENGE_INVALID",
             "2 characters instead of 344; .*" + WRONG["challenge"], "challenge"),
        FaultCase("challenge", "not for us", standing(challenge_patch={"challenge": "A" * 342 + "=="}),
             "OTP_CHALLENGE_DECRYPTION_FAILED", "oaep decoding error; private.pem is not the key .*claim it anew", "challenge"),
        FaultCase("password", "no topics", standing(password_patch={"topics": None}), "OTP_PASSWORD_NOT_JSON",
             "topics must be an array .*; " + WRONG["password"], "password"),
        FaultCase("password", "no topic for the hello", standing(topics={"agent-connection": None}), "NO_LWT_TOPIC",
             "missing compulsory topic \"agent-connection\" .*ask the cloud's support", "password", violates=("topic", "will", "publish", "subscribe")),
        FaultCase("password", "no client id", standing(password_patch={"clientID": None}), "OTP_PASSWORD_NOT_JSON",
             "\"clientID\" is not there, .*; " + WRONG["password"], "password"),
        FaultCase("password", "try again in 2 s", standing(password_status=503, password_times=1, password_body={
            "errorRetryDelaySeconds": 2, "errorMsgKey": "ErrBusy", "errorMessage": "busy"}), "OTP_PASSWORD_NOT_201",
            r"not before 2 s", "password", backs_off=True),
    ]


def upgrade():
    def put(fault, sentence, at="WebSocket", status="WS_PROTOCOL_ERROR", code=0, **how):
        if code:
            how["status"] = code
        return FaultCase("upgrade", fault, standing(**{f"upgrade_{k}": v for k, v in how.items()}), status, sentence, at)

    def header(fault, name, value, sentence="wrongly"):
        return put(fault, sentence, headers={name: value})

    switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return [
        FaultCase("upgrade", "reset", at("upgrade", "reset"), "SOCKET_ERROR", "reset|ended", "WebSocket"),
        FaultCase("upgrade", "closed", at("upgrade", "close"), "SOCKET_ERROR", "ended", "WebSocket"),
        FaultCase("upgrade", "silent", at("upgrade", "silence"), "TIMEOUT", "silent at the stage WebSocket until 6 s", "WebSocket",
             hasty=True),
        FaultCase("upgrade", "garbage under TLS", at("upgrade", "garbage"), "SOCKET_ERROR", CUT, "WebSocket"),
        FaultCase("upgrade", "cut in the answer", at("upgrade", "close", 60), "SOCKET_ERROR", CUT, "WebSocket"),
        FaultCase("upgrade", "late by 1 s", standing(upgrade_delay=1), None),
        put("HTTP 403", "HTTP 403 instead of 101", code=403), put("HTTP 404", "HTTP 404 instead", code=404),
        put("HTTP 500", "HTTP 500 instead of 101; the cloud is overloaded", code=500),
        put("HTTP 503", "HTTP 503 instead", code=503), put("HTTP 200", "HTTP 200 instead", code=200),
        put("redirect", "HTTP 302 instead", code=302, headers={"Location": "https://localhost:1/mqtt"}),
        put("HTTP 407", "HTTP 407 instead", code=407),
        header("wrong accept key", "Sec-WebSocket-Accept", "wrong"), header("no accept key", "Sec-WebSocket-Accept", None),
        header("other subprotocol", "Sec-WebSocket-Protocol", "chat"),
        header("no Upgrade", "Upgrade", None), header("no Connection", "Connection", None),
        header("compression nobody asked for", "Sec-WebSocket-Extensions", "permessage-deflate"),
        put("no HTTP", "WebSocket upgrade", status="SOCKET_ERROR", raw=b"\x00\xff\x00garbage\r\n\r\n"),
        put("nothing", CUT, status="SOCKET_ERROR", raw=b""),
        put("101 without a key", "wrongly", raw=switched + b"\r\n"),
        put("head of 200 KB", "wrongly: .*may not understand WebSocket", raw=switched + b"X: " + b"y" * 200_000 + b"\r\n\r\n"),
    ]


def cases():
    out = []
    for stage in STAGES:
        out += wire(stage) + answers(stage)
    return out + env_only() + login_only() + upgrade()
