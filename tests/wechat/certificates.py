"""A certificate authority for one test, and a server certificate of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Authority:
    """`file`: its own certificate; `certificate`: chain and key of the server, both as PEM."""

    file: Path
    certificate: tuple[str, str]


def authority(folder: Path, host: str) -> Authority:
    """Made anew: the server certificate is for `host` alone, and valid for a day."""
    own_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    own_name, name = _named("QunOps test CA"), _named(host)
    own = (
        _builder(own_name, own_name, own_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(own_key, hashes.SHA256())
    )
    served = (
        _builder(name, own_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(own_key, hashes.SHA256())
    )
    file = folder / "ca.pem"
    file.write_bytes(own.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Authority(file, (served.public_bytes(serialization.Encoding.PEM).decode(), private.decode()))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
