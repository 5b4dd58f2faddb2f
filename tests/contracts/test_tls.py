"""TLS on both ports, by settings alone."""

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kith.context.v1 import context_pb2, context_service_pb2_grpc

from server.embedded.stores import EmbeddedStores
from tests.running import RunningProduct, running_product


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kith test")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    directory = tmp_path_factory.mktemp("tls")
    certificate_file, key_file = directory / "cert.pem", directory / "key.pem"
    certificate_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


@pytest.fixture(scope="module")
def product(stores: EmbeddedStores, database_name: str, certificate: tuple[Path, Path]) -> Iterator[RunningProduct]:
    cert, key = certificate
    tls = {"grpc_tls_cert": cert, "grpc_tls_key": key, "gateway_tls_cert": cert, "gateway_tls_key": key}
    with running_product(stores, database_name, servers=1, **tls) as running:
        yield running


def test_rest_is_served_over_tls(product: RunningProduct) -> None:
    with product.client() as rest:
        answer = rest.post(
            "/contact-intel/contacts", json={"external_id": "wa_tls", "channel": "whatsapp"}, headers=product.key
        )
    assert (answer.url.scheme, answer.status_code) == ("https", 201)


def test_grpc_is_served_over_tls_and_not_without(product: RunningProduct, certificate: tuple[Path, Path]) -> None:
    request = context_pb2.GetContactContextRequest(contact_id="ct_none")
    metadata = list(product.key.items())
    trusted = grpc.ssl_channel_credentials(certificate[0].read_bytes())
    for channel, expected in (
        (grpc.secure_channel(product.grpc_address, trusted), grpc.StatusCode.NOT_FOUND),
        (grpc.insecure_channel(product.grpc_address), grpc.StatusCode.UNAVAILABLE),
    ):
        with channel, pytest.raises(grpc.RpcError) as refused:
            context_service_pb2_grpc.ContextServiceStub(channel).GetContactContext(
                request, metadata=metadata, timeout=5
            )
        assert refused.value.code() is expected
