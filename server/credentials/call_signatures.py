"""Whether a webhook comes from the phone system that it says it is from: signatures over the bytes as they came.

    twilio    X-Twilio-Signature: HMAC-SHA1 in base64 over the address and, for a form, its sorted parameters; for
              another body, the address names its SHA-256 in `bodySHA256`. Twilio's page "Webhooks Security".
    vonage    Authorization: Bearer <JWT>, HS256, with the body's SHA-256 in `payload_hash`. Vonage's "Signed webhooks".
    retell    x-retell-signature: v=<ms>,d=<HMAC-SHA256 in hexadecimal over body and ms>. Retell's "Webhook" page
              and the `webhook_auth` of its SDK.
    vapi      X-Vapi-Secret or a bearer token that is the secret itself; or, as a credential of the kind HMAC with
              Vapi's defaults, X-Signature over `<timestamp>.<body>` with X-Timestamp. Vapi's "Server authentication".
    generic   webhook-id, webhook-timestamp, webhook-signature: the Standard Webhooks specification.

What carries a time must have been signed within five minutes of now. Twilio's signature and a bare secret of Vapi's
carry none: what is delivered again there is harmless, as the same told twice changes nothing.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import orjson
from standardwebhooks import Webhook as StandardSigner
from standardwebhooks.webhooks import EmptyWebhookSecretError

from server.domain.errors import InvalidInput, Unauthenticated

FORM: Final = "application/x-www-form-urlencoded"

_TOLERANCE_SECONDS: Final = 300
_MOST_FIELDS: Final = 1_000
_RETELL: Final = re.compile(r"v=(\d{1,15}),d=([0-9a-f]{64})\Z")
_NUMBER: Final = re.compile(r"\d{1,15}\Z")
# Above it a time is in milliseconds: in seconds it would be in the year 5138.
_MILLISECONDS_FROM: Final = 100_000_000_000
# Which key length is enough is for Vonage to say, who makes the secret.
_JWS: Final = jwt.PyJWS(algorithms=["HS256"], options={"enforce_minimum_key_length": False})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was posted. `address` is the whole URL as the sender knows it; names of headers are in lower case."""

    address: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_form(self) -> bool:
        """Whether the body says that it is a form."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def verify(provider: str, delivery: Delivery, secret: str, now: datetime) -> None:
    """Returns where the signature is right and fresh. Raises Unauthenticated; InvalidInput for an unreadable form."""
    _CHECKS[provider](delivery, secret, now)


def standard_signer(secret: str) -> StandardSigner:
    """The signer of a Standard Webhooks secret (`whsec_` and base64, the prefix may be missing). Raises ValueError."""
    try:
        encoded = secret.removeprefix("whsec_").rstrip("=")
        base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        return StandardSigner(secret)
    except (binascii.Error, EmptyWebhookSecretError) as error:
        raise ValueError("not a Standard Webhooks secret") from error


def form(body: bytes) -> list[tuple[str, str]]:
    """The parameters of a form, in their order. Raises InvalidInput."""
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise InvalidInput.of("body", "is not a form in UTF-8 of at most 1000 fields") from error


def _twilio(delivery: Delivery, secret: str, _now: datetime) -> None:
    given = _header(delivery, "x-twilio-signature")
    digest = parse_qs(urlsplit(delivery.address).query).get("bodySHA256")
    text = ""
    if digest is not None:
        if not _same(digest[0].lower(), hashlib.sha256(delivery.body).hexdigest()):
            raise _wrong("x-twilio-signature")
    else:
        parameters = form(delivery.body)
        # A name that comes twice counts once with each of its values, in their order, as Twilio's own libraries do.
        text = "".join(name + value for name, value in sorted(set(parameters)))
    expected = [_base64_sha1(secret, address + text) for address in _with_and_without_port(delivery.address)]
    # All are compared, so that the time tells nothing.
    if not sum(_same(given, signature) for signature in expected):
        raise _wrong("x-twilio-signature")


def _with_and_without_port(address: str) -> list[str]:
    """Twilio signs an address at times with the port that is the scheme's own, at times without."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    bare = re.sub(r":\d+\Z", "", host)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [address, *(parts._replace(netloc=netloc).geturl() for netloc in (bare, f"{bare}:{port}") if netloc != host)]


