"""What the doctor finds."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.embedded.checkup import Finding, Level, Patient, examine
from server.embedded.ports import free_ports
from server.embedded.stores import EmbeddedStores


@pytest.fixture(scope="module")
def patient() -> Iterator[Patient]:
    with EmbeddedStores.temporary(fast=True) as stores:
        yield Patient(
            data_dir=stores.data_dir,
            running=True,
            database_url=stores.app_url(),
            redis_url=stores.redis_url,
            has_master_key=True,
            ports=(),
            tls=(),
        )


def find(patient: Patient, name: str) -> Finding:
    return next(finding for finding in examine(patient) if finding.name == name)


def test_what_is_well_is_green(patient: Patient) -> None:
    green = {finding.name for finding in examine(patient) if finding.level is Level.OK}
    assert green >= {
        "python",
        "postgres",
        "redis",
        "runtime role",
        "clock",
        "data directory",
        "envoy program",
    }


def test_a_database_that_was_never_migrated_is_red_and_says_what_to_run(patient: Patient) -> None:
    schema = find(patient, "schema")
    assert schema.level is Level.FAIL
    assert "kith migrate" in schema.mend


def test_a_runtime_role_that_passes_row_level_security_is_red(patient: Patient) -> None:
    with EmbeddedStores.temporary(fast=True) as stores:
        role = find(replace(patient, database_url=stores.superuser_url), "runtime role")
    assert role.level is Level.FAIL
    assert "superuser" in role.detail


def test_stores_that_are_not_reachable_are_red_and_hide_the_password(patient: Patient) -> None:
    port = free_ports(1)[0]
    gone = replace(
        patient,
        database_url=f"postgresql://kith_app:hidden@127.0.0.1:{port}/kith",
        redis_url=f"redis://:hidden@127.0.0.1:{port}/0",
    )
    for name in ("postgres", "redis"):
        finding = find(gone, name)
        assert finding.level is Level.FAIL
        assert finding.mend
        assert "hidden" not in finding.detail


def test_before_the_first_start_nothing_is_red(tmp_path: Path) -> None:
    healthy = Patient(tmp_path / "new", False, None, None, False, (("--http-port", free_ports(1)[0], "127.0.0.1"),), ())
    assert not [finding for finding in examine(healthy) if finding.level is Level.FAIL]


@pytest.mark.parametrize(
    ("valid_days", "own_key", "level"), [(1, True, Level.OK), (-1, True, Level.FAIL), (1, False, Level.FAIL)]
)
def test_certificates_must_be_valid_and_belong_to_their_key(
    patient: Patient, tmp_path: Path, valid_days: int, own_key: bool, level: Level
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=valid_days))
        .sign(key, hashes.SHA256())
    )
    given = key if own_key else ec.generate_private_key(ec.SECP256R1())
    certificate_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        given.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    examined = replace(patient, tls=(("gRPC", certificate_file, key_file),))
    assert find(examined, "gRPC TLS").level is level
