# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh CA and server certificate per run, and the bad ones that a client must refuse."""
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
# What the server can present instead of a good certificate, each wrong in exactly one way; but for "intermediate", which
# is good, and ca.pem is the CA in the middle, without its root.
KINDS = ("good", "expired", "not-yet", "wrong-host", "other-ca", "same-name-ca", "self-signed", "address-in-name",
         "intermediate")


class Authority:
    """A certificate authority that lives as long as this object; its key never touches the disk."""

    def __init__(self, name: str = "Local Cloud CA", above: "Authority | None" = None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        by = above or self
        self.cert = _sign(self.name, self.key.public_key(), by.name, by.key, -DAY, 30 * DAY, ca=True)

    def pem(self) -> bytes:
        return self.cert.public_bytes(serialization.Encoding.PEM)

    def issue(self, hosts: list[str], start=-DAY, end=30 * DAY) -> tuple[bytes, bytes]:
        """(certificate PEM, key PEM) for these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        cert = _sign(subject, key.public_key(), self.name, self.key, start, end, hosts=hosts)
        return _pems(cert, key)


def _sign(subject, public_key, issuer, issuer_key, start, end, hosts=(), ca=False):
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
               .serial_number(x509.random_serial_number())
               .not_valid_before(now + start).not_valid_after(now + end)
               .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
                              critical=False))
    if ca:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    else:
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(h) for h in hosts]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _general_name(host: str):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pems(cert, key) -> tuple[bytes, bytes]:
    return (cert.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption()))


def make(directory: pathlib.Path, kind: str = "good", name: str = "localhost"):
    """Writes ca.pem (what clients should trust), server.pem and server.key; returns their three paths.

    name is the host name clients will use; the certificate is always good for localhost, 127.0.0.1 and ::1 too,
    unless kind says otherwise.
    """
    hosts = list(dict.fromkeys([name, "localhost", "127.0.0.1", "::1"]))
    trusted = Authority("Local Cloud CA 2", above=Authority()) if kind == "intermediate" else Authority()
    if kind in ("good", "intermediate"):
        cert, key = trusted.issue(hosts)
    elif kind == "expired":
        cert, key = trusted.issue(hosts, -10 * DAY, -DAY)
    elif kind == "not-yet":
        cert, key = trusted.issue(hosts, DAY, 10 * DAY)
    elif kind == "wrong-host":
        cert, key = trusted.issue(["other.example", "192.0.2.1"])
    elif kind == "address-in-name":
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        cert, key = _pems(_sign(subject, key.public_key(), trusted.name, trusted.key, -DAY, 30 * DAY), key)
    elif kind == "other-ca":
        cert, key = Authority("Another CA").issue(hosts)
    elif kind == "same-name-ca":
        cert, key = Authority().issue(hosts)
    elif kind == "self-signed":
        own = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        cert, key = _pems(_sign(subject, own.public_key(), subject, own, -DAY, 30 * DAY, hosts=hosts), own)
    else:
        raise ValueError(f"no certificate kind {kind}; there are {', '.join(KINDS)}")
    paths = directory / "ca.pem", directory / "server.pem", directory / "server.key"
    for path, data in zip(paths, (trusted.pem(), cert, key)):
        path.write_bytes(data)
    paths[2].chmod(0o600)
    return paths
