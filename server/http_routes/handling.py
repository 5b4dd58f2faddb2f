"""What every raw route has around its work: a request id, a deadline, a cap, errors, one log line and metrics.

The interceptors do the same for RPCs (`server/rpc/interceptors/`). No personal text goes into logs, metrics or spans.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from server import callers
from server.domain.errors import DeadlineExceeded, TooLarge
from server.http_routes import errors
from server.observability import metrics
from server.observability.call_log import CallLog
from server.rpc.interceptors.errors import trace
from store import deadline
from store.identifiers import well_formed

log: Final = logging.getLogger(__name__)

SECONDS: Final = 9.0
"""How long a request may take: a little less than the gateway waits for it."""

_REQUEST_ID: Final = "x-request-id"


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came. `path` is what the route's variables stand for, `target` the path with its query as it was
    sent; names of headers are in lower case, of several of one name the last counts."""

    path: Mapping[str, str]
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What is answered where nothing was refused."""

    status: int
    body: Any


Work = Callable[[RawRequest], Awaitable[RawAnswer]]


@dataclass(frozen=True, slots=True)
class Handling:
    """Makes routes. Without a tracer there are no spans."""

    call_log: CallLog
    tracer: Tracer | None = None
    seconds: float = SECONDS

    def post(self, path: str, name: str, most_bytes: int, work: Work) -> Route:
        """A route that takes POST; `name` is what logs and metrics call it by, `most_bytes` the largest body."""

        async def endpoint(request: Request) -> Response:
            return await self._serve(request, name, most_bytes, work)

        return Route(path, endpoint, methods=["POST"], name=name)

    async def _serve(self, request: Request, name: str, most_bytes: int, work: Work) -> Response:
        started = time.perf_counter()
        given = request.headers.get(_REQUEST_ID, "")
        request_id = given if well_formed(given) else os.urandom(12).hex()
        callers.begin(request_id)
        deadline.set_remaining(self.seconds)
        code = "CANCELLED"
        try:
            if self.tracer is None:
                response, code = await self._answer(request, name, most_bytes, work, request_id)
            else:
                response, code = await self._traced(self.tracer, request, name, most_bytes, work, request_id)
            response.headers[_REQUEST_ID] = request_id
            return response
        finally:
            took = time.perf_counter() - started
            metrics.HTTP_REQUESTS.labels(name, code).inc()
            metrics.HTTP_SECONDS.labels(name).observe(took)
            self.call_log.add(name, code, took, request_id, callers.known())

    async def _traced(
        self, tracer: Tracer, request: Request, name: str, most_bytes: int, work: Work, request_id: str
    ) -> tuple[Response, str]:
        # The messages of exceptions could be somebody's words, so they are not recorded.
        with tracer.start_as_current_span(
            name, extract(dict(request.headers)), SpanKind.SERVER, {"http.route": name, "kith.request_id": request_id},
            record_exception=False, set_status_on_exception=False,
        ) as span:  # fmt: skip
            response, code = await self._answer(request, name, most_bytes, work, request_id)
            if (caller := callers.known()) is not None:
                span.set_attribute("kith.tenant_id", caller.tenant_id)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                span.set_status(Status(StatusCode.ERROR))
            return response, code

    async def _answer(
        self, request: Request, name: str, most_bytes: int, work: Work, request_id: str
    ) -> tuple[Response, str]:
        try:
            async with asyncio.timeout(self.seconds):
                answer = await work(await _read(request, most_bytes))
            return _json(answer.status, answer.body), "OK"
        except ClientDisconnect:
            return Response(status_code=400), "CANCELLED"
        except TimeoutError:
            refused = errors.answer(DeadlineExceeded("The work was not done in time; try again."), request_id)
        except Exception as error:
            refused = errors.answer(error, request_id)
            if refused.unforeseen:
                log.error("a request failed", extra={"method": name, "trace": trace(error)})
            elif refused.code == "UNAVAILABLE":
                log.warning("a request met a store that does not answer", extra={"method": name})
        return _json(refused.http_status, refused.body, refused.headers), refused.code


async def _read(request: Request, most_bytes: int) -> RawRequest:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise TooLarge(f"The body is larger than the {most_bytes} bytes that this operation takes.")
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope.get("query_string", b"")
    target = raw_path.partition(b"?")[0] + (b"?" + query if query else b"")
    return RawRequest(
        path={name: str(value) for name, value in request.path_params.items()},
        target=target.decode("latin-1"),
        headers=dict(request.headers),
        body=bytes(body),
    )


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