def _base64_sha1(secret: str, text: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()


def _vonage(delivery: Delivery, secret: str, now: datetime) -> None:
    token = _bearer(delivery)
    try:
        claims = orjson.loads(_JWS.decode(token, secret.encode(), algorithms=["HS256"]))
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _wrong("authorization") from error
    if not isinstance(claims, dict):
        raise _wrong("authorization")
    issued, expires, digest = claims.get("iat"), claims.get("exp"), claims.get("payload_hash")
    if not isinstance(digest, str) or not _same(digest.lower(), hashlib.sha256(delivery.body).hexdigest()):
        raise _wrong("authorization")
    _fresh(_number(issued), now)
    if expires is not None and now.timestamp() > _number(expires):
        raise _stale()


def _retell(delivery: Delivery, secret: str, now: datetime) -> None:
    found = _RETELL.match(_header(delivery, "x-retell-signature"))
    if found is None:
        raise _wrong("x-retell-signature")
    expected = hmac.new(secret.encode(), delivery.body + found[1].encode(), hashlib.sha256).hexdigest()
    if not _same(found[2], expected):
        raise _wrong("x-retell-signature")
    _fresh(int(found[1]) / 1000, now)


def _vapi(delivery: Delivery, secret: str, now: datetime) -> None:
    headers = delivery.headers
    if signature := headers.get("x-signature"):
        at = headers.get("x-timestamp", "")
        expected = hmac.new(secret.encode(), f"{at}.".encode() + delivery.body, hashlib.sha256).hexdigest()
        if not _same(signature.lower(), expected) or not _NUMBER.match(at):
            raise _wrong("x-signature")
        number = int(at)
        return _fresh(number / 1000 if number >= _MILLISECONDS_FROM else number, now)
    given = headers.get("x-vapi-secret") or _token(headers.get("authorization", ""))
    if given is None:
        raise Unauthenticated("The webhook is not signed: it needs x-vapi-secret, a bearer token or x-signature.")
    if not _same(given, secret):
        raise _wrong("x-vapi-secret" if "x-vapi-secret" in headers else "authorization")
    return None


def _generic(delivery: Delivery, secret: str, now: datetime) -> None:
    message_id, at = _header(delivery, "webhook-id"), _header(delivery, "webhook-timestamp")
    given = _header(delivery, "webhook-signature").split(" ")
    try:
        body = delivery.body.decode()
    except UnicodeDecodeError as error:
        raise _wrong("webhook-signature") from error
    if not _NUMBER.match(at) or int(at) >= _MILLISECONDS_FROM:
        raise _wrong("webhook-timestamp")
    expected = standard_signer(secret).sign(message_id, datetime.fromtimestamp(int(at), UTC), body)
    # While a secret is changed there may be several; all are compared, so that the time tells nothing.
    if not sum(_same(signature, expected) for signature in given):
        raise _wrong("webhook-signature")
    _fresh(int(at), now)


_CHECKS: Final[dict[str, Callable[[Delivery, str, datetime], None]]] = {
    "twilio": _twilio,
    "vonage": _vonage,
    "retell": _retell,
    "vapi": _vapi,
    "generic": _generic,
}

PROVIDERS: Final = tuple(_CHECKS)
"""The phone systems whose signatures are known."""


def _header(delivery: Delivery, name: str) -> str:
    value = delivery.headers.get(name)
    if not value:
        raise Unauthenticated(f"The webhook is not signed: it needs {name}.")
    return value


def _bearer(delivery: Delivery) -> str:
    token = _token(_header(delivery, "authorization"))
    if token is None:
        raise Unauthenticated("The webhook is not signed: it needs a bearer token in authorization.")
    return token


def _token(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode(errors="replace"))


def _number(claim: object) -> float:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise _wrong("authorization")
    return float(claim)


def _fresh(signed_at: float, now: datetime) -> None:
    if not abs(now.timestamp() - signed_at) <= _TOLERANCE_SECONDS:
        raise _stale()


def _stale() -> Unauthenticated:
    return Unauthenticated("The webhook was signed more than 5 minutes from now; its sender's clock may be wrong.")


def _wrong(header: str) -> Unauthenticated:
    return Unauthenticated(f"The webhook's signature in {header} is not right for this endpoint.")
