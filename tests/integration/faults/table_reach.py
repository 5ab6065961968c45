# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting there: names, TCP and TLS, for the way to the cloud's login and for the one to its broker."""
import datetime
import socket
import ssl
import tempfile
import threading
import warnings
from pathlib import Path

from lc import certs
from testenv import Rule

from .fault_case import FaultCase
from .link_rig import AUTHORITY
from .injections import leg, standing

# By who sets it up: libcurl, with a limit for the connection; the session, with one for the stage.
SILENT = ("connected, but no TLS handshake within", "connected, but silent at the stage TLS until")
NOBODY = "no-such-host.invalid"     # RFC 6761: never resolves
WEBSERVER = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"     # TLS: fatal, handshake_failure


def url_of(host):
    """The cloud's URL changes, and is read anew."""
    def trigger(rig):
        rig.saved_url = rig._url
        rig.url(f"https://{host}:{rig.env.port}")
        rig.reread()
    return trigger


def url_back(rig):
    rig.url(rig.saved_url)
    rig.reread()


def broker_at(endpoint):
    return standing(env_patch={"transports": [{"type": "MQTTv5", "endpoint": endpoint}]})


def dns():
    who = rf"{NOBODY}:\d+.*resolve"
    return [
        FaultCase("DNS", "cloud unknown", url_of(NOBODY), "CANNOT_RESOLVE_HOSTNAME", who, "env", "dns", lift=url_back,
             anew=True),
        FaultCase("DNS", "login unknown", standing(env_patch={"authEndpoint": f"https://{NOBODY}/api"}),
             "CANNOT_RESOLVE_HOSTNAME", who, "challenge", "login-dns"),
        FaultCase("DNS", "broker unknown", broker_at(f"wss://{NOBODY}:443/mqtt"), "CANNOT_RESOLVE_HOSTNAME", who, "dialing",
             "broker-dns"),
        FaultCase("DNS", "login is no name", standing(env_patch={"authEndpoint": "https://a..b/api"}),
             "CANNOT_RESOLVE_HOSTNAME", r"a\.\.b", "challenge", "login-dns"),
        FaultCase("DNS", "broker is no name", broker_at("wss://a..b/mqtt"), "CANNOT_RESOLVE_HOSTNAME", r"a\.\.b", "dialing",
             "broker-dns"),
        FaultCase("DNS", "broker label too long", broker_at(f"wss://{'x' * 70}.invalid/mqtt"), "CANNOT_RESOLVE_HOSTNAME",
             "xxx", "dialing", "broker-dns"),
        FaultCase("DNS", "broker with a user in its name", broker_at("wss://me@localhost/mqtt"), "INVALID_ENV_TRANSPORT_URL",
             "must not contain a user name or password", "env"),
    ]


# The proxy, its name here, the state in which an attempt ends there, and how doctor's rungs of that way begin.
LEGS = (("env", "the cloud", "env", ""), ("auth", "the login", "challenge", "login-"),
        ("broker", "the broker", "dialing", "broker-"))


def tcp():
    cases = []
    for proxy, name, state, prefix in LEGS:
        broker = proxy == "broker"
        failed = "SSL_CANNOT_ESTABLISH_SSL_CONNECTION" if broker else "SSL_CONNECT_FAILED"
        cases += [
            FaultCase("TCP", f"{name} refuses", leg(proxy, refuse=True), "CONNECTION_REFUSED", r"localhost:\d+ .*efused", state,
                 prefix + "tcp"),
            FaultCase("TCP", f"{name} is a black hole", leg(proxy, blackhole=True), "TIMEOUT", r"localhost:\d+", state,
                 prefix + "tcp", hasty=True),
            FaultCase("TCP", f"{name} resets at once", leg(proxy, Rule(at_accept="reset")),
                 failed, "in the middle of the TLS handshake", "TLS" if broker else state, prefix + "tls"),
            FaultCase("TCP", f"{name} closes at once", leg(proxy, Rule(at_accept="close")),
                 failed, "in the middle of the TLS handshake", "TLS" if broker else state, prefix + "tls"),
            FaultCase("TCP", f"{name} is silent", leg(proxy, Rule(at_accept="silence")), "TIMEOUT",
                 SILENT[broker], "TLS" if broker else state, prefix + "tls", hasty=True),
            FaultCase("TCP", f"{name} 200 ms late", leg(proxy, Rule(delay=0.2)), None),
            FaultCase("TCP", f"{name} in single bytes", leg(proxy, Rule(chunk=1)), None, cpu=2.0),
            FaultCase("TCP", f"{name} at 20 KB a second", leg(proxy, Rule(rate=20_000)), None),
        ]
    return cases


