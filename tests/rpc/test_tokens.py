"""Tokens: forged, stale, of other keys, of identity providers whose keys rotate."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from kith.contact.v1 import contact_pb2

from server.credentials.jwks import parse
from server.embedded.stores import EmbeddedStores
from server.usecases.credentials import rotate_signing_key
from tests.rpc.access_server import Process, bearer, process, refusal, settings_for, until_refused

LIST = contact_pb2.ListContactsRequest()
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture(scope="module")
async def server(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Process]:
    async with process(settings_for(stores, database_name)) as running:
        await running.make_tenant("tnt_a")
        await running.token("tnt_a")
        while not running.credentials.jwks.document()["keys"]:
            await asyncio.sleep(0.01)
        yield running


def _forged(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"sub": "u", "tenant_id": "tnt_a", "permissions": ["contacts:read"], "exp": now + 600, **changes}


async def _refused(server: Process, token: str) -> str:
    refused = await refusal(server.contacts.ListContacts(LIST, metadata=bearer(token)))
    assert refused.code is UNAUTHENTICATED
    return refused.message


async def test_a_token_without_a_signature_is_refused(server: Process) -> None:
    kid = server.credentials.jwks.document()["keys"][0]["kid"]
    for algorithm in ("none", "None", "NONE"):
        await _refused(server, _unsigned({"alg": algorithm, "typ": "JWT", "kid": kid}, _forged()) + ".")


async def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused(server: Process) -> None:
    jwk = server.credentials.jwks.document()["keys"][0]
    public = jwt.PyJWK(jwk).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = _unsigned({"alg": "HS256", "kid": jwk["kid"]}, _forged())
    for secret in (public, json.dumps(jwk).encode(), b""):
        signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        await _refused(server, f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}")


def _unsigned(*parts: dict[str, Any]) -> str:
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


async def test_a_token_of_another_key_under_our_key_id_is_refused(server: Process) -> None:
    good = await server.token("tnt_a")
    kid = jwt.get_unverified_header(good)["kid"]
    own = ec.generate_private_key(ec.SECP256R1())
    await _refused(server, jwt.encode(_forged(), own, algorithm="ES256", headers={"kid": kid}))


async def test_a_token_that_was_altered_is_refused_also_after_the_good_one_was_seen(server: Process) -> None:
    good = await server.token("tnt_a")
    await server.contacts.ListContacts(LIST, metadata=bearer(good))
    head, _, signature = good.split(".")
    body = base64.urlsafe_b64encode(json.dumps(_forged(tenant_id="tnt_b")).encode()).decode().rstrip("=")
    await _refused(server, f"{head}.{body}.{signature}")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.e30", "." * 10, "ey" * 3_000])
async def test_garbage_is_refused(server: Process, token: str) -> None:
    await _refused(server, token)


async def test_an_expired_token_is_refused_also_where_it_was_good_before(
    stores: EmbeddedStores, database_name: str
) -> None:
    now = datetime.now(UTC)
    times = [now]
    async with process(settings_for(stores, database_name), clock=lambda: times[0]) as server:
        await server.make_tenant("tnt_a")
        token = await server.token("tnt_a", lifetime=timedelta(seconds=60))
        await server.contacts.ListContacts(LIST, metadata=bearer(token))
        times[0] = now + timedelta(seconds=70)
        assert "expired" in await _refused(server, token)


# Keys of an identity provider.


async def test_a_providers_keys_are_taken_from_a_file_and_rotate(
    stores: EmbeddedStores, database_name: str, tmp_path: Any
) -> None:
    first, second = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [{**RSAAlgorithm.to_jwk(first.public_key(), as_dict=True), "kid": "one"}]}))
    names = {"jwt_tenant_claim": "org", "jwt_permissions_claim": "scope", "jwt_issuer": "https://id.example"}
    async with process(settings_for(stores, database_name, jwks_sources=str(file), **names)) as server:
        await server.make_tenant("tnt_a")
        claims = {"sub": "u", "org": "tnt_a", "scope": "contacts:read a:b", "exp": time.time() + 600}
        claims["iss"] = "https://id.example"
        by_first = jwt.encode(claims, first, algorithm="RS256", headers={"kid": "one"})
        await server.contacts.ListContacts(LIST, metadata=bearer(by_first))
        foreign = jwt.encode({**claims, "iss": "https://x"}, first, algorithm="RS256", headers={"kid": "one"})
        await _refused(server, foreign)

        rotated = {**ECAlgorithm.to_jwk(second.public_key(), as_dict=True), "kid": "two", "alg": "ES256"}
        file.write_text(json.dumps({"keys": [rotated]}))
        by_second = jwt.encode(claims, second, algorithm="ES256", headers={"kid": "two"})
        await server.contacts.ListContacts(LIST, metadata=bearer(by_second))
        await _refused(server, by_first)
        assert {jwk["kid"] for jwk in server.credentials.jwks.document()["keys"]} >= {"two"}

        file.write_text("{")
        await asyncio.sleep(1.2)
        await server.contacts.ListContacts(LIST, metadata=bearer(by_second))


async def test_a_token_for_a_tenant_that_is_not_ours_is_denied(
    stores: EmbeddedStores, database_name: str, tmp_path: Any
) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [{**ECAlgorithm.to_jwk(own.public_key(), as_dict=True), "kid": "k"}]}))
    async with process(settings_for(stores, database_name, jwks_sources=str(file))) as server:
        for tenant in ("tnt_foreign", "platform"):
            token = jwt.encode(_forged(tenant_id=tenant), own, algorithm="ES256", headers={"kid": "k"})
            refused = await refusal(server.contacts.ListContacts(LIST, metadata=bearer(token)))
            assert refused.code is DENIED
        for wrong in ({"tenant_id": 7}, {"tenant_id": "a b"}, {"sub": None}, {"exp": None}, {"exp": "soon"}):
            token = jwt.encode(_forged(**wrong), own, algorithm="ES256", headers={"kid": "k"})
            await _refused(server, token)
        late = jwt.encode(_forged(nbf=time.time() + 60), own, algorithm="ES256", headers={"kid": "k"})
        assert "not good yet" in await _refused(server, late)


async def test_retiring_the_signing_key_ends_its_tokens_everywhere(stores: EmbeddedStores, database_name: str) -> None:
    settings = settings_for(stores, database_name)
    async with process(settings) as one, process(settings) as two:
        await one.make_tenant("tnt_a")
        token = await one.token("tnt_a")
        for server in (one, two):
            await server.contacts.ListContacts(LIST, metadata=bearer(token))
        await rotate_signing_key(one.issuer, retire=True)
        for server in (one, two):
            await until_refused(server.contacts.ListContacts, LIST, bearer(token), UNAUTHENTICATED)
        await two.contacts.ListContacts(LIST, metadata=bearer(await one.token("tnt_a")))


@asynccontextmanager
async def _provider(document: dict[str, Any]) -> AsyncIterator[tuple[str, list[float]]]:
    """An identity provider's key set over HTTP, and when it was asked for. An empty document answers 500."""
    asked: list[float] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.append(time.monotonic())
        body = json.dumps(document).encode()
        status = b"200 OK" if document else b"500 Internal Server Error"
        head = b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: " + str(len(body)).encode()
        writer.write(head + b"\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/keys", asked


async def test_keys_are_fetched_from_a_url_and_an_unknown_key_asks_again_at_most_once_a_second(
    stores: EmbeddedStores, database_name: str
) -> None:
    first, second = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    document: dict[str, Any] = {"keys": [{**ECAlgorithm.to_jwk(first.public_key(), as_dict=True), "kid": "u1"}]}
    async with (
        _provider(document) as (url, asked),
        process(settings_for(stores, database_name, jwks_sources=url)) as server,
    ):
        await server.make_tenant("tnt_a")
        by_first = jwt.encode(_forged(), first, algorithm="ES256", headers={"kid": "u1"})
        by_second = jwt.encode(_forged(), second, algorithm="ES256", headers={"kid": "u2"})
        await server.contacts.ListContacts(LIST, metadata=bearer(by_first))
        assert len(asked) == 1
        for _ in range(20):
            await _refused(server, by_second)
        assert len(asked) <= 2

        document["keys"].append({**ECAlgorithm.to_jwk(second.public_key(), as_dict=True), "kid": "u2"})
        await asyncio.sleep(1.05)
        await server.contacts.ListContacts(LIST, metadata=bearer(by_second))

        document.clear()
        await asyncio.sleep(1.05)
        await _refused(server, jwt.encode(_forged(), second, algorithm="ES256", headers={"kid": "u3"}))
        fresh = jwt.encode(_forged(sub="other"), first, algorithm="ES256", headers={"kid": "u1"})
        await server.contacts.ListContacts(LIST, metadata=bearer(fresh))


def test_only_signature_keys_of_the_pinned_algorithms_are_taken_from_a_key_set() -> None:
    good = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
    weak = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key(), as_dict=True)  # noqa: S505
    other = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)
    private = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048), as_dict=True)
    listed = [
        {**good, "kid": "good"},
        {**weak, "kid": "weak"},
        {**other, "kid": "other"},
        {**good, "kid": "enc", "use": "enc"},
        {**good, "kid": "hs", "alg": "HS256"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"},
        {**private, "kid": "private"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        "nonsense",
    ]
    keys = parse(json.dumps({"keys": listed}).encode(), frozenset({"RS256", "ES256"}))
    assert [key.key_id for key in keys] == ["good", "private"]
    # What is published never holds the private half, also where the source did.
    assert "d" not in keys[1].jwk
    assert not parse(json.dumps({"keys": [good]}).encode(), frozenset({"RS256"}))
