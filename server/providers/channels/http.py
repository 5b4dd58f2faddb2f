"""One HTTP request to a provider of a channel, bounded in time and size, and how far it came.

What matters after a failure is whether the provider may have the message. It may as soon as the first byte of the
request was handed to the connection; before that it certainly has not.
"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import orjson

from server.domain.outreach.retry import Rejected, Unavailable, Unknown
from server.providers.addresses import GuardedTransport
from server.providers.channels.ports import Answer
from server.providers.errors import AddressRefused, ProviderError

_MOST_BYTES: Final = 65_536
"""Of an answer; what is larger counts as not understood."""

_MOST_RETRY_AFTER: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Seconds: `connect_seconds` for the connection alone, `total_seconds` from the first look-up to the last byte."""

    connect_seconds: float = 3.0
    total_seconds: float = 10.0
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `secret_path` replaces the URL's path on the wire only: no log and no error shows it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    secret_path: str | None = field(default=None, repr=False)
    wants_body: bool = True


@dataclass(frozen=True, slots=True)
class Replied:
    """A status came back. `body` is the JSON object, None where there was none or it did not come whole."""

    status: int
    retry_after: timedelta | None
    body: dict[str, Any] | None = field(repr=False)

    @property
    def succeeded(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


class _Progress:
    """Watches a request leave."""

    def __init__(self) -> None:
        self.begun = False

    async def __call__(self, event: str, _: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.begun = True


class HttpSender:
    """Sends requests to whatever tenants name, within what the deployment allows. Close it with `close`."""

    def __init__(self, options: HttpOptions | None = None) -> None:
        self._options = options or HttpOptions()
        # A transport without a client around it: no redirects, cookies, proxies or log lines with URLs.
        self._transport = GuardedTransport(allow_private=self._options.allow_private)
        timeout = httpx.Timeout(self._options.total_seconds, connect=self._options.connect_seconds)
        self._extensions: Mapping[str, Any] = {"timeout": timeout.as_dict()}

    async def exchange(self, request: Request) -> Replied | Answer:
        """What was replied, or the outcome where nothing was."""
        progress = _Progress()
        extensions = {**self._extensions, "trace": progress}
        if request.secret_path is not None:
            extensions["target"] = request.secret_path.encode("ascii")
        headers = {
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "kith",
            # A connection that was kept may be half closed already, which would leave each message on it in doubt;
            # and connections are kept by address, which hosts of different tenants can share.
            "connection": "close",
            **request.headers,
        }
        head: Replied | None = None
        try:
            sent = httpx.Request(
                request.method, request.url, headers=headers, content=request.content, extensions=extensions
            )
            # The transport's own time-outs begin anew with every byte; this one does not.
            async with (
                asyncio.timeout(self._options.total_seconds),
                aclosing(await self._transport.handle_async_request(sent)) as response,
            ):
                head = Replied(response.status_code, _retry_after(response), None)
                if not request.wants_body:
                    return head
                return Replied(head.status, head.retry_after, await _json_object(response))
        except AddressRefused:
            return Answer(Rejected(), "address_refused")
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, ProviderError):
            # Not logged and not chained: httpx's messages can name the URL.
            if head is not None:
                return head
            return Answer(Unknown(), "no_answer") if progress.begun else Answer(Unavailable(), "not_connected")

    async def close(self) -> None:
        """Closes every connection."""
        await self._transport.aclose()


async def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    received = bytearray()
    async for part in response.aiter_raw():
        received += part
        if len(received) > _MOST_BYTES:
            return None
    try:
        answer = orjson.loads(received)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _retry_after(response: httpx.Response) -> timedelta | None:
    """Given as seconds or as a date."""
    value = response.headers.get("retry-after")
    if value is None:
        return None
    try:
        return wait_of(float(value))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return wait_of((until - datetime.now(UTC)).total_seconds())


def wait_of(seconds: object) -> timedelta | None:
    """A wait that a provider asks for, at most a day; None where it is no number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds != seconds:
        return None
    return timedelta(seconds=min(_MOST_RETRY_AFTER, max(0.0, seconds)))