def tls():
    cases = []
    for proxy, name, state, prefix in LEGS:
        broker = proxy == "broker"
        state = "TLS" if broker else state
        failed = "SSL_CANNOT_ESTABLISH_SSL_CONNECTION" if broker else "SSL_CONNECT_FAILED"
        for fault, rule, sentence in (
                ("hello not answered, reset", Rule(down_limit=0, then="reset"), "in the middle of the TLS handshake"),
                ("hello not answered, closed", Rule(down_limit=0), "closed in the middle"),
                ("handshake cut at 700 bytes", Rule(down_limit=700), "closed in the middle"),
                ("handshake reset at 700 bytes", Rule(down_limit=700, then="reset"), "in the middle of the TLS handshake"),
                ("garbage in the handshake", Rule(down_limit=300, then="garbage"), "TLS"),
                ("garbage for a hello", Rule(down_limit=0, then="garbage"), "is no TLS"),
                ("plain HTTP", Rule(answer=WEBSERVER), "is no TLS .*wrong version number"),
                ("handshake_failure", Rule(answer=ALERT), "refused the handshake .*handshake failure"),
        ):
            cases.append(FaultCase("TLS", f"{name}: {fault}", leg(proxy, rule), failed, sentence, state, prefix + "tls"))
        cases.append(FaultCase("TLS", f"{name}: silent after the hello", leg(proxy, Rule(down_limit=0, then="silence")),
                          "TIMEOUT", SILENT[broker], state, prefix + "tls", hasty=True))
        for kind, sentence in (("expired", "expired on"), ("not-yet", "valid only from"), ("wrong-host", "not for localhost"),
                               ("other-ca", "is not trusted")):
            cases.append(FaultCase("TLS", f"{name}: certificate {kind}", bad_server(proxy, kind), "SSL_INVALID_CERTIFICATE",
                              sentence, state, prefix + "tls"))
        cases.append(FaultCase("TLS", f"{name}: TLS 1.1", bad_server(proxy, "good", ssl.TLSVersion.TLSv1_1), failed,
                          "speaks no TLS 1.2", state, prefix + "tls"))
    return cases


def bad_server(proxy, kind, version=None):
    """Another TLS server answers in the place of this leg's."""
    def trigger(rig):
        server = _servers.get(kind, version)
        leg_proxy = getattr(rig, proxy)
        usual, leg_proxy.target = leg_proxy.target, server
        rig.restore = lambda: setattr(leg_proxy, "target", usual)
        rig.cut()
    return trigger


def _certificate(kind):
    """(certificate, key) of the authority that rigs trust beside their cloud's, or of another one."""
    hosts, day = ["localhost", "127.0.0.1", "::1"], datetime.timedelta(days=1)
    if kind == "expired":
        return AUTHORITY.issue(hosts, -10 * day, -day)
    if kind == "not-yet":
        return AUTHORITY.issue(hosts, day, 10 * day)
    if kind == "wrong-host":
        return AUTHORITY.issue(["other.example", "192.0.2.1"])
    return (certs.Authority("Another CA") if kind == "other-ca" else AUTHORITY).issue(hosts)


class _Servers:
    """TLS servers with bad certificates: each accepts, shakes hands if the client lets it, and says nothing."""

    def __init__(self):
        self._known, self._lock = {}, threading.Lock()

    def get(self, kind, version):
        with self._lock:
            if (kind, version) not in self._known:
                self._known[kind, version] = self._start(kind, version)
            return self._known[kind, version]

    def _start(self, kind, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as d:
            cert, key = Path(d) / "cert", Path(d) / "key"
            for path, data in zip((cert, key), _certificate(kind)):
                path.write_bytes(data)
            context.load_cert_chain(cert, key)
        if version:
            warnings.simplefilter("ignore", DeprecationWarning)     # that it is old is the point
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, args=(listener, context), daemon=True).start()
        return listener.getsockname()

    @staticmethod
    def _serve(listener, context):
        while True:
            client, _ = listener.accept()
            client.settimeout(5)
            try:
                with context.wrap_socket(client, server_side=True) as s:
                    while s.recv(4096):
                        pass
            except OSError:
                client.close()


_servers = _Servers()


def cases():
    return dns() + tcp() + tls()
