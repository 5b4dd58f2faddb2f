"""One HTTP endpoint for JSON: bounded in time and size, tried again with jitter, left alone while it is down."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from server.providers.addresses import GuardedTransport
from server.providers.breaker import Breaker
from server.providers.errors import (
    TRANSIENT,
    AddressRefused,
    BadAnswer,
    OverBudget,
    ProviderError,
    Refused,
    ServerFailed,
    Throttled,
    TimedOut,
    Unreachable,
)
from server.providers.tries import current

_LONGEST_WAIT: Final = 10.0
"""Who wants to be left alone for longer, in seconds, is asked again by a later job and not waited for."""

_CONNECT_SECONDS: Final = 5.0
_MOST_RETRY_AFTER: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """`timeout_seconds` is for one try, from connecting to the last byte; `first_wait` doubles with every try."""

    base_url: str
    api_key: str | None = None
    timeout_seconds: float = 30.0
    attempts: int = 3
    first_wait: float = 0.5
    allow_private: bool = False


class Endpoint:
    """Posts JSON under a base URL. Close it with `close`."""

    def __init__(self, options: EndpointOptions, breaker: Breaker | None = None) -> None:
        self._options = options
        self._breaker = breaker or Breaker()
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "kith"}
        if options.api_key:
            headers["authorization"] = f"Bearer {options.api_key}"
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(options.timeout_seconds, connect=min(_CONNECT_SECONDS, options.timeout_seconds)),
            transport=GuardedTransport(allow_private=options.allow_private),
            follow_redirects=False,
            trust_env=False,
        )

    async def post(self, path: str, body: Mapping[str, Any], *, most_bytes: int) -> dict[str, Any]:
        """The JSON object that is answered. Raises ProviderError."""
        self._breaker.check()
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._options.attempts),
            wait=self._wait,
            retry=retry_if_exception(_worth_another_try),
            reraise=True,
            sleep=asyncio.sleep,
        )
        content = orjson.dumps(body)
        try:
            answer: dict[str, Any] = await retrying(self._try, path, content, most_bytes)
        except (Refused, AddressRefused, OverBudget):
            # It is there and answers, or was not asked: waiting would mend none of it.
            raise
        except ProviderError:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return answer

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, ProviderError) and error.retry_after else 0.0
        ceiling = min(_LONGEST_WAIT, self._options.first_wait * 2 ** (state.attempt_number - 1))
        return asked + random.uniform(ceiling / 2, ceiling)  # noqa: S311 (spreads load, is no secret)

    async def _try(self, path: str, content: bytes, most_bytes: int) -> dict[str, Any]:
        tries = current()
        if tries is None:
            return await self._once(path, content, most_bytes)
        await tries.begin()
        try:
            return await self._once(path, content, most_bytes)
        except ProviderError as error:
            tries.failed(error)
            raise

    async def _once(self, path: str, content: bytes, most_bytes: int) -> dict[str, Any]:
        try:
            # The client's own time-outs begin anew with every byte; this one does not.
            async with asyncio.timeout(self._options.timeout_seconds):
                return await self._exchange(path, content, most_bytes)
        except (TimeoutError, httpx.TimeoutException):
            raise TimedOut("no complete answer in time") from None
        except (httpx.TransportError, httpx.InvalidURL, OSError):
            # Not chained: the client's messages can name the URL.
            raise Unreachable("no connection, or it broke") from None

    async def _exchange(self, path: str, content: bytes, most_bytes: int) -> dict[str, Any]:
        url = self._options.base_url.rstrip("/") + path
        headers = {"content-type": "application/json"}
        async with self._client.stream("POST", url, content=content, headers=headers) as response:
            _check_status(response)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise BadAnswer("the answer is compressed, which was not asked for")
            received = bytearray()
            async for part in response.aiter_raw():
                received += part
                if len(received) > most_bytes:
                    raise BadAnswer("the answer is too large")
        try:
            answer = orjson.loads(received)
        except orjson.JSONDecodeError:
            raise BadAnswer("the answer is not JSON") from None
        if not isinstance(answer, dict):
            raise BadAnswer("the answer is not an object")
        return answer

    async def close(self) -> None:
        """Closes every connection."""
        await self._client.aclose()


def _worth_another_try(error: BaseException) -> bool:
    return isinstance(error, TRANSIENT) and (error.retry_after or 0.0) <= _LONGEST_WAIT


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 429:
        raise Throttled("429", retry_after=_retry_after(response))
    if status in (408, 425) or status >= 500:
        raise ServerFailed(str(status), retry_after=_retry_after(response))
    raise Refused(str(status))


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, given as such or as a date."""
    value = response.headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (until - datetime.now(UTC)).total_seconds()
    # Also of what is no number.
    return min(_MOST_RETRY_AFTER, max(0.0, seconds)) if seconds == seconds else None
