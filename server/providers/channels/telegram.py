"""Telegram Bot API: `sendMessage`. Its token is part of the path, so that the path is a secret."""

import re
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from server.domain.outreach.retry import Accepted, Rejected, Throttled, Unavailable, Unknown
from server.providers.channels.http import HttpSender, Replied, Request, wait_of
from server.providers.channels.ports import Answer, Kind, Outgoing

USUAL_URL: Final = "https://api.telegram.org"

_CHAT: Final = re.compile(r"-?[0-9]{1,19}|@[A-Za-z0-9_]{4,32}")


class Telegram:
    """Sends as one bot."""

    kind: Final[Kind] = "telegram"
    keeps_locally: Final = False
    looks_up: Final = False

    def __init__(self, http: HttpSender, token: str, url: str = USUAL_URL) -> None:
        self._http = http
        self._url = url
        self._path = f"{urlsplit(url).path.rstrip('/')}/bot{token}/sendMessage"

    async def deliver(self, message: Outgoing, now: datetime) -> Answer:
        """Sends a plain text. The contact's external id is a chat id, or `@` and a channel's name."""
        if not _CHAT.fullmatch(message.external_id):
            return Answer(Rejected(), "no_such_recipient")
        body = orjson.dumps({"chat_id": message.external_id, "text": message.message})
        headers = {"content-type": "application/json"}
        replied = await self._http.exchange(Request("POST", self._url, headers, body, secret_path=self._path))
        return _judge(replied) if isinstance(replied, Replied) else replied

    async def look_up(self, message: Outgoing, now: datetime) -> Answer:
        """Cannot tell."""
        return Answer(Unknown())


def _judge(replied: Replied) -> Answer:
    body = replied.body or {}
    if replied.succeeded:
        reference = _message_id(body)
        # A 2xx that is not the API's own may be of a proxy on the way: nobody knows.
        return Answer(Accepted(reference)) if reference else Answer(Unknown(), "not_understood")
    if replied.status == 429:
        return Answer(Throttled(_wait(body) or replied.retry_after), "too_many")
    if replied.status >= 500:
        # 503, and an error in the API's own words, were not sent; another 5xx may have been lost on the way back.
        certain = body.get("ok") is False or replied.status == 503
        return Answer(Unavailable() if certain else Unknown(), "server_failed")
    match replied.status:
        case 401 | 404:
            # 404 is how an unknown token is answered: the path holds it.
            return Answer(Rejected(), "bad_credential")
        case 403:
            return Answer(Rejected(), "blocked")
        case 400 if "chat not found" in str(body.get("description", "")).lower():
            return Answer(Rejected(), "no_such_recipient")
        case status if 300 <= status < 400:
            return Answer(Rejected(), "redirected")
        case _:
            return Answer(Rejected(), "refused")


def _message_id(body: dict[str, Any]) -> str | None:
    result = body.get("result")
    found = result.get("message_id") if body.get("ok") is True and isinstance(result, dict) else None
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else None


def _wait(body: dict[str, Any]) -> timedelta | None:
    parameters = body.get("parameters")
    return wait_of(parameters.get("retry_after")) if isinstance(parameters, dict) else None
