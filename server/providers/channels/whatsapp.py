"""WhatsApp Cloud API: `POST /{phone_number_id}/messages` of the Graph API.

What the API takes can still fail at Meta later, which it tells by its own webhook only; `biz_opaque_callback_data`
carries the trigger's id there. It cannot be asked for a message by an id of ours.
"""

from datetime import datetime
from typing import Any, Final

import orjson

from server.domain.outreach.retry import Accepted, Rejected, Throttled, Unavailable, Unknown
from server.providers.channels.http import HttpSender, Replied, Request
from server.providers.channels.ports import Answer, Kind, Outgoing, Why

USUAL_URL: Final = "https://graph.facebook.com/v23.0"

_LONGEST_NUMBER: Final = 15
"""Digits of a number by E.164."""

# Codes of developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
_THROTTLED: Final = frozenset({4, 80007, 130429, 131048, 131056})
_LATER: Final = frozenset({1, 2, 131000, 131016, 131057, 133004})
_WHY: Final[dict[int, Why]] = {
    0: "bad_credential",
    3: "bad_credential",
    10: "bad_credential",
    190: "bad_credential",
    131005: "bad_credential",
    368: "account_restricted",
    130497: "account_restricted",
    131031: "account_restricted",
    131042: "account_restricted",
    131047: "window_closed",
    131026: "undeliverable",
    131049: "undeliverable",
    131050: "blocked",
    131021: "no_such_recipient",
    131030: "no_such_recipient",
}


class WhatsAppCloud:
    """Sends as one phone number."""

    kind: Final[Kind] = "whatsapp_cloud"
    keeps_locally: Final = False
    looks_up: Final = False

    def __init__(self, http: HttpSender, phone_number_id: str, token: str, url: str = USUAL_URL) -> None:
        self._http = http
        self._url = f"{url.rstrip('/')}/{phone_number_id}/messages"
        self._token = token

    async def deliver(self, message: Outgoing, now: datetime) -> Answer:
        """Sends a text. The contact's external id is a number in international form, with or without `+`."""
        number = message.external_id.removeprefix("+")
        if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
            return Answer(Rejected(), "no_such_recipient")
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": number,
            "type": "text",
            "text": {"preview_url": False, "body": message.message},
            "biz_opaque_callback_data": message.trigger_id,
        }
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._token}"}
        replied = await self._http.exchange(Request("POST", self._url, headers, orjson.dumps(body)))
        return _judge(replied) if isinstance(replied, Replied) else replied

    async def look_up(self, message: Outgoing, now: datetime) -> Answer:
        """Cannot tell."""
        return Answer(Unknown())


def _judge(replied: Replied) -> Answer:
    if replied.succeeded:
        reference = _message_id(replied.body)
        # A 2xx that is not the API's own may be of a proxy on the way: nobody knows.
        return Answer(Accepted(reference)) if reference else Answer(Unknown(), "not_understood")
    code = _error_code(replied.body)
    if code in _THROTTLED or replied.status == 429:
        return Answer(Throttled(replied.retry_after), "too_many")
    if code in _LATER:
        return Answer(Unavailable(), "server_failed")
    if code is not None and (code in _WHY or 200 <= code <= 299):
        return Answer(Rejected(), _WHY.get(code, "bad_credential"))
    if replied.status == 401:
        return Answer(Rejected(), "bad_credential")
    if replied.status >= 500:
        # 503, and an error in the API's own words, were not sent; another 5xx may have been lost on the way back.
        certain = code is not None or replied.status == 503
        return Answer(Unavailable() if certain else Unknown(), "server_failed")
    return Answer(Rejected(), "redirected" if 300 <= replied.status < 400 else "refused")


def _message_id(body: dict[str, Any] | None) -> str | None:
    try:
        found = body["messages"][0]["id"] if body else None
    except (KeyError, IndexError, TypeError):
        return None
    return found if isinstance(found, str) and 0 < len(found) <= 512 else None


def _error_code(body: dict[str, Any] | None) -> int | None:
    error = body.get("error") if body else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None
