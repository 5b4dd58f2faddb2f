"""A signed webhook to the tenant's own chat engine, by the Standard Webhooks specification.

    POST <url>                       webhook-id: <trigger id>   webhook-timestamp   webhook-signature: v1,…
    {"type": "outreach.message", "timestamp": …,
     "data": {"trigger_id", "contact_id", "external_id", "channel", "message", "trigger_type"}}

2xx takes it. 410 and other 4xx, and redirects, refuse it for good; 408, 425, 503 and no connection call for another
try; 429 for one after `Retry-After`. Every try of a message has the same `webhook-id`, by which the receiver tells that
it has it already, so that sending it again is safe.

After a try without an answer, or with any other 5xx (a 502 or 504 is a proxy's word, and whoever is behind it may have
the message), the receiver is asked first, signed over an empty body in the same way:

    GET <url>?trigger_id=<trigger id>     200 {"received": true}   it has it
                                          200 {"received": false}, 404, 405 or any other   send it again
"""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import orjson
from standardwebhooks import Webhook as Signer

from server.domain.outreach.retry import Accepted, Rejected, Throttled, Unavailable, Unknown
from server.providers.channels.http import HttpSender, Replied, Request
from server.providers.channels.ports import Answer, Kind, Outgoing


class Webhook:
    """Posts to the tenant's URL."""

    kind: Final[Kind] = "webhook"
    keeps_locally: Final = False
    looks_up: Final = True

    def __init__(self, http: HttpSender, url: str, secret: str) -> None:
        """`secret` is `whsec_` and 24 to 64 bytes in base64."""
        self._http = http
        self._url = url
        self._signer = Signer(secret)

    async def deliver(self, message: Outgoing, now: datetime) -> Answer:
        """Posts the message. Only the status is read."""
        body = _body(message)
        headers = {"content-type": "application/json", **self._signed(message.trigger_id, body, now)}
        replied = await self._http.exchange(Request("POST", self._url, headers, body, wants_body=False))
        return _judge(replied) if isinstance(replied, Replied) else replied

    async def look_up(self, message: Outgoing, now: datetime) -> Answer:
        """Asks the receiver whether it has the message."""
        url = f"{self._url}?trigger_id={quote(message.trigger_id, safe='')}"
        replied = await self._http.exchange(Request("GET", url, self._signed(message.trigger_id, b"", now)))
        if not isinstance(replied, Replied):
            # Whatever the reason, this try says nothing about the one before it.
            return Answer(Unknown(), replied.why)
        if replied.status == 429 or replied.status >= 500:
            return Answer(Unknown(), "server_failed")
        received = replied.body.get("received") if replied.succeeded and replied.body else None
        return Answer(Accepted() if received is True else Unavailable())

    def _signed(self, trigger_id: str, body: bytes, now: datetime) -> dict[str, str]:
        at = now.astimezone(UTC)
        return {
            "webhook-id": trigger_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(trigger_id, at, body.decode()),
        }


def _body(message: Outgoing) -> bytes:
    """The same bytes in every try."""
    return orjson.dumps(
        {
            "type": "outreach.message",
            "timestamp": message.at.astimezone(UTC),
            "data": {
                "trigger_id": message.trigger_id,
                "contact_id": message.contact_id,
                "external_id": message.external_id,
                "channel": message.channel,
                "message": message.message,
                "trigger_type": message.trigger_type,
            },
        },
        option=orjson.OPT_UTC_Z,
    )


def _judge(replied: Replied) -> Answer:
    if replied.succeeded:
        return Answer(Accepted())
    match replied.status:
        case 429:
            return Answer(Throttled(replied.retry_after), "too_many")
        case 401 | 403:
            return Answer(Rejected(), "bad_credential")
        case 408 | 425 | 503:
            return Answer(Unavailable(), "server_failed")
        case status if status >= 500:
            return Answer(Unknown(), "server_failed")
        case status if 300 <= status < 400:
            return Answer(Rejected(), "redirected")
        case _:
            return Answer(Rejected(), "refused")
