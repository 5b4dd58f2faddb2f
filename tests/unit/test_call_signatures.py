"""A webhook is taken for genuine only where its signature covers the very bytes, and is fresh."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import jwt
import pytest

from server.credentials.call_signatures import PROVIDERS, Delivery, standard_signer, verify
from server.domain.errors import InvalidInput, Unauthenticated
from tests.call_deliveries import FORM, SECRETS, SIGNERS, course

NOW = datetime(2026, 11, 20, 9, 1, tzinfo=UTC)
URL = "https://kith.example/api/webhooks/calls/x/whe_t_1"
TIMED = ["vonage", "retell", "vapi", "generic"]


def signed(provider: str, *, at: datetime = NOW, secret: str | None = None) -> Delivery:
    payload = course(provider, "sid-1", "+14155550123")[0]
    when = {} if provider == "twilio" else {"at": at.timestamp()}
    headers, body = SIGNERS[provider](URL, secret or SECRETS[provider], payload, **when)
    return Delivery(URL, headers, body)


def check(provider: str, delivery: Delivery) -> None:
    verify(provider, delivery, SECRETS[provider], NOW)


def changed(delivery: Delivery, **headers: str) -> Delivery:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(delivery.address, {**delivery.headers, **named}, delivery.body)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_signed_rightly_passes(provider: str) -> None:
    check(provider, signed(provider))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_more_byte_in_the_body_is_noticed(provider: str) -> None:
    delivery = signed(provider)
    with pytest.raises(Unauthenticated):
        check(provider, Delivery(delivery.address, delivery.headers, delivery.body + b" "))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_another_secret_does_not_pass(provider: str) -> None:
    other = "whsec_" + "QUJD" * 8 if provider == "generic" else "some-other-secret-of-at-least-32-bytes"
    with pytest.raises(Unauthenticated):
        check(provider, signed(provider, secret=other))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_not_signed_does_not_pass(provider: str) -> None:
    delivery = signed(provider)
    kept = {name: value for name, value in delivery.headers.items() if name == "content-type"}
    with pytest.raises(Unauthenticated, match="not signed"):
        check(provider, Delivery(delivery.address, kept, delivery.body))


@pytest.mark.parametrize("provider", TIMED)
@pytest.mark.parametrize("seconds", [-301, 301])
def test_more_than_five_minutes_off_is_stale(provider: str, seconds: int) -> None:
    at = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    with pytest.raises(Unauthenticated, match="5 minutes"):
        check(provider, signed(provider, at=at))


@pytest.mark.parametrize("provider", TIMED)
@pytest.mark.parametrize("seconds", [-299, 299])
def test_within_five_minutes_is_fresh(provider: str, seconds: int) -> None:
    check(provider, signed(provider, at=datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("nonsense", ["", "x", "v=1,d=", "v1,", "v1,é", "Bearer ", "Bearer a.b.c", "=", "a" * 5000])
def test_nonsense_in_the_headers_is_refused_like_a_wrong_signature(provider: str, nonsense: str) -> None:
    delivery = signed(provider)
    names = [name for name in delivery.headers if name != "content-type"]
    with pytest.raises(Unauthenticated):
        check(provider, Delivery(delivery.address, dict.fromkeys(names, nonsense), delivery.body))


# Twilio's own example, from its page on webhook security and the tests of its libraries.
_EXAMPLE = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}


def twilio_example(address: str, fields: Mapping[str, str] = _EXAMPLE) -> Delivery:
    body = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in fields.items()).encode()
    return Delivery(address, {**FORM, "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}, body)


def test_twilios_own_example_passes() -> None:
    verify("twilio", twilio_example("https://mycompany.com/myapp.php?foo=1&bar=2"), "12345", NOW)


@pytest.mark.parametrize("address", ["https://mycompany.com:443/myapp.php?foo=1&bar=2"])
def test_a_port_that_is_the_schemes_own_may_be_named_or_not(address: str) -> None:
    verify("twilio", twilio_example(address), "12345", NOW)


@pytest.mark.parametrize(
    "address", ["https://mycompany.com/myapp.php?foo=1&bar=3", "https://other.example/myapp.php?foo=1&bar=2"]
)
def test_twilios_signature_is_for_one_address(address: str) -> None:
    with pytest.raises(Unauthenticated):
        verify("twilio", twilio_example(address), "12345", NOW)


def test_a_json_body_of_twilio_is_covered_by_its_digest_in_the_address() -> None:
    body = b'{"CallSid":"CA1"}'
    address = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers, _ = SIGNERS["twilio"](address, SECRETS["twilio"], {})
    good = {**headers, "content-type": "application/json"}
    verify("twilio", Delivery(address, good, body), SECRETS["twilio"], NOW)
    with pytest.raises(Unauthenticated):
        verify("twilio", Delivery(address, good, body + b" "), SECRETS["twilio"], NOW)


def test_a_form_that_cannot_be_read_is_named_so() -> None:
    delivery = Delivery(URL, {**FORM, "x-twilio-signature": "x"}, b"CallSid=%ff")
    with pytest.raises(InvalidInput, match="form"):
        verify("twilio", delivery, SECRETS["twilio"], NOW)


def test_a_token_of_vonage_without_a_digest_of_the_body_does_not_pass() -> None:
    token = jwt.encode({"iat": int(NOW.timestamp())}, SECRETS["vonage"], algorithm="HS256")
    with pytest.raises(Unauthenticated):
        check("vonage", changed(signed("vonage"), authorization=f"Bearer {token}"))


def test_a_token_of_vonage_that_names_no_algorithm_does_not_pass() -> None:
    delivery = signed("vonage")
    claims = {"iat": int(NOW.timestamp()), "payload_hash": hashlib.sha256(delivery.body).hexdigest()}
    token = jwt.encode(claims, "", algorithm="none")
    with pytest.raises(Unauthenticated):
        check("vonage", changed(delivery, authorization=f"Bearer {token}"))


def test_a_token_of_vonage_that_has_expired_does_not_pass() -> None:
    payload = course("vonage", "sid", "+14155550123")[0]
    at = NOW.timestamp()
    headers, body = SIGNERS["vonage"](URL, SECRETS["vonage"], payload, at=at, exp=int(at) - 1)
    with pytest.raises(Unauthenticated, match="5 minutes"):
        check("vonage", Delivery(URL, headers, body))


@pytest.mark.parametrize("header", ["x-vapi-secret", "authorization"])
def test_vapi_may_send_the_secret_itself(header: str) -> None:
    prefix = "Bearer " if header == "authorization" else ""
    check("vapi", Delivery(URL, {header: prefix + SECRETS["vapi"]}, b"{}"))
    with pytest.raises(Unauthenticated):
        check("vapi", Delivery(URL, {header: prefix + SECRETS["vapi"] + "x"}, b"{}"))


def test_one_of_several_standard_signatures_is_enough() -> None:
    delivery = signed("generic")
    several = f"v1,AAAA {delivery.headers['webhook-signature']} v2,zzz"
    check("generic", changed(delivery, webhook_signature=several))


@pytest.mark.parametrize("secret", ["", "whsec_", "not base64!", "whsec_é"])
def test_what_is_no_standard_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        standard_signer(secret)
